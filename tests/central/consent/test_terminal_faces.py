"""A face that lies at a terminal alone: central derives it, hands it over, and keeps nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.central.bench import Bench
from tests.central.consent.terminals import Terminal, has_part_of
from tests.central.consent.test_withdrawal import certificate, order, withdraw
from tests.central.people.enrolling import consent, send_pictures
from tests.central.people.seen_faces import photograph

ANNA = photograph(1)


def placed(bench: Bench) -> str:
    """Return somebody whose face is to lie at the first gate alone."""
    holder_id = bench.person()
    consent(bench.administrator, holder_id, place="terminal", nodes=["gate-1"])
    assert send_pictures(bench.administrator, holder_id, ANNA).status_code == 201
    return holder_id


def person(bench: Bench, holder_id: str) -> Any:  # noqa: ANN401 - JSON
    return bench.administrator.get(f"/api/v1/people/{holder_id}").json()


@pytest.fixture
def both(bench: Bench, tmp_path: Path) -> tuple[Terminal, Terminal]:
    return Terminal(bench, tmp_path, "gate-1"), Terminal(bench, tmp_path, "gate-2")


def test_central_s_own_copy_goes_once_the_terminal_has_it(
    bench: Bench, both: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    holder_id = placed(bench)
    needle = str(bench.row("SELECT ciphertext FROM templates")[0]).encode()
    database = tmp_path / "home" / "central.sqlite3"
    before = has_part_of(needle, database)

    for terminal in both:
        terminal.catch_up()

    assert [terminal.recognises() for terminal in both] == [1, 0]
    assert (before, has_part_of(needle, database)) == (True, False)
    assert bench.row("SELECT count(*) FROM templates") == (0,)
    assert person(bench, holder_id)["has_face"] is True


def test_the_terminal_keeps_it_over_changes_restarts_and_a_restored_central(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id, terminal = placed(bench), both[0]
    terminal.catch_up()
    bench.administrator.patch(f"/api/v1/people/{holder_id}", json={"name": "B"})
    terminal.catch_up()
    # As after a restored central: all is fetched from nothing.
    terminal.replica._version = 10**6  # noqa: SLF001 - a node that knows another history

    terminal.catch_up()
    terminal.replica.close()
    terminal.replica.load()

    assert len(terminal.held(holder_id)) == 1
    assert terminal.recognises() == 1


def test_a_terminal_that_lost_it_says_so_and_the_person_comes_again(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id, terminal = placed(bench), both[0]
    terminal.catch_up()
    terminal.replica.close()
    terminal.file.write_bytes(b"no database" * 100)
    terminal.replica.load()
    terminal.replica._version = 0  # noqa: SLF001 - a terminal that starts with no file

    terminal.catch_up()

    assert person(bench, holder_id)["has_face"] is False


def test_withdrawal_deletes_it_there_with_proof(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id = placed(bench)
    both[0].catch_up()
    (template_id,) = both[0].held(holder_id)

    deletion_id = withdraw(bench, holder_id)
    for terminal in both:
        terminal.catch_up()

    assert str(template_id) in certificate(bench, deletion_id)
    assert both[0].held(holder_id) == ()
    assert order(bench)["is_complete"] is True


def test_it_goes_with_the_terminal_that_is_shut_out(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id = placed(bench)
    both[0].catch_up()

    bench.administrator.delete("/api/v1/nodes/gate-1")

    assert person(bench, holder_id)["has_face"] is False


def test_a_terminal_of_an_older_version_is_not_given_it(bench: Bench) -> None:
    placed(bench)
    node = bench.node()

    page = node.request("GET", "/api/v1/replica?after=0").json()

    assert all("templates" not in holder for holder in page["holders"])
