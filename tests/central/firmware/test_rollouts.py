"""Roll-outs in time: in stages, through restarts, and with nodes that are away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.contract.board_commands import RollBackBoard, UpdateBoard
from config.contract.board_events import UpdateStage
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.events import BoardUpdateProgressed
from tests.central.bench import Bench, running_central
from tests.central.firmware.acting import (
    BOARDED,
    NEW,
    PATH,
    Terminal,
    act,
    made,
    shown,
    site_with,
    states,
    work,
)

FLEET = site_with(12)
NAMES = [f"board-{n}" for n in range(12)]


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    with running_central(tmp_path / "home", database=database_url, site=BOARDED) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=BOARDED) as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Bench]:
    """Central with twelve boards: one, two, and nine."""
    with running_central(tmp_path / "home", site=FLEET) as running:
        yield running


def test_one_board_is_updated_and_the_roll_out_is_done(any_bench: Bench) -> None:
    terminal = Terminal(any_bench)
    terminal.identify("board-0")

    rollout_id = made(any_bench, devices=["board-0"])
    (what,) = terminal.take_on()
    going = states(any_bench, rollout_id)
    terminal.end(what)

    over = shown(any_bench, rollout_id)
    assert isinstance(what, UpdateBoard)
    assert (what.image, what.size_bytes) == (over["image"], over["boards"][0]["size_bytes"])
    assert (going, over["state"], over["counts"]) == (
        {"board-0": "under_way"}, "done", {"confirmed": 1},
    )  # fmt: skip
    assert (over["boards"][0]["before"], over["boards"][0]["running"]) == ("1.0.0", NEW)
    assert over["ended_at"] is not None


def test_a_roll_out_goes_in_stages(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)

    rollout_id = made(fleet)
    stages = [terminal.update_all() for _ in range(3)]

    assert stages == [NAMES[:1], NAMES[1:3], NAMES[3:]]
    assert shown(fleet, rollout_id)["state"] == "done"
    assert terminal.fetch() == []


def test_no_stage_begins_before_the_one_before_it_is_over(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)
    rollout_id = made(fleet)
    terminal.update_all()

    (first, second) = terminal.take_on()
    terminal.end(first)
    between = terminal.fetch()
    terminal.end(second)

    assert between == []
    assert len(terminal.fetch()) == 9
    assert (shown(fleet, rollout_id)["stage"], shown(fleet, rollout_id)["stages"]) == (2, [1, 2, 9])


def test_boards_of_one_line_are_updated_one_after_the_other(tmp_path: Path) -> None:
    site = FLEET.model_copy(
        update={
            "device": tuple(
                each.model_copy(update={"bus": "board-line-0"}) if each.driver == "board" else each
                for each in FLEET.device
            )
        }
    )
    with running_central(tmp_path / "home", site=site) as bench:
        terminal = Terminal(bench)
        terminal.identify(*NAMES[:4])
        made(bench)

        assert [terminal.update_all() for _ in range(4)] == [[name] for name in NAMES[:4]]


def test_so_many_boards_are_under_way_together(tmp_path: Path) -> None:
    with running_central(tmp_path / "home", site=site_with(20)) as bench:
        terminal = Terminal(bench)
        terminal.identify(*(f"board-{n}" for n in range(20)))
        made(bench)
        terminal.update_all()
        terminal.update_all()

        assert len(terminal.fetch()) == 10


def test_a_board_goes_back_to_its_other_image(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0", other_image="b" * 64, other_version="0.9.0")

    rollout_id = made(bench, action="roll_back", devices=["board-0"])
    (what,) = terminal.take_on()
    terminal.end(what)

    assert isinstance(what, RollBackBoard)
    assert shown(bench, rollout_id)["state"] == "done"


def test_it_waits_until_it_is_started(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"], starts=False)

    before = terminal.fetch()
    act(bench, rollout_id, "start")

    assert before == []
    assert len(terminal.fetch()) == 1


def test_a_command_that_got_lost_is_repeated_with_the_same_update(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    made(bench, devices=["board-0"])

    (lost,) = terminal.fetch()
    bench.clock.advance(minutes=6)
    terminal.node.report()
    (again,) = terminal.fetch()

    assert again.id != lost.id
    assert again.what == lost.what


def test_a_board_whose_node_stays_away_until_its_end_is_not_updated(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"], wait_h=1)
    work(bench)

    bench.clock.advance(minutes=61)
    bench.signed_in_again()

    (member,) = shown(bench, rollout_id)["boards"]
    assert (member["state"], member["why"]) == ("refused", "unreachable")
    assert shown(bench, rollout_id)["state"] == "done"


def test_a_node_that_refuses_ends_its_board(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (command,) = terminal.fetch()

    terminal.answer(command, CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)

    (member,) = shown(bench, rollout_id)["boards"]
    assert (member["state"], member["why"]) == ("refused", "not_here")


def test_progress_is_shown(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (what,) = terminal.take_on()

    terminal.tell(
        BoardUpdateProgressed(
            update_id=what.update_id, device="board-0", stage=UpdateStage.UPLOADS, sent_bytes=100
        )
    )

    (member,) = shown(bench, rollout_id)["boards"]
    (board, *_) = bench.administrator.get(f"{PATH}/boards").json()["items"]
    assert (member["step"], member["sent_bytes"]) == ("uploads", 100)
    assert board["update"]["rollout_id"] == rollout_id


def test_it_goes_on_after_central_restarts(tmp_path: Path, database_url: str) -> None:
    home, found = tmp_path / "home", list[str]()
    with running_central(home, database=database_url, site=BOARDED) as bench:
        terminal = Terminal(bench)
        terminal.identify("board-0", "board-1")
        rollout_id = made(bench)
        (what,) = terminal.take_on()
    with running_central(home, database=database_url, site=BOARDED) as bench:
        terminal.bench, terminal.node.http = bench, bench.client()
        terminal.node.clock = bench.clock
        terminal.node.report()
        terminal.end(what)
        found += terminal.update_all()

        assert found == ["board-1"]
        assert shown(bench, rollout_id)["state"] == "done"
