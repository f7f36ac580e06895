"""Boards share a line with Modbus devices and with each other: bytes over real ports."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

import pytest

from drivers.bus import Bus, Priority
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.far_end import FarEnd
from drivers.simulators.line import Faults, SimulatedLine
from drivers.simulators.virtual import answers
from drivers.simulators.waveshare_relay import Simulator as Relay
from firmware_bridge.client import BoardClient
from tests.firmware_bridge.scripted import ScriptedBoard, on_a_line

UNIT = 1
TIMEOUT_S = 10.0
"""A busy machine is no fault of the line's."""


def numbered(address: int) -> ScriptedBoard:
    """Return a board whose start has its address' number, and that takes what is uploaded."""
    taken = bytearray()

    def upload(values: dict[str, object]) -> dict[str, object]:
        data = values["data"]
        if values["off"] == len(taken) and isinstance(data, bytes):
            taken.extend(data)
        return {"off": len(taken)}

    return ScriptedBoard(
        {
            (877, 1): lambda _: {"boot": address + 1},
            (0, 6): lambda _: {"buf_size": 1024, "buf_count": 1},
            (1, 1): upload,
        },
        address=address,
    )


@pytest.fixture
def start() -> Iterator[Callable[[Sequence[FarEnd]], SimulatedLine]]:
    lines: list[SimulatedLine] = []

    def started(far_ends: Sequence[FarEnd]) -> SimulatedLine:
        lines.append(SimulatedLine(*far_ends))
        return lines[-1]

    yield started
    for line in lines:
        line.stop()


def run(port: str, act: Callable[[Bus], Awaitable[None]]) -> Bus:
    async def with_bus() -> Bus:
        bus = Bus(port, baudrate=115_200)
        try:
            await asyncio.wait_for(act(bus), 60)
        finally:
            await bus.close()
        return bus

    return asyncio.run(with_bus())


async def coils(bus: Bus) -> int:
    """Return the relays of the Modbus device."""
    request = rtu.encode_read_coils(UNIT, address=0, count=8)
    reply = await bus.exchange(
        request.frame, rtu.ReplyDecoder(request), unit_id=UNIT, timeout_s=TIMEOUT_S
    )
    return reply.payload[-1]


Start = Callable[[Sequence[FarEnd]], SimulatedLine]


def test_a_board_is_updated_between_modbus_traffic(start: Start) -> None:
    board = numbered(0)
    port = start([Relay(Relay.Settings()), board]).start_serial()
    image = bytes(20_000)
    polled_count = 0

    async def poll(bus: Bus) -> None:
        nonlocal polled_count
        while True:
            await coils(bus)
            polled_count += 1

    async def act(bus: Bus) -> None:
        polling = asyncio.create_task(poll(bus))
        await BoardClient(bus, timeout_s=TIMEOUT_S).upload(image)
        polling.cancel()

    bus = run(port, act)

    uploads = [values for group, _, values in board.heard if group == 1]
    assert sum(len(values["data"]) for values in uploads) == len(image)
    assert polled_count >= len(uploads) - 1
    assert [bus.counts(unit).timed_out for unit in bus.units] == [0, 0]
    assert [bus.counts(unit).noise for unit in bus.units] == [0, 0]


def test_boards_on_one_line_answer_for_themselves_alone(start: Start) -> None:
    boards = [numbered(address) for address in (1, 2, 247)]
    port = start([Relay(Relay.Settings()), *boards]).start_serial()

    async def act(bus: Bus) -> None:
        clients = [BoardClient(bus, address=a, timeout_s=TIMEOUT_S) for a in (1, 2, 247)]
        states = await asyncio.gather(*(client.state() for client in clients))
        assert [state.boot for state in states] == [2, 3, 248]
        assert await coils(bus) == 0

    run(port, act)
    assert [len(board.heard) for board in boards] == [1, 1, 1]


def test_a_command_for_a_gate_goes_before_the_next_packet(start: Start) -> None:
    board = numbered(0)
    port = start([Relay(Relay.Settings()), board]).start_serial()
    offsets: list[int] = []

    async def act(bus: Bus) -> None:
        async def urgent() -> int:
            request = rtu.encode_read_coils(UNIT, address=0, count=8)
            await bus.exchange(
                request.frame,
                rtu.ReplyDecoder(request),
                unit_id=UNIT,
                timeout_s=TIMEOUT_S,
                priority=Priority.COMMAND,
            )
            return len(offsets)

        client = BoardClient(bus, timeout_s=TIMEOUT_S)
        begins = asyncio.Event()

        def told(offset: int) -> None:
            offsets.append(offset)
            begins.set()

        uploading = asyncio.create_task(client.upload(bytes(50_000), on_progress=told))
        await begins.wait()
        begun = len(offsets)
        assert await urgent() - begun <= 2
        await uploading

    run(port, act)


def test_a_board_is_reached_over_udp(start: Start) -> None:
    board = ScriptedBoard({(877, 1): lambda _: {"boot": 9}}, is_datagram=True)
    address = start([board]).start_udp("127.0.0.1", 0)

    async def act(bus: Bus) -> None:
        assert (await BoardClient(bus, timeout_s=TIMEOUT_S).state()).boot == 9

    run(f"udp://{address}", act)


def test_a_board_is_reached_through_a_device_server(start: Start) -> None:
    address = start([numbered(3)]).start_tcp("127.0.0.1", 0)

    async def act(bus: Bus) -> None:
        assert (await BoardClient(bus, address=3, timeout_s=TIMEOUT_S).state()).boot == 4

    run(f"socket://{address}", act)


def test_a_client_lives_with_a_bad_line() -> None:
    board, faults = numbered(0), Faults()
    for kind in ("babble", "duplicate", "foreign", "noise", "truncate", "late"):
        faults.set(kind, on=True, probability=0.1)

    async def act(client: BoardClient) -> None:
        for _ in range(200):
            assert (await client.state()).boot == 1

    on_a_line(board, act, answer=answers(board, faults), attempt_count=10)
    assert all(faults.struck.values())
