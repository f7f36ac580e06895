"""Roll-outs that stop: by themselves, by a pause, or for good."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.contract.board_commands import CancelBoardUpdate
from config.contract.board_events import UpdateOutcome, UpdateReason
from config.contract.command_events import CommandOutcome, CommandRefusal
from tests.central.alarms.raising import listed
from tests.central.bench import Bench, running_central
from tests.central.firmware.acting import (
    BOARDED,
    PATH,
    Terminal,
    act,
    made,
    shown,
    site_with,
    states,
    wanted,
    work,
)

FLEET = site_with(12)
NAMES = [f"board-{n}" for n in range(12)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=BOARDED) as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Bench]:
    """Central with twelve boards: one, two, and nine."""
    with running_central(tmp_path / "home", site=FLEET) as running:
        yield running


def kinds(bench: Bench) -> list[str]:
    return sorted(each["kind"] for each in listed(bench) if each["is_active"])


def test_a_failure_halts_it_with_an_alarm_and_a_reason(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)
    rollout_id = made(fleet)
    terminal.update_all()

    good, bad = terminal.take_on()
    terminal.end(bad, UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY)
    terminal.end(good)

    halted = shown(fleet, rollout_id)
    assert (halted["state"], halted["halted_device"], halted["halted_why"]) == (
        "halted", bad.device, "not_healthy",
    )  # fmt: skip
    assert terminal.fetch() == []
    alarm = next(each for each in listed(fleet) if each["kind"] == "rollout_halted")
    assert alarm["subject"]["rollout"] == rollout_id
    assert (alarm["detail"]["device"], alarm["detail"]["why"]) == (bad.device, "not_healthy")
    assert (alarm["priority"], alarm["is_active"]) == (3, True)


def test_a_failure_without_a_reason_is_said_without_one(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)
    rollout_id = made(fleet)
    (first,) = terminal.take_on()

    terminal.end(first, UpdateOutcome.WENT_BACK)

    over = shown(fleet, rollout_id)
    assert (over["state"], over["halted_device"], over["halted_why"]) == ("halted", NAMES[0], None)


def halted(fleet: Bench, terminal: Terminal) -> str:
    """Return a roll-out whose first board went back."""
    terminal.identify(*NAMES)
    rollout_id = made(fleet)
    (first,) = terminal.take_on()
    terminal.end(first, UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY)
    return rollout_id


def test_after_a_halt_it_goes_on_without_what_failed_and_begins_with_one(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    rollout_id = halted(fleet, terminal)

    reply = act(fleet, rollout_id, "start")
    stages = [terminal.update_all() for _ in range(3)]

    assert reply.json()["state"] == "running"
    assert stages == [NAMES[1:2], NAMES[2:4], NAMES[4:]]
    over = shown(fleet, rollout_id)
    assert (over["state"], over["counts"]) == ("done", {"confirmed": 11, "went_back": 1})
    assert over["boards"][0]["is_passed_over"] is True
    (listed_so,) = fleet.administrator.get(f"{PATH}/rollouts").json()["items"]
    assert listed_so == {key: value for key, value in over.items() if key != "boards"}
    assert "rollout_halted" not in kinds(fleet)


def test_what_stands_still_is_looked_at_no_more_until_it_goes_on(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    rollout_id = halted(fleet, terminal)
    stood = work(fleet)

    act(fleet, rollout_id, "start")
    went_on = work(fleet)
    act(fleet, rollout_id, "pause")

    assert (stood, went_on, work(fleet)) == (False, True, False)


def test_after_a_halt_what_failed_is_tried_again_where_wished(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    rollout_id = halted(fleet, terminal)

    act(fleet, rollout_id, "start", retries=True)
    again = terminal.update_all()

    assert again == NAMES[:1]
    assert states(fleet, rollout_id)["board-0"] == "confirmed"


def test_as_many_may_fail_as_was_said(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)
    rollout_id = made(fleet, failures_max=1)
    terminal.update_all()
    good, bad = terminal.take_on()
    terminal.end(bad, UpdateOutcome.FAILED, UpdateReason.UNREACHABLE)
    terminal.end(good)

    assert shown(fleet, rollout_id)["state"] == "running"
    assert len(terminal.fetch()) == 9


def test_a_single_update_that_fails_is_over_with_one_alarm(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (what,) = terminal.take_on()

    terminal.end(what, UpdateOutcome.REFUSED, UpdateReason.TOO_LARGE)

    over = shown(bench, rollout_id)
    assert (over["state"], over["boards"][0]["why"]) == ("done", "too_large")
    assert [each["kind"] for each in listed(bench)] == ["board_update"]


def test_a_pause_begins_with_no_other_and_lets_go_on_what_goes_on(fleet: Bench) -> None:
    terminal = Terminal(fleet)
    terminal.identify(*NAMES)
    rollout_id = made(fleet)
    (first,) = terminal.take_on()

    act(fleet, rollout_id, "pause")
    terminal.end(first)
    paused = (states(fleet, rollout_id)["board-0"], terminal.fetch())
    act(fleet, rollout_id, "start")

    assert paused == ("confirmed", [])
    assert len(terminal.fetch()) == 2


def test_what_is_cancelled_before_a_node_heard_of_it_is_over_at_once(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0", "board-1")
    rollout_id = made(bench, starts=False)

    act(bench, rollout_id, "cancel")

    over = shown(bench, rollout_id)
    assert (over["state"], over["counts"]["cancelled"]) == ("cancelled", 2)
    assert over["ended_at"] is not None
    assert terminal.fetch() == []


def test_a_cancelled_update_that_is_under_way_is_stopped(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0", "board-1")
    rollout_id = made(bench)
    (what,) = terminal.take_on()

    act(bench, rollout_id, "cancel")
    (stop,) = terminal.take_on()
    between = shown(bench, rollout_id)
    terminal.end(what, UpdateOutcome.FAILED, UpdateReason.CANCELLED)

    over = shown(bench, rollout_id)
    assert isinstance(stop, CancelBoardUpdate)
    assert stop.update_id == what.update_id
    assert (between["state"], between["ended_at"]) == ("cancelled", None)
    assert over["ended_at"] is not None
    assert kinds(bench) == []


def test_a_node_that_comes_back_is_told_to_stop(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    terminal.take_on()
    bench.clock.advance(minutes=6)

    bench.signed_in_again()
    act(bench, rollout_id, "cancel")
    away = terminal.fetch()
    terminal.node.report()

    assert away == []
    assert [wanted(each).kind for each in terminal.fetch()] == ["cancel_board_update"]


def test_a_pause_takes_back_what_no_node_has_fetched(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    work(bench)

    act(bench, rollout_id, "pause")
    paused = (states(bench, rollout_id), terminal.fetch())
    act(bench, rollout_id, "start")

    assert paused == ({"board-0": "waiting"}, [])
    assert len(terminal.fetch()) == 1


def test_a_halt_takes_back_what_no_node_has_fetched(tmp_path: Path) -> None:
    with running_central(
        tmp_path / "home", site=site_with(12, nodes=("gate-1", "gate-2"))
    ) as bench:
        here, there = Terminal(bench), Terminal(bench, "gate-2")
        here.identify(*NAMES[::2])
        there.identify(*NAMES[1::2])
        rollout_id = made(bench)
        here.update_all()
        (bad,) = here.take_on()

        here.end(bad, UpdateOutcome.WENT_BACK, UpdateReason.NOT_BACK)

        assert states(bench, rollout_id)["board-1"] == "waiting"
        assert there.fetch() == []


def test_an_update_that_is_never_told_of_fails_and_what_comes_late_puts_it_right(
    bench: Bench,
) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"], wait_h=1)
    (what,) = terminal.take_on()

    bench.clock.advance(hours=2)
    bench.signed_in_again()
    (guessed,) = shown(bench, rollout_id)["boards"]
    terminal.end(what)
    (told,) = shown(bench, rollout_id)["boards"]

    assert (guessed["state"], guessed["why"]) == ("failed", "not_heard")
    assert (told["state"], told["why"]) == ("confirmed", None)


def test_what_ran_before_it_was_cancelled_is_told_all_the_same(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (command,) = terminal.fetch()
    act(bench, rollout_id, "cancel")
    (stop,) = [each for each in terminal.fetch() if each.id != command.id]

    terminal.answer(stop, CommandOutcome.REFUSED, CommandRefusal.NOT_NOW)
    cancelled = states(bench, rollout_id)
    terminal.end(wanted(command))

    assert cancelled == {"board-0": "cancelled"}
    assert states(bench, rollout_id) == {"board-0": "confirmed"}


def test_a_fleet_with_broken_boards_halts_before_many_are_begun(tmp_path: Path) -> None:
    names, broken = [f"board-{n}" for n in range(60)], {"board-8", "board-9", "board-40"}
    with running_central(tmp_path / "home", site=site_with(60)) as bench:
        terminal = Terminal(bench)
        terminal.identify(*names)
        rollout_id = made(bench, failures_max=1)

        begun = [*terminal.update_wave(), *terminal.update_wave()]
        begun += terminal.update_wave(broken=broken)
        halted = shown(bench, rollout_id)
        act(bench, rollout_id, "start")
        after = terminal.fetch()

    assert begun == names[:17], "one, a tenth, and no more of the rest than are under way together"
    assert (halted["state"], halted["halted_device"]) == ("halted", "board-8")
    assert halted["counts"]["went_back"] == 2
    assert [wanted(each).device for each in after] == names[17:18]
