"""What central knows of boards: as their own node told last, whatever comes late."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from config.contract.board_events import UpdateStage
from config.contract.events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardHeld,
    BoardSafeStateEntered,
    BoardUpdateProgressed,
    EventClass,
)
from tests.central.bench import Bench, make_event, messages, running_central
from tests.central.firmware.acting import BOARDED, NEW, OLD, PATH, Terminal, ended, identified


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=BOARDED) as running:
        yield running


def board(bench: Bench, device: str = "board-0") -> dict[str, Any]:
    items = bench.administrator.get(f"{PATH}/boards").json()["items"]
    return {each["device"]: dict(each) for each in items}[device]


def test_the_boards_of_the_site_are_listed_before_they_say_anything(bench: Bench) -> None:
    items = bench.administrator.get(f"{PATH}/boards").json()["items"]

    assert [each["device"] for each in items] == ["board-0", "board-1", "board-2"]
    assert [each["identity"] for each in items] == [None] * 3
    assert {(each["node"], each["is_online"]) for each in items} == {("gate-1", False)}


def test_a_board_is_as_its_node_tells(bench: Bench) -> None:
    terminal = Terminal(bench)
    now = bench.clock()

    terminal.tell(
        identified("board-0", other_version=NEW, other_image="b" * 64, is_claimed=True),
        BoardHealthChanged(device="board-0", faults=("supply",)),
        BoardSafeStateEntered(device="board-0", entered_at=now),
        BoardFireInputChanged(device="board-0", is_active=True),
        BoardHeld(device="board-0", held_s=60),
    )

    found = board(bench)
    assert found["is_online"] is True
    assert (found["identity"]["version"], found["identity"]["other_version"]) == (OLD, NEW)
    assert (found["identity"]["serial_number"], found["identity"]["is_claimed"]) == (
        "SN-board-0", True,
    )  # fmt: skip
    assert (found["faults"], found["is_safe"], found["is_fire"]) == (["supply"], True, True)
    assert found["held_until"] is not None


def test_a_safe_state_that_was_left_is_told_with_both_ends(bench: Bench) -> None:
    now = bench.clock()
    fact = BoardSafeStateEntered(
        device="board-0", entered_at=now - timedelta(seconds=90), left_at=now
    )

    Terminal(bench).tell(fact)

    found = board(bench)
    assert found["is_safe"] is False
    assert found["safe_entered_at"] < found["safe_left_at"]


def test_what_comes_late_is_history(bench: Bench) -> None:
    terminal = Terminal(bench)
    node, hour_ago = terminal.node, bench.clock() - timedelta(hours=1)
    newer = identified("board-0", version=NEW)
    older = identified("board-0", version=OLD)

    node.send(node.event(5, fact=newer, time=node.clock()))
    node.send(node.event(4, fact=older, time=node.clock()))
    node.send(make_event(9, fact=older, time=hour_ago))

    assert board(bench)["identity"]["version"] == NEW


def test_the_end_of_an_update_stands_when_its_progress_comes_later(bench: Bench) -> None:
    terminal, update_id = Terminal(bench), uuid4()
    progress = BoardUpdateProgressed(
        update_id=update_id, device="board-0", stage=UpdateStage.UPLOADS, sent_bytes=10,
        size_bytes=100,
    )  # fmt: skip

    terminal.tell(progress)
    going = board(bench)["update"]
    terminal.tell(ended(update_id, "board-0"))
    terminal.tell(progress)

    assert (going["stage"], going["sent_bytes"], going["outcome"]) == ("uploads", 10, None)
    assert (board(bench)["update"]["outcome"], board(bench)["update"]["running"]) == (
        "confirmed", NEW,
    )  # fmt: skip


def test_what_another_node_says_of_a_board_counts_for_nothing(bench: Bench) -> None:
    Terminal(bench).identify("board-0")

    Terminal(bench, "gate-2").identify("board-0", version="9.9.9")

    assert board(bench)["identity"]["version"] == OLD


def test_events_of_an_unknown_device_change_no_board(bench: Bench) -> None:
    Terminal(bench).identify("elsewhere")

    items = bench.administrator.get(f"{PATH}/boards").json()["items"]
    assert [each["device"] for each in items] == ["board-0", "board-1", "board-2"]


def test_pages_are_told_that_boards_changed_and_guards_are_not(bench: Bench) -> None:
    terminal = Terminal(bench)
    technician = bench.planted("technician").client

    with technician.stream("GET", "/api/v1/stream") as reply:
        stream = messages(reply)
        assert next(stream)[0] == "hello"
        terminal.identify("board-0")

        assert "firmware" in (name for name, _ in stream)


def test_the_log_finds_what_happened_at_a_board(bench: Bench) -> None:
    Terminal(bench).tell(BoardHealthChanged(device="board-0", faults=("flash",)))

    path = "/api/v1/events/search"
    found = bench.administrator.get(path, params={"place": "board-0"}).json()["items"]

    assert [each["event"]["type"] for each in found] == ["menshen.board.health_changed.v1"]
    assert found[0]["event"]["class"] == EventClass.ALARM
