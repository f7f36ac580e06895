"""The driver of a controller board: what it tells, once, and what it does, once."""

import asyncio
import dataclasses
import random
from collections.abc import Sequence

import pytest

from drivers.base import (
    BoardIdentity,
    CommandRejectedError,
    CredentialRead,
    DeviceUnreachableError,
    Driver,
    DriverError,
    FireInputChanged,
    HeartbeatKept,
    InputChanged,
    Observation,
    ProtocolViolationError,
    SafeStateChanged,
    TamperChanged,
)
from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.simulators.line import Faults
from drivers.simulators.virtual import VirtualLine, answers
from firmware_bridge.board import Board
from firmware_bridge.board_settings import BoardSettings
from firmware_bridge.peer_application import Event
from firmware_bridge.refusals import Refusal
from tests.firmware_bridge.boards import OURS, THEIRS, LineOfBoards
from tests.firmware_bridge.scripted import ScriptedBoard

CALM = BoardSettings(watchdog_s=0.0)
"""Nobody beats, and nothing comes of it."""


async def started(bus: Bus, settings: BoardSettings = CALM, signer: object = None) -> Board:
    board = Board(bus, settings)
    if signer is not None:
        board.sign_with(OURS)
    await board.start()
    await board.poll()
    return board


async def told(board: Driver, kind: type[Observation]) -> list[Observation]:
    return [each for each in await board.poll() if isinstance(each, kind)]


# ---- who it is, and how it is set up


def test_it_says_who_it_is_with_its_first_poll_and_then_no_more() -> None:
    line = LineOfBoards(model="menshen-b1", hw=42, revision="A", serial_number="S-1")

    async def act(bus: Bus) -> tuple[Sequence[Observation], Sequence[Observation]]:
        board = Board(bus, CALM)
        await board.start()
        return await told(board, BoardIdentity), await board.poll()

    (identity,), again = line.run(act)
    running = line.board.running

    assert running is not None
    assert identity == BoardIdentity(
        "menshen-b1", 42, "A", "S-1", "1.0.0", running.hash.hex(), is_confirmed=True
    )
    assert again == []


def test_a_configuration_is_written_once_and_only_where_it_differs() -> None:
    line = LineOfBoards()
    settings = BoardSettings(watchdog_s=2.0, safe=["on"], fire_input=3, fire_on=[0])

    async def act(bus: Bus) -> None:
        for _ in range(3):
            await started(bus, settings)

    line.run(act)
    app = line.board.application

    assert app is not None
    assert (app.configuration.wd, app.configuration.safe[0], app.configuration.fire_in) == (
        2000,
        1,
        3,
    )
    assert line.happened(Event.CONFIGURED) == 1


def test_a_board_as_delivered_is_not_written() -> None:
    line = LineOfBoards()

    line.run(lambda bus: started(bus, BoardSettings()))

    assert line.happened(Event.CONFIGURED) == 0


def test_a_configuration_that_somebody_else_wrote_is_written_back() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = await started(bus, BoardSettings())
        await Board(bus, BoardSettings(watchdog_s=60.0)).start()
        await board.poll()

    line.run(act)
    app = line.board.application

    assert app is not None
    assert app.configuration.wd == 3000


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (BoardSettings(model="other"), "is no other"),
        (BoardSettings(hw=7), "has hw 42, not 7"),
        (BoardSettings(input_count=9), "has 8 inputs, not 9"),
        (BoardSettings(output_count=5), "has 4 outputs, not 5"),
    ],
)
def test_another_board_than_the_site_file_says_is_told_nothing(
    settings: BoardSettings, why: str
) -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = Board(bus, settings)
        with pytest.raises(ProtocolViolationError, match=why):
            await board.start()
        with pytest.raises(ProtocolViolationError, match=why):
            await board.set_output(0, on=True)

    line.run(act)

    assert line.switched(0) == []
    assert line.happened(Event.CONFIGURED) == 0


def test_nothing_is_told_of_another_board_in_its_place() -> None:
    line = LineOfBoards()

    def exchange(model: str) -> None:
        line.board.make = dataclasses.replace(line.board.make, model=model)
        line.simulator.do_restart(-1)
        line.let_pass(1.0)

    async def act(bus: Bus) -> list[Observation]:
        settings = BoardSettings(watchdog_s=0.0, model="menshen-b1", fire_input=2)
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(1.0)
        board = await started(bus, settings)
        exchange("other")
        for is_on in (False, True, False):
            line.simulator.do_input(-1, 2, on=is_on)
            line.let_pass(1.0)
            with pytest.raises(ProtocolViolationError, match="is no menshen-b1"):
                await board.poll()
        exchange("menshen-b1")
        return await told(board, FireInputChanged)

    assert line.run(act) == [FireInputChanged(active=True)]


def test_a_heartbeat_that_is_lost_does_not_keep_a_command_waiting_for_its_repetition() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> int:
        board = await started(bus)
        before = line.requests
        line.lose(True)
        with pytest.raises(DeviceUnreachableError):
            await board.heartbeat()
        return line.requests - before

    assert line.run(act) == 1


# ---- each event once


def test_every_event_is_told_once_over_lost_answers() -> None:
    line, dice = LineOfBoards(), random.Random(8)  # noqa: S311 - repeatable on purpose
    cards = [f"{n:07X}" for n in range(1, 41)]

    async def act(bus: Bus) -> list[str]:
        board = await started(bus)
        heard: list[str] = []
        line.losses = iter(lambda: dice.random() < 0.4, None)
        for card in cards:
            line.simulator.do_swipe(-1, 0, card, 26)
            line.let_pass(0.1)
            try:
                found = await told(board, CredentialRead)
            except DriverError:
                continue
            heard += [each.number for each in found if isinstance(each, CredentialRead)]
        line.lose()
        heard += [
            e.number for e in await told(board, CredentialRead) if isinstance(e, CredentialRead)
        ]
        return heard

    assert line.run(act) == cards


def test_more_events_than_one_answer_holds_come_with_one_poll() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> int:
        board = await started(bus)
        for n in range(60):
            line.simulator.do_swipe(-1, 0, f"{n:X}", 26)
        return len(await told(board, CredentialRead))

    assert line.run(act) == 60


def test_what_came_before_the_line_was_lost_is_told_afterwards() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> tuple[list[Observation], list[Observation]]:
        board = await started(bus)
        for n in range(20):
            line.simulator.do_swipe(-1, 0, f"{n:X}", 26)
        line.lose(False, True, True, True)
        with pytest.raises(DeviceUnreachableError):
            await board.poll()
        return await told(board, CredentialRead), await told(board, CredentialRead)

    after, again = line.run(act)

    assert (len(after), again) == (20, [])


def test_a_card_that_waited_for_a_board_that_fell_silent_opens_nothing_later() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> list[Observation]:
        board = await started(bus)
        for n in range(20):
            line.simulator.do_swipe(-1, 0, f"{n:X}", 26)
        line.lose(False, True, True, True)
        with pytest.raises(DeviceUnreachableError):
            await board.poll()
        line.let_pass(6.0)
        return await told(board, CredentialRead)

    assert line.run(act) == []


def test_a_safe_state_that_waited_is_told_by_its_true_age() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> list[Observation]:
        board = await started(bus, BoardSettings(watchdog_s=1.0))
        line.let_pass(2.0)
        for n in range(16):
            line.simulator.do_input(-1, 0, on=n % 2 == 0)
            line.let_pass(0.05)
        line.lose(False, True, True, True)
        with pytest.raises(DeviceUnreachableError):
            await board.poll()
        line.let_pass(60.0)
        return await told(board, SafeStateChanged)

    (entered,) = line.run(act)

    assert isinstance(entered, SafeStateChanged)
    assert line.clock.now_s - (entered.ago_s or 0) == pytest.approx(1.0, abs=0.3)


def test_a_board_that_restarts_says_so_and_tells_what_happened_since() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> Sequence[Observation]:
        board = await started(bus)
        line.simulator.do_restart(-1)
        line.let_pass(0.5)
        line.simulator.do_swipe(-1, 1, "7B", 34)
        return await board.poll()

    found = line.run(act)

    assert [type(each) for each in found] == [CredentialRead, BoardIdentity]


def test_a_card_is_told_by_one_process_alone() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> tuple[list[Observation], list[Observation]]:
        board = await started(bus)
        line.simulator.do_swipe(-1, 0, "7B", 26)
        before = await told(board, CredentialRead)
        # Killed: nothing was acknowledged.
        other = Board(bus, CALM)
        await other.start()
        return before, await told(other, CredentialRead)

    before, after = line.run(act)

    assert (len(before), after) == (1, [])


def test_a_driver_that_is_closed_leaves_nothing_to_be_told_again() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> list[Observation]:
        board = await started(bus)
        line.simulator.do_tamper(-1, on=True)
        line.simulator.do_tamper(-1, on=False)
        await board.poll()
        await board.close()
        other = Board(bus, CALM)
        await other.start()
        return await told(other, TamperChanged)

    assert line.run(act) == [TamperChanged(active=False)]


# ---- each command once


def test_a_pulse_whose_answer_is_lost_is_given_once() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = await started(bus)
        line.lose(True, True)
        await board.pulse_output(1, duration_s=0.5)

    line.run(act)
    line.let_pass(0.6)

    assert line.switched(1) == [1]
    assert line.simulator.state()["boards"]["0"]["outputs"] == [False] * 4


def test_a_pulse_is_not_given_to_a_board_that_restarted_meanwhile() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> int | None:
        board = await started(bus)
        line.simulator.do_restart(-1)
        line.let_pass(0.5)
        with pytest.raises(CommandRejectedError) as caught:
            await board.pulse_output(0, duration_s=0.5)
        await board.poll()
        await board.pulse_output(0, duration_s=0.5)
        return caught.value.code

    assert line.run(act) == Refusal.OTHER_START
    assert line.switched(0) == [1]


def test_an_output_that_is_to_stay_is_switched_in_the_new_start_too() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = await started(bus)
        line.simulator.do_restart(-1)
        line.let_pass(0.5)
        await board.set_output(0, on=True)

    line.run(act)

    assert line.switched(0) == [1]


def test_a_command_before_the_first_poll_is_done() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        await Board(bus, CALM).set_output(1, on=True)

    line.run(act)

    assert line.switched(1) == [1]


@pytest.mark.parametrize("duration_s", [0.0, 0.001, 601.0])
def test_a_pulse_has_a_length_that_the_board_can_count(duration_s: float) -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(ValueError, match=r"a pulse lasts 0\.01\.\.600 s"):
            await Board(bus, CALM).pulse_output(0, duration_s=duration_s)

    LineOfBoards().run(act)


def test_an_output_that_the_board_has_not_is_refused_by_it() -> None:
    async def act(bus: Bus) -> int | None:
        board = await started(bus)
        with pytest.raises(CommandRejectedError, match="no such channel") as caught:
            await board.set_output(4, on=True)
        return caught.value.code

    assert LineOfBoards().run(act) == Refusal.NO_CHANNEL


def test_an_output_that_the_board_says_to_be_another_was_not_switched() -> None:
    broken = ScriptedBoard({(877, 1): lambda _: {"boot": 7}, (877, 3): lambda _: {"out": 0}})
    clock = VirtualClock()
    line = VirtualLine(clock, answers(broken, Faults()), baudrate=115_200)

    async def act() -> None:
        bus = Bus("a line in memory", baudrate=115_200, opener=line.open, clock=clock)
        with pytest.raises(ProtocolViolationError, match="the outputs are 0 after the command"):
            await Board(bus, CALM).set_output(0, on=True)
        await bus.close()

    asyncio.run(act())


# ---- the safe state, and who holds it off


def test_without_heartbeats_it_goes_to_its_safe_state_and_says_so_afterwards() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> tuple[list[Observation], float]:
        await started(bus, BoardSettings(watchdog_s=1.0))
        # Killed; somebody else comes back later.
        line.let_pass(5.0)
        board = Board(bus, BoardSettings(watchdog_s=1.0))
        await board.start()
        await board.heartbeat()
        beaten_at_s = line.clock.now_s
        line.let_pass(0.5)
        return await told(board, SafeStateChanged), beaten_at_s

    (entered, left), beaten_at_s = line.run(act)
    now_s = line.clock.now_s

    assert isinstance(entered, SafeStateChanged)
    assert isinstance(left, SafeStateChanged)
    assert (entered.active, left.active) == (True, False)
    assert now_s - (entered.ago_s or 0) == pytest.approx(1.0, abs=0.3)
    assert now_s - (left.ago_s or 0) == pytest.approx(beaten_at_s, abs=0.3)


def test_heartbeats_hold_the_safe_state_off() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = await started(bus, BoardSettings(watchdog_s=1.0))
        for _ in range(20):
            await board.heartbeat()
            line.let_pass(board.heartbeat_s)

    line.run(act)

    assert line.happened(Event.SAFE_STATE) == 0


def test_polls_and_commands_are_no_heartbeat() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> None:
        board = await started(bus, BoardSettings(watchdog_s=1.0))
        for _ in range(12):
            await board.poll()
            await board.set_output(0, on=True)
            line.let_pass(0.1)

    line.run(act)

    assert line.happened(Event.SAFE_STATE) == 1


def test_a_claimed_board_is_held_by_its_owner() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> bool:
        board = await started(bus, BoardSettings(watchdog_s=1.0), OURS)
        await board.heartbeat()
        await board.claim()
        await board.hold(30.0)
        line.let_pass(20.0)
        return board.is_claimed

    assert line.run(act)
    assert line.happened(Event.SAFE_STATE) == 0


def test_a_board_that_nobody_claimed_is_not_held() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> int | None:
        board = await started(bus, CALM, OURS)
        with pytest.raises(CommandRejectedError) as caught:
            await board.hold(30.0)
        return caught.value.code

    assert line.run(act) == Refusal.UNCLAIMED


def test_without_a_key_nothing_is_signed() -> None:
    async def act(bus: Bus) -> None:
        board = await started(bus)
        with pytest.raises(CommandRejectedError, match="nobody here has a key to sign with"):
            await board.hold(30.0)
        with pytest.raises(CommandRejectedError, match="nobody here has a key to sign with"):
            await board.claim()

    LineOfBoards().run(act)


def test_whether_a_claimed_board_is_ours_is_known_after_a_restart_of_ours() -> None:
    line = LineOfBoards()
    line.board.remember_claim(OURS.public_key)

    async def act(bus: Bus) -> tuple[bool, list[Observation]]:
        board = Board(bus, CALM)
        board.sign_with(OURS)
        await board.start()
        return board.is_claimed, await told(board, BoardIdentity)

    is_claimed, (identity,) = line.run(act)

    assert isinstance(identity, BoardIdentity)
    assert is_claimed
    assert identity.is_claimed


def test_a_claim_is_told_with_the_next_poll() -> None:
    async def act(bus: Bus) -> list[Observation]:
        board = await started(bus, CALM, OURS)
        await board.claim()
        await board.claim()
        return await told(board, BoardIdentity)

    (identity,) = LineOfBoards().run(act)

    assert isinstance(identity, BoardIdentity)
    assert identity.is_claimed


def test_somebody_else_s_board_is_heard_but_not_configured(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = LineOfBoards()
    line.board.remember_claim(THEIRS.public_key)

    async def act(bus: Bus) -> tuple[bool, list[Observation]]:
        board = Board(bus, CALM)
        board.sign_with(OURS)
        await board.start()
        await board.start()
        return board.is_claimed, await told(board, BoardIdentity)

    is_claimed, found = line.run(act)
    app = line.board.application

    assert app is not None
    assert (is_claimed, len(found), app.configuration.wd) == (False, 1, 3000)
    said = "somebody else has claimed the board; it has another watchdog_ms"
    assert caplog.text.count(said) == 1


def test_a_stranger_s_signature_is_tried_once_and_not_every_minute() -> None:
    line = LineOfBoards()
    line.board.remember_claim(THEIRS.public_key)

    async def act(bus: Bus) -> None:
        board = await started(bus, BoardSettings(), OURS)
        for _ in range(3):
            line.let_pass(61.0)
            await board.poll()
            await board.start()

    line.run(act)

    # Signed, and unsigned, in case its jumper was closed.
    assert line.happened(Event.REFUSED_SIGNATURE) == 2


def test_a_board_that_was_claimed_anew_at_a_restart_is_not_ours_any_more() -> None:
    line = LineOfBoards()

    async def act(bus: Bus) -> tuple[bool, bool]:
        board = await started(bus, BoardSettings(), OURS)
        await board.claim()
        before = board.is_claimed
        line.board.remember_claim(THEIRS.public_key)
        line.simulator.do_restart(-1)
        line.let_pass(0.5)
        await board.poll()
        return before, board.is_claimed

    assert line.run(act) == (True, False)


# ---- fire


def test_the_fire_input_is_told_and_goes_before_commands() -> None:
    line = LineOfBoards()
    settings = BoardSettings(watchdog_s=0.0, fire_input=2, is_fire_open=False, fire_on=[0])

    async def act(bus: Bus) -> tuple[Sequence[Observation], int | None]:
        board = await started(bus, settings)
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(0.1)
        with pytest.raises(CommandRejectedError) as caught:
            await board.set_output(0, on=False)
        return await board.poll(), caught.value.code

    found, code = line.run(act)

    assert found == [FireInputChanged(active=True), InputChanged(2, active=True)]
    assert code == Refusal.FIRE
    assert line.simulator.state()["boards"]["0"]["outputs"][0]


# ---- over a network


def test_over_a_network_a_claimed_board_takes_what_is_signed() -> None:
    line = LineOfBoards(port="udp://board")
    line.board.remember_claim(OURS.public_key)

    async def act(bus: Bus) -> None:
        board = await started(bus, CALM, OURS)
        line.lose(True)
        await board.pulse_output(0, duration_s=0.5)
        await board.heartbeat()

    line.run(act)

    assert line.switched(0) == [1]


def test_it_has_the_capability_that_keeps_it_from_its_safe_state() -> None:
    assert isinstance(Board(Bus("none"), CALM), HeartbeatKept)
