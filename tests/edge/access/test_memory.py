import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.areas import AreasForgiven, CodeUsed, UnnamedCount
from edge.access.memory import Applied, Memory, Recalled, Remembered
from tests.edge.access.building import area_fact
from tests.edge.conftest import NOW, wait_until

FILE = "memory.sqlite3"
IN, OUT = area_fact(sequence=1), area_fact(area=None, sequence=2)
COUNT = UnnamedCount(at=NOW, node="n1", sequence=3, area="hall", count=2)
FORGIVEN = AreasForgiven(at=NOW, node="n1", sequence=4)
USED = CodeUsed(at=NOW, node="n1", sequence=5, nonce="ab", valid_until=NOW + timedelta(hours=1))


@contextmanager
def memory(folder: Path, *, retry_s: float = 0.01) -> Iterator[tuple[Memory, Recalled]]:
    made = Memory(folder / FILE, retry_s=retry_s)
    recalled = made.recall(now=NOW)
    try:
        yield made, recalled
    finally:
        made.close()


def kept(folder: Path, *facts: Remembered, sequence: int = 5) -> Recalled:
    """Return what is recalled after a restart."""
    with memory(folder) as (made, _):
        for fact in facts:
            made.keep([fact], sequence=sequence)
    with memory(folder) as (_, recalled):
        return recalled


def test_a_new_node_recalls_nothing(tmp_path: Path) -> None:
    with memory(tmp_path) as (_, recalled):
        assert recalled == Recalled()


def test_facts_counts_and_codes_survive_a_restart(tmp_path: Path) -> None:
    recalled = kept(tmp_path, IN, COUNT, FORGIVEN, USED)

    assert set(recalled.facts) == {IN, COUNT, FORGIVEN, USED}
    assert recalled.sequence == 5


def test_of_one_person_the_last_fact_of_each_node_is_kept(tmp_path: Path) -> None:
    elsewhere = area_fact(node="n3", sequence=9)

    assert set(kept(tmp_path, OUT, IN, elsewhere).facts) == {OUT, elsewhere}


def test_what_comes_late_takes_no_later_facts_place(tmp_path: Path) -> None:
    kept(tmp_path, OUT)

    assert kept(tmp_path, IN).facts == (OUT,)


def test_who_opened_an_area_is_kept_although_they_went_on(tmp_path: Path) -> None:
    first = area_fact(sequence=1, is_first_person=True)

    assert set(kept(tmp_path, first, OUT).facts) == {first, OUT}


def test_a_code_that_is_over_is_forgotten_and_its_number_is_not(tmp_path: Path) -> None:
    over = USED.model_copy(update={"valid_until": NOW})

    recalled = kept(tmp_path, over)

    assert (recalled.facts, recalled.sequence) == ((), 5)
    assert kept(tmp_path).facts == ()


def test_what_was_forgiven_is_kept(tmp_path: Path) -> None:
    applied = Applied(3, NOW)
    with memory(tmp_path) as (made, _):
        made.keep([], sequence=1, applied=applied)
        made.keep([IN], sequence=2)

    with memory(tmp_path) as (_, recalled):
        assert recalled.applied == applied


def test_a_damaged_file_is_set_aside_in_one_line_and_no_number_is_used_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(b"\xa5" * 8192)

    with memory(tmp_path) as (made, recalled):
        made.keep([IN], sequence=recalled.sequence + 1)

    assert (recalled.facts, recalled.sequence > 1_000_000) == ((), True)
    assert len(caplog.records) == 1
    assert (tmp_path / f"{FILE}.damaged").exists()
    assert kept(tmp_path).facts == (IN,)


def test_a_document_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    kept(tmp_path, IN)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE fact SET document = '{}'")

    assert kept(tmp_path, USED).facts == (USED,)


def test_a_disk_that_refuses_holds_up_nobody_and_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with memory(tmp_path) as (made, _):
        with contextlib.closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            for fact in (IN, OUT, USED):
                made.keep([fact], sequence=5)
            wait_until(lambda: "until the next start only" in caplog.text)
            other.execute("ROLLBACK")
        wait_until(lambda: "can be kept again" in caplog.text)

    assert caplog.text.count("until the next start only") == 1
    assert set(kept(tmp_path).facts) == {OUT, USED}


def test_a_file_that_cannot_be_opened_leaves_the_node_at_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with memory(tmp_path / "absent") as (made, recalled):
        made.keep([IN], sequence=1)

    assert recalled.facts == ()
    assert len(caplog.records) == 1
