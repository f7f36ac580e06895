"""Fixtures of all tests: the shared measurement data, and what CI may not skip."""

import gc
import itertools
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings


def must_not_skip() -> bool:
    """Return whether a missing service or data folder is a failure here rather than a skip."""
    return os.environ.get("CI") == "true" or os.environ.get("MENSHEN_REQUIRE_SERVICES") == "1"


# How long an example takes, or to draw it, depends on what else the machine does; speed belongs to
# benchmarks. New examples are found where people work: elsewhere a run is as the one before.
settings.register_profile(
    "menshen",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=must_not_skip(),
)
settings.load_profile("menshen")

# Hundreds of programs are started by the tests. Where images of machines forbid Python to keep what
# it has compiled, each would compile all that it imports again: two seconds instead of half of one.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SYSTEM = Path(__file__).parent / "system"
MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps files that are gone with a power cut
MEMORY_BYTES = 4 * 1024**3


def _keep_files_in_memory() -> None:
    """Make and remove files where no test waits for a disk, if there is room.

    Thousands of databases are synced and removed; what is killed in a test loses nothing there that
    it would keep on a disk. Programs that tests start do as their environment says.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_BYTES and os.access(MEMORY, os.W_OK):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


_keep_files_in_memory()


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes run tests: two more than cores, for many wait for a line."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread modules that wait for whole programs over what each worker begins with.

    A worker starts with its share of the list. At the end of the list they would be one worker's,
    and cores would idle until it had waited for all of them.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    modules = [list(group) for _, group in itertools.groupby(items, lambda item: item.path)]
    waiting = [each for each in modules if SYSTEM in each[0].path.parents]
    others = [each for each in modules if SYSTEM not in each[0].path.parents]
    spread = list[list[pytest.Item]]()
    for worker in range(workers):
        share = others[len(others) * worker // workers : len(others) * (worker + 1) // workers]
        mine = waiting[worker::workers]
        step = max(1, len(share) * 2 // 3 // max(1, len(mine)))
        for index, module in enumerate(share):
            if index % step == 0 and mine:
                spread.append(mine.pop(0))
            spread.append(module)
        spread += mine
    items[:] = itertools.chain.from_iterable(spread)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over modules and tests, which stay to the end anyway.

    What tests make is looked through more seldom: an eighth of what they cost was that.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Let a command that a test ran in this process log no further."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        for handler in [each for each in root.handlers if each not in handlers]:
            root.removeHandler(handler)
        root.setLevel(level)


def skip_or_fail(reason: str) -> None:
    """Skip with a reason, or fail where nothing may be skipped."""
    if must_not_skip():
        pytest.fail(reason)
    pytest.skip(reason)


def shared_folder() -> Path:
    """Return where photographs and networks for tests should be."""
    return Path(os.environ.get("MENSHEN_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of photographs and networks for tests, which is not part of the project."""
    folder = shared_folder()
    if not folder.is_dir():
        skip_or_fail("no test data: set MENSHEN_SHARED to the folder with faces/ and models/")
    return folder
