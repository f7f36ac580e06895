from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.bench import Bench, running_central
from tests.central.people.seen_faces import SeenFaces


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Central that recognises faces, on SQLite."""
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as running:
        yield running


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    """Central that recognises faces, on SQLite and on PostgreSQL."""
    with running_central(
        tmp_path / "home", database=database_url, pipeline_factory=SeenFaces
    ) as running:
        yield running
