from pathlib import Path

import pytest

from edge.recognition import Eyes
from models.store import Store


def test_a_node_that_lacks_its_files_says_which_and_takes_cards(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    eyes = Eyes.open("builtin", camera_count=2, store=Store(tmp_path))

    assert eyes.missing
    assert (eyes.pipelines, eyes.gallery, eyes.network) == ((), None, None)
    assert "cards are" in caplog.text


def test_a_node_without_cameras_needs_no_files(tmp_path: Path) -> None:
    eyes = Eyes.open("builtin", camera_count=0, store=Store(tmp_path))

    assert eyes.missing == ()
