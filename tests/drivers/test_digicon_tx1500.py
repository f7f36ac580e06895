"""The TX1500 turnstile: its frames, and a release that is never given twice by accident."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    GateMode,
    Observation,
    PassageCounted,
    Side,
)
from drivers.bus import Bus
from drivers.digicon_tx1500 import DigiconTx1500
from drivers.protocols.digicon import Command, CommandDecoder, encode_command
from drivers.simulators.digicon_tx1500 import OPEN_S, Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus


@pytest.mark.parametrize(
    ("command", "raw"), [(b"H", "02 02 00 48 48"), (b"LH", "02 03 00 4C 48 05")]
)
def test_a_command_has_its_length_and_an_exclusive_or(command: bytes, raw: str) -> None:
    assert encode_command(command) == bytes.fromhex(raw)


@given(
    sent=st.lists(st.binary(min_size=1, max_size=20), max_size=4),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_commands_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(map(encode_command, sent))

    assert frames_of(CommandDecoder(), cut(stream, sizes)) == (list(map(Command, sent)), [])


def test_a_damaged_command_is_known_as_one_and_does_not_hide_the_next() -> None:
    damaged = bytes.fromhex("02 02 00 48 49")

    found, refusals = frames_of(CommandDecoder(), [damaged + encode_command(b"A")])

    assert str(refusals[0]).startswith("the check of a command is wrong")
    assert found == [Command(b"A")]


Act = Callable[[DigiconTx1500, Simulator, LineInMemory], Awaitable[None]]


def with_turnstile(act: Act, **settings: object) -> None:
    simulator = Simulator(Simulator.Settings())
    line = LineInMemory(answers_of(simulator))

    async def run(bus: Bus) -> None:
        made = DigiconTx1500.Settings(timeout_s=0.05, **settings)  # type: ignore[arg-type]  # own
        driver = DigiconTx1500(bus, made)
        await driver.start()
        await act(driver, simulator, line)
        await driver.close()

    with_bus(line, run)


@pytest.mark.parametrize(
    ("way_in", "way"), [("right_to_left", "right_to_left"), ("left_to_right", "left_to_right")]
)
def test_one_person_is_let_in_the_way_it_was_built(way_in: str, way: str) -> None:
    async def act(driver: DigiconTx1500, simulator: Simulator, line: LineInMemory) -> None:
        await driver.access(Side.IN)

        assert simulator.act("pass_through", {"way": way}) == {"has_passed": True}
        assert simulator.act("pass_through", {"way": way}) == {"has_passed": False}

    with_turnstile(act, way_in=way_in)


async def polled(driver: DigiconTx1500) -> list[Observation]:
    found: list[Observation] = []
    while not found:
        found += await driver.poll()
    return found


def test_a_passage_is_told_for_its_side() -> None:
    async def act(driver: DigiconTx1500, simulator: Simulator, line: LineInMemory) -> None:
        assert await driver.poll() == []
        line.arrive(b"\x1b")

        assert await polled(driver) == [PassageCounted(Side.OUT, 1)]

    with_turnstile(act)


def test_a_passage_between_command_and_acknowledgement_is_neither_lost_nor_taken_for_it() -> None:
    simulator = Simulator(Simulator.Settings())

    def answer(data: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, b"\x1a" + b"".join(simulator.receive_data(data)))]

    async def act(bus: Bus) -> None:
        driver = DigiconTx1500(bus, DigiconTx1500.Settings(timeout_s=0.05))
        receipt = await driver.access(Side.OUT)

        assert receipt.attempts == 1
        assert PassageCounted(Side.IN, 1) in await polled(driver)

    with_bus(LineInMemory(answer), act)


def test_a_release_is_never_sent_twice_not_even_after_a_refusal_that_noise_may_have_made() -> None:
    simulator = Simulator(Simulator.Settings())

    def noisy(data: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, b"\x15" + b"".join(simulator.receive_data(data)))]

    async def act(bus: Bus) -> None:
        driver = DigiconTx1500(bus, DigiconTx1500.Settings(timeout_s=0.05))
        with pytest.raises(CommandRejectedError, match="does not take the release"):
            await driver.access(Side.IN)

        assert simulator.released_count == 1

    with_bus(LineInMemory(noisy), act)


def test_polling_leaves_a_release_alone_until_nobody_can_be_about_to_use_it() -> None:
    simulator, now_s = Simulator(Simulator.Settings()), [100.0]
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        settings = DigiconTx1500.Settings(timeout_s=0.05)
        driver = DigiconTx1500(bus, settings, monotonic=lambda: now_s[0])
        await driver.access(Side.IN)
        for now_s[0] in (100.1, 109.9):
            await driver.poll()
        assert len(line.sent) == 1
        now_s[0] = 110.1
        await driver.poll()

        assert line.sent[1][1] == encode_command(b"C")

    with_bus(line, act)


def test_a_release_whose_acknowledgement_is_lost_is_not_sent_again() -> None:
    simulator = Simulator(Simulator.Settings())

    def deaf(data: bytes) -> list[tuple[float, bytes]]:
        simulator.receive_data(data)
        return []

    async def act(bus: Bus) -> None:
        driver = DigiconTx1500(bus, DigiconTx1500.Settings(timeout_s=0.02))
        with pytest.raises(DeviceUnreachableError):
            await driver.access(Side.IN)

        assert simulator.released_count == 1

    with_bus(LineInMemory(deaf), act)


@pytest.mark.parametrize(
    ("free", "always_free"),
    [([Side.IN], b"H"), ([Side.OUT], b"A"), ([Side.IN, Side.OUT], b"D"), ([], b"")],
)
def test_ways_are_set_free_and_controlled_again(free: list[Side], always_free: bytes) -> None:
    async def act(driver: DigiconTx1500, simulator: Simulator, line: LineInMemory) -> None:
        for side in free:
            await driver.set_mode(side, GateMode.FREE)
        assert simulator.always_free == always_free
        for side in free:
            await driver.set_mode(side, GateMode.CONTROLLED)

        assert simulator.always_free == b""

    with_turnstile(act)


def test_a_way_cannot_be_forbidden() -> None:
    async def act(driver: DigiconTx1500, simulator: Simulator, line: LineInMemory) -> None:
        with pytest.raises(CommandRejectedError, match="cannot forbid side out"):
            await driver.set_mode(Side.OUT, GateMode.FORBIDDEN)

    with_turnstile(act)


def test_a_turnstile_that_takes_nothing_refuses_its_set_up() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="does not take its mode"):
            await DigiconTx1500(bus, DigiconTx1500.Settings()).start()

    with_bus(LineInMemory(lambda _: [(0.0, b"\x15")]), act)


def test_who_does_not_pass_in_time_must_ask_again() -> None:
    simulator = Simulator(Simulator.Settings())
    simulator.receive_data(encode_command(b"H"))

    simulator.step(OPEN_S + 0.1)

    assert simulator.act("pass_through", {}) == {"has_passed": False}


def test_a_way_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="digicon_tx1500: way_in is right_to_left"):
        DigiconTx1500.Settings(way_in="up")
