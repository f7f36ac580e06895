import asyncio
from collections.abc import Callable, Iterable

import pytest

from drivers.base import (
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.pn532 import Pn532
from drivers.simulators.pn532 import Simulator
from tests.drivers.heard import ClockOfATest, observed
from tests.drivers.lines import LineInMemory, answers_of, with_bus

ACK = "00 00 FF 00 FF 00"
WAKE_UP = "55 55" + " 00" * 14
SET_UP = {
    WAKE_UP + " 00 00 FF 03 FD D4 14 01 17 00": ACK + " 00 00 FF 02 FE D5 15 16 00",
    "00 00 FF 02 FE D4 02 2A 00": ACK + " 00 00 FF 06 FA D5 03 32 01 06 07 E8 00",
    "00 00 FF 06 FA D4 32 05 FF 01 01 F4 00": ACK + " 00 00 FF 02 FE D5 33 F8 00",
}
SEARCH = "00 00 FF 04 FC D4 4A 01 00 E1 00"
NO_CARD = ACK + " 00 00 FF 03 FD D5 4B 00 E0 00"
CARD = ACK + " 00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 DE AD BE EF 96 00"
CARD_READ = CredentialRead(CredentialKind.CARD_UID, "DEADBEEF")


def scripted(script: dict[str, str]) -> LineInMemory:
    answers = {bytes.fromhex(sent): bytes.fromhex(reply) for sent, reply in script.items()}

    def answer(data: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.0, answers[data])] if data in answers else []

    return LineInMemory(answer)


def reader_on(bus: Bus, clock: Callable[[], float] | None = None) -> Pn532:
    return Pn532(bus, Pn532.Settings(timeout_s=0.1), clock or ClockOfATest())


def test_it_is_woken_and_set_up_with_the_manual_s_frames() -> None:
    line = scripted(SET_UP)

    async def act(bus: Bus) -> None:
        await reader_on(bus).start()

    with_bus(line, act)

    assert [data for _, data in line.sent] == [bytes.fromhex(sent) for sent in SET_UP]


def test_the_manual_s_frames_of_a_card_are_its_uid() -> None:
    async def act(bus: Bus) -> None:
        assert await reader_on(bus).poll() == [CARD_READ]

    with_bus(scripted(SET_UP | {SEARCH: CARD}), act)


def test_no_card_is_no_observation() -> None:
    async def act(bus: Bus) -> None:
        assert await reader_on(bus).poll() == []

    with_bus(scripted(SET_UP | {SEARCH: NO_CARD}), act)


def test_another_chip_is_no_pn532() -> None:
    other = "00 00 FF 06 FA D5 03 07 01 06 07 13 00"
    line = scripted(SET_UP | {"00 00 FF 02 FE D4 02 2A 00": f"{ACK} {other}"})

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="its chip is 07"):
            await reader_on(bus).start()

    with_bus(line, act)


@pytest.mark.parametrize("uid", ["DEADBEEF", "04A1B2C3D4E5F6", "04112233445566778899"])
def test_a_card_is_read_when_it_comes_and_again_when_it_comes_back(uid: str) -> None:
    simulator, clock = Simulator(Simulator.Settings()), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        await reader.start()
        simulator.act("present", {"uid": uid})
        first = [await reader.poll(), await reader.poll()]
        simulator.act("remove", {})
        gone = await reader.poll()
        clock.now_s += 1.1
        simulator.act("present", {"uid": uid})

        read = CredentialRead(CredentialKind.CARD_UID, uid)
        assert [*first, gone, await reader.poll()] == [[read], [], [], [read]]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_card_that_is_missed_for_a_moment_has_not_left() -> None:
    simulator, clock = Simulator(Simulator.Settings()), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        simulator.act("present", {"uid": "DEADBEEF"})
        await reader.poll()
        simulator.act("remove", {})
        await reader.poll()
        clock.now_s += 0.5
        simulator.act("present", {"uid": "DEADBEEF"})

        assert await reader.poll() == []

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_uid_that_is_drawn_each_time_is_counted_and_not_reported() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        simulator.act("present", {"uid": "08112233"})

        assert await reader.poll() == []
        assert reader.findings == ["1 x a card that draws another UID each time"]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_reader_that_lost_its_power_is_woken_again() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.poll()
        simulator.act("power_cycle", {})
        simulator.act("present", {"uid": "DEADBEEF"})
        with pytest.raises(DeviceUnreachableError):
            await reader.poll()

        assert await observed(reader) == [CARD_READ]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_silent_reader_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError):
            await reader_on(bus).start()

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize(
    "reply",
    [
        ACK + " 00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 DE AD BE EE 96 00",
        "00 00 FF 03 FD D5 4B 00 E0 00",
        ACK + " 00 00 FF 01 FF 7F 81 00",
        "00 00 FF FF 00 00",
        SEARCH,
    ],
    ids=["damaged", "unacknowledged", "syntax error", "nack", "echo"],
)
def test_what_is_no_answer_is_a_violation_without_the_uid(reply: str) -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError) as caught:
            await reader_on(bus).poll()

        assert "DE AD" not in str(caught.value)

    with_bus(scripted(SET_UP | {SEARCH: reply}), act)


def test_a_lost_answer_is_asked_for_again() -> None:
    simulator = Simulator(Simulator.Settings())
    simulator.act("present", {"uid": "DEADBEEF"})
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        line.answer = lambda _: []
        poll = asyncio.ensure_future(reader.poll())
        await line.until_sent(4)
        line.answer = answers_of(simulator)

        assert await poll == [CARD_READ]

    with_bus(line, act)


def test_a_uid_can_be_cloned_and_says_so() -> None:
    assert CARD_READ.kind.can_be_cloned


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"timeout_s": 0}, "timeout_s is above 0 and at most 5, not 0"),
        ({"timeout_s": float("nan")}, "timeout_s is above 0 and at most 5, not nan"),
        ({"timeout_s": -1.0}, "timeout_s is above 0 and at most 5, not -1"),
        ({"attempt_count": 0}, r"attempt_count is 1\.\.10, not 0"),
        ({"attempt_count": 11}, r"attempt_count is 1\.\.10, not 11"),
        ({"hold_s": 0.1}, r"hold_s is 0\.2\.\.60, not 0\.1"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^pn532: {message}"):
        Pn532.Settings(**setting)  # type: ignore[arg-type]  # wrong values are the test
