"""UHPPOTE controllers: packets, events by their index, and ``uhppoted`` as an independent peer."""

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import encode as peer_encode
from uhppoted.uhppote import Uhppote as Peer

from drivers.base import (
    AccessReported,
    CommandRejectedError,
    CredentialKind,
    DeviceUnreachableError,
    DoorMonitorChanged,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.protocols import FrameError
from drivers.protocols.uhppote import (
    GET_DOOR,
    GET_STATUS,
    OPEN_DOOR,
    SET_DOOR,
    DoorMode,
    DoorSetUp,
    Event,
    Packet,
    PacketDecoder,
    ReplyDecoder,
    decode_time,
    encode,
    encode_event,
    encode_time,
)
from drivers.simulation import Simulation
from drivers.simulators.uhppote import Simulator
from drivers.uhppote import FETCH_COUNT_MAX, Uhppote
from tests.drivers.heard import frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

SERIAL = 405419896
NOON = datetime(2026, 11, 23, 12, 0, 0)  # noqa: DTZ001 - the controller's own clock


def test_our_request_is_the_independent_library_s_byte_for_byte() -> None:
    assert encode(Packet(OPEN_DOOR, SERIAL, b"\x03")) == peer_encode.open_door_request(SERIAL, 3)
    assert encode(Packet(GET_STATUS, SERIAL, b"")) == peer_encode.get_status_request(SERIAL)


def test_a_door_s_mode_is_asked_and_set_as_the_independent_library_does() -> None:
    wanted = DoorSetUp(3, DoorMode.NORMALLY_OPEN, 7)

    ours = encode(Packet(SET_DOOR, SERIAL, wanted.to_bytes()))

    assert ours == peer_encode.set_door_control_request(SERIAL, 3, 1, 7)
    assert encode(Packet(GET_DOOR, SERIAL, b"\3")) == peer_encode.get_door_control_request(
        SERIAL, 3
    )


def test_a_question_that_comes_back_is_no_answer() -> None:
    question = Packet(GET_STATUS, SERIAL, b"")

    frames, refusals = frames_of(ReplyDecoder(question), [encode(question)])

    assert (frames, refusals) == ([], ["our own question came back"])


@given(
    event=st.builds(
        Event,
        st.integers(0, 2**32 - 1),
        st.integers(0, 255),
        st.booleans(),
        st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 2**32 - 1),
        st.none() | st.datetimes(datetime(2000, 1, 1)).map(lambda t: t.replace(microsecond=0)),  # noqa: DTZ001 - as above
        st.integers(0, 255),
    )
)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    (packet,), _ = frames_of(PacketDecoder(), [encode(Packet(0xB0, 1, encode_event(event)))])

    assert packet.event == event


def test_an_event_of_firmware_6_62_has_another_first_byte() -> None:
    raw = b"\x19" + encode(Packet(GET_STATUS, SERIAL, b""))[1:]

    assert frames_of(PacketDecoder(), [raw])[0] == [Packet(GET_STATUS, SERIAL, bytes(56))]


@pytest.mark.parametrize("raw", [b"", b"\x17", bytes(64), b"\x17" + bytes(64)])
def test_a_datagram_that_is_no_packet_is_thrown_away(raw: bytes) -> None:
    assert frames_of(PacketDecoder(), [raw])[0] == []


@pytest.mark.parametrize("size_bytes", [63, 65, 72, 128])
def test_a_record_of_another_firmware_s_size_is_refused_and_never_read_as_ours(
    size_bytes: int,
) -> None:
    record = encode(Packet(GET_STATUS, SERIAL, encode_event(Event(7, 1, True, 1, 1, 8, NOON, 1))))
    raw = (record + bytes(64))[:size_bytes]

    frames, (refusal,) = frames_of(PacketDecoder(), [raw])

    assert frames == []
    assert f"no packet of a controller: {size_bytes} bytes" in refusal


def test_a_time_that_is_none_is_refused() -> None:
    assert decode_time(encode_time(NOON)) == NOON
    with pytest.raises(FrameError, match="no time"):
        decode_time(bytes.fromhex("20 26 13 40 99 99 99"))


def controller() -> Simulator:
    return Simulator(Simulator.Settings())


def reported(index: int, card: int, *, door: int = 0, granted: bool = True) -> AccessReported:
    return AccessReported(index, door, granted, CredentialKind.WIEGAND, str(card))


def bare(report: object) -> AccessReported:
    """Return a report without the words and the time of the controller."""
    assert isinstance(report, AccessReported)
    return dataclasses.replace(report, device_time=None, reason="")


def test_events_are_told_by_index_none_twice_and_none_from_before() -> None:
    simulator = controller()
    simulator.act("swipe", {"card": 1})

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings())
        await driver.start()
        assert await driver.poll() == []
        simulator.act("swipe", {"card": 2})
        simulator.act("swipe", {"card": 3, "door": 4, "granted": False})
        found = [bare(report) for report in await driver.poll()]

        assert found == [reported(2, 2), reported(3, 3, door=3, granted=False)]
        assert await driver.poll() == []

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_what_happened_while_we_were_away_is_fetched_a_few_at_a_time() -> None:
    simulator = controller()

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings())
        await driver.start()
        for card in range(1, 9):
            simulator.act("swipe", {"card": card})
        await driver.start()
        first, second = await driver.poll(), await driver.poll()

        assert len(first) == FETCH_COUNT_MAX
        assert [bare(r).index for r in (*first, *second)] == list(range(1, 9))

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_card_s_number_is_in_no_text_of_its_report() -> None:
    assert "8165538" not in repr(reported(1, 8165538))


def test_a_door_s_contact_is_told_when_it_changes() -> None:
    simulator = controller()

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings())
        assert await driver.poll() == []
        simulator.act("door", {"door": 3})
        assert await driver.poll() == [DoorMonitorChanged(2, is_open=True)]
        simulator.act("door", {"door": 3, "on": False})

        assert await driver.poll() == [DoorMonitorChanged(2, is_open=False)]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_door_is_opened_once_even_if_the_answer_is_lost() -> None:
    simulator = controller()

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings(timeout_s=0.02))
        with pytest.raises(DeviceUnreachableError):
            await driver.access_door(0)

        assert simulator.opened_count == 1

    def deaf(data: bytes) -> list[tuple[float, bytes]]:
        simulator.receive_data(data)
        return []

    with_bus(LineInMemory(deaf), act)


def test_a_door_is_kept_open_and_treats_people_as_before_afterwards() -> None:
    simulator = controller()
    simulator.doors[1] = before = DoorSetUp(2, DoorMode.NORMALLY_CLOSED, 9)

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings())
        await driver.lock_open_door(1)
        await driver.lock_open_door(1)
        assert simulator.doors[1] == DoorSetUp(2, DoorMode.NORMALLY_OPEN, 9)
        assert await driver.poll() == [DoorMonitorChanged(1, is_open=True)]
        await driver.end_lock_open_door(1)

        assert simulator.doors[1] == before

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_door_that_another_process_kept_open_is_controlled_afterwards() -> None:
    simulator = controller()
    simulator.doors[0] = DoorSetUp(1, DoorMode.NORMALLY_OPEN, 5)

    async def act(bus: Bus) -> None:
        await Uhppote(bus, Uhppote.Settings()).end_lock_open_door(0)

        assert simulator.doors[0] == DoorSetUp(1, DoorMode.CONTROLLED, 5)

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_controller_that_keeps_its_mode_does_not_confirm_that_a_door_stands_open() -> None:
    simulator = controller()

    def stubborn(data: bytes) -> list[tuple[float, bytes]]:
        answer = list(answers_of(simulator)(data))
        simulator.doors[0] = DoorSetUp(1, DoorMode.CONTROLLED, 5)
        return answer

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="did not keep mode 1 of door 0"):
            await Uhppote(bus, Uhppote.Settings()).lock_open_door(0)

    with_bus(LineInMemory(stubborn), act)


def test_a_controller_without_that_door_refuses_to_keep_it_open() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="has no door 3"):
            await Uhppote(bus, Uhppote.Settings()).lock_open_door(3)

    with_bus(LineInMemory(lambda _: [(0.0, encode(Packet(GET_DOOR, SERIAL, bytes(3))))]), act)


def test_a_door_that_is_none_is_our_mistake_and_a_refusal_is_the_controller_s() -> None:
    refusal = encode(Packet(OPEN_DOOR, SERIAL, b"\0"))

    async def act(bus: Bus) -> None:
        driver = Uhppote(bus, Uhppote.Settings())
        with pytest.raises(ValueError, match="door is 0"):
            await driver.access_door(4)
        with pytest.raises(CommandRejectedError, match="does not open 1"):
            await driver.access_door(1)

    with_bus(LineInMemory(lambda _: [(0.0, refusal)]), act)


def test_the_clock_is_set_and_read_back() -> None:
    async def act(bus: Bus) -> None:
        await Uhppote(bus, Uhppote.Settings()).set_time(NOON)

    with_bus(LineInMemory(answers_of(controller())), act)


def test_a_status_with_a_time_that_is_none_is_not_believed() -> None:
    body = bytes(12) + b"\xff" * 7 + bytes(37)
    status = encode(Packet(GET_STATUS, SERIAL, body))

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="no time"):
            await Uhppote(bus, Uhppote.Settings(attempt_count=1)).start()

    with_bus(LineInMemory(lambda _: [(0.0, status)]), act)


@pytest.mark.parametrize("settings", [{"serial": 0}, {"serial": 2**32}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="uhppote: serial is"):
        Uhppote.Settings(**settings)


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation("uhppote") as simulation:
        yield simulation


def test_the_independent_library_finds_our_simulator_a_controller(simulation: Simulation) -> None:
    peer = Peer(bind="127.0.0.1", broadcast=simulation.address, listen="127.0.0.1:60001")
    there = (SERIAL, simulation.address, "udp")
    simulation.act("swipe", {"card": 8165538, "door": 2})

    opened = peer.open_door(there, 3)
    status, event = peer.get_status(there), peer.get_event(there, 1)
    held = peer.set_door_control(there, 2, 1, 9)
    told = peer.set_time(there, NOON)

    assert opened.opened
    assert (status.door_3_open, status.event_index, status.event_card) == (True, 1, 8165538)
    assert (event.index, event.door, event.access_granted) == (1, 2, True)
    assert told.datetime == NOON
    assert (held.door, held.mode, held.delay) == (2, 1, 9)
    assert peer.get_door_control(there, 2).mode == 1


def test_our_driver_opens_a_door_over_real_datagrams(simulation: Simulation) -> None:
    async def act() -> None:
        bus = Bus(simulation.driver_port)
        try:
            driver = Uhppote(bus, Uhppote.Settings())
            await driver.start()
            await driver.access_door(0)
            assert await driver.poll() == [DoorMonitorChanged(0, is_open=True)]
        finally:
            await bus.close()

    asyncio.run(act())
