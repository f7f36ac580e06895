"""Boards and nodes that say what nobody expects: it hinders no other board and no event."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.firmware.repository import BOARD_COUNT_MAX
from config.contract.board_events import UpdateOutcome, UpdateStage
from config.contract.events import BoardHealthChanged, BoardUpdateEnded, BoardUpdateProgressed
from tests.central.bench import Bench, make_event, running_central
from tests.central.firmware.acting import (
    BOARDED,
    NEW,
    OLD,
    PATH,
    Terminal,
    act,
    identified,
    made,
    make,
    shown,
    states,
    wanted,
)


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    with running_central(tmp_path / "home", database=database_url, site=BOARDED) as running:
        yield running


def test_a_version_that_is_none_hinders_no_roll_out(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0", version="\0" + "1" * 400)

    rollout_id = made(bench, devices=["board-0"])

    (board,) = shown(bench, rollout_id)["boards"]
    assert (board["state"], board["before"]) == ("asked", "1" * 32)


def test_texts_of_a_board_that_no_database_takes_hinder_no_events(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (what,) = terminal.take_on()

    terminal.tell(
        BoardUpdateEnded(
            update_id=what.update_id, device="board-0", outcome=UpdateOutcome.FAILED,
            image="a" * 64, running="2\0.0.0", detail="it said \0",
        ),
        BoardHealthChanged(device="board-0", faults=("\0",)),
    )  # fmt: skip

    (board,) = shown(bench, rollout_id)["boards"]
    assert (board["state"], board["running"], board["detail"]) == ("failed", NEW, "it said ")


def test_a_node_that_invents_boards_fills_no_table(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")

    for begin in range(0, BOARD_COUNT_MAX + 200, 200):
        terminal.identify(*(f"ghost-{n}" for n in range(begin, begin + 200)))
    terminal.identify("board-0", version=NEW)

    assert bench.row("SELECT count(*) FROM boards") == (BOARD_COUNT_MAX,)
    items = bench.administrator.get(f"{PATH}/boards").json()["items"]
    assert items[0]["identity"]["version"] == NEW


def test_a_reason_that_no_database_takes_is_refused(bench: Bench) -> None:
    Terminal(bench).identify("board-0")

    reply = make(bench, devices=["board-0"], reason="a\0b")

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


def test_a_clock_that_was_ahead_freezes_no_board(bench: Bench) -> None:
    terminal = Terminal(bench)
    ahead = bench.clock() + timedelta(days=900)
    terminal.tell(identified("board-0", version=OLD), time=ahead)

    bench.clock.advance(seconds=10)
    again = make_event(1, fact=identified("board-0", version=NEW), time=bench.clock())
    terminal.node.send(again)

    items = bench.administrator.get(f"{PATH}/boards").json()["items"]
    assert items[0]["identity"]["version"] == NEW


def test_what_was_taken_back_and_is_under_way_all_the_same_has_an_end(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"], wait_h=1)
    (command,) = terminal.fetch()
    bench.clock.advance(minutes=5)
    bench.signed_in_again()
    terminal.node.report()
    shown(bench, rollout_id)
    act(bench, rollout_id, "pause")
    what = wanted(command)
    terminal.tell(
        BoardUpdateProgressed(update_id=what.update_id, device="board-0", stage=UpdateStage.UPLOADS)
    )
    under_way = states(bench, rollout_id)

    bench.clock.advance(hours=3)
    bench.signed_in_again()
    (board,) = shown(bench, rollout_id)["boards"]

    assert under_way == {"board-0": "under_way"}
    assert (board["state"], board["why"]) == ("failed", "not_heard")
