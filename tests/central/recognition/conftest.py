"""Central of a site with two cameras, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.bench import Bench, running_central
from tests.central.recognition.galleries import CAMERA_SITE


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=CAMERA_SITE) as running:
        yield running


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    home = tmp_path / "home"
    with running_central(home, database=database_url, site=CAMERA_SITE) as running:
        yield running
