import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    InputChanged,
    OutputBoard,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.line import SimulatedLine
from drivers.simulators.waveshare_relay import Simulator, Station
from drivers.waveshare_relay import WaveshareRelay
from tests.drivers.lines import LineInMemory, with_bus

MANUAL_FRAMES = {
    "relay 1 on": ("01 05 00 00 FF 00 8C 3A", 0, 0xFF00),
    "relay 1 closed for 700 ms": ("01 05 02 00 00 07 8D B0", 0x0200, 7),
}


class Board:
    """A board on a real pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self.simulator = Simulator(Simulator.Settings())
        self.station: Station = self.simulator.stations[1]
        self.line = SimulatedLine(self.simulator)
        self.port = self.line.start_serial(folder / "board")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    yield board
    board.line.stop()


@asynccontextmanager
async def driver_of(board: Board, *, timeout_s: float) -> AsyncIterator[WaveshareRelay]:
    bus = Bus(board.port)
    try:
        yield WaveshareRelay(bus, WaveshareRelay.Settings(timeout_s=timeout_s))
    finally:
        await bus.close()


def with_driver(
    board: Board, act: Callable[[WaveshareRelay], Awaitable[None]], *, timeout_s: float = 2.0
) -> None:
    async def run() -> None:
        async with asyncio.timeout(60):
            async with driver_of(board, timeout_s=timeout_s) as driver:
                await act(driver)

    asyncio.run(run())


@pytest.mark.parametrize(("frame", "address", "value"), MANUAL_FRAMES.values(), ids=MANUAL_FRAMES)
def test_frames_are_the_manual_s(frame: str, address: int, value: int) -> None:
    assert rtu.encode_write_coil(1, address=address, value=value).frame == bytes.fromhex(frame)


def test_it_is_an_output_board() -> None:
    assert isinstance(WaveshareRelay(Bus("none"), WaveshareRelay.Settings()), OutputBoard)


def test_the_first_poll_reports_all_inputs_and_the_next_what_changed(board: Board) -> None:
    async def act(driver: WaveshareRelay) -> None:
        first = await driver.poll()
        board.simulator.act("input", {"channel": 3, "on": True})

        assert [o.active for o in first if isinstance(o, InputChanged)] == [False] * 8
        assert await driver.poll() == [InputChanged(3, active=True)]
        assert await driver.poll() == []

    with_driver(board, act)


def test_an_output_is_switched_and_read_back(board: Board) -> None:
    async def act(driver: WaveshareRelay) -> None:
        await driver.set_output(5, on=True)
        assert board.station.outputs == [number == 5 for number in range(8)]

        await driver.set_output(5, on=False)
        assert board.station.outputs == [False] * 8

    with_driver(board, act)


def test_a_pulse_ends_although_nobody_speaks_to_the_board_any_more(board: Board) -> None:
    async def act(driver: WaveshareRelay) -> None:
        await driver.pulse_output(2, duration_s=1.0)
        assert board.station.outputs[2]

    with_driver(board, act)

    deadline_s = time.monotonic() + 60
    while board.station.outputs[2] and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not board.station.outputs[2]


class StuckStation(Station):
    """Acknowledges everything; its relays do not move."""

    def _write(self, address: int, value: int) -> int | None:
        return None


def test_a_relay_that_does_not_move_is_no_success(board: Board) -> None:
    board.simulator.stations[1] = StuckStation()

    async def act(driver: WaveshareRelay) -> None:
        with pytest.raises(ProtocolViolationError, match="00000000 after the command"):
            await driver.set_output(0, on=True)
        with pytest.raises(ProtocolViolationError, match="00000000 after the command"):
            await driver.pulse_output(0, duration_s=5.0)

    with_driver(board, act)


class EchoOfDeadBoard(Station):
    """A dead board behind an adapter that returns what is sent."""

    def reply_to(self, request: rtu.Request) -> bytes:
        return request.frame


def test_an_echoing_adapter_of_a_dead_board_confirms_nothing(board: Board) -> None:
    board.simulator.stations[1] = EchoOfDeadBoard()

    async def act(driver: WaveshareRelay) -> None:
        with pytest.raises(DeviceUnreachableError, match="is not known"):
            await driver.pulse_output(0, duration_s=0.1)

    with_driver(board, act, timeout_s=0.1)


FLASH = rtu.encode_write_coil(1, address=0x0200, value=5).frame


class LosesAcknowledgements:
    """A board that hears everything, and whose first answers to pulses are lost."""

    def __init__(self, lost_count: int, *, is_deaf: bool = False, takes_s: float = 0.0) -> None:
        self.station, self.now_s = Station(), 0.0
        self.flash_count, self._lost_count = 0, lost_count
        self._is_deaf, self._takes_s = is_deaf, takes_s

    def answer(self, data: bytes) -> list[tuple[float, bytes]]:
        """Let time pass, and answer or not; an argument of ``LineInMemory``."""
        is_flash = data == FLASH
        self.flash_count += is_flash
        is_lost = is_flash and self.flash_count <= self._lost_count
        if is_lost and self._is_deaf:
            return []
        decoder = rtu.RequestDecoder()
        decoder.receive_data(data)
        request = decoder.next_frame()
        assert isinstance(request, rtu.Request)
        reply = self.station.reply_to(request)
        if is_lost:
            self.now_s += self._takes_s
            self.station.step(self._takes_s)
        return [] if is_lost else [(0.0, reply)]


def pulsed(board: LosesAcknowledgements) -> CommandReceipt:
    receipts: list[CommandReceipt] = []

    async def act(bus: Bus) -> None:
        settings = WaveshareRelay.Settings(timeout_s=0.02)
        relay = WaveshareRelay(bus, settings, monotonic=lambda: board.now_s)
        receipts.append(await relay.pulse_output(0, duration_s=0.5))

    with_bus(LineInMemory(board.answer), act)
    return receipts[0]


def test_a_pulse_whose_acknowledgement_is_lost_is_seen_on_the_relay_and_not_given_again() -> None:
    board = LosesAcknowledgements(1)

    assert pulsed(board).attempts == 1
    assert board.flash_count == 1


def test_a_pulse_that_surely_was_not_given_is_given_again() -> None:
    board = LosesAcknowledgements(1, is_deaf=True)

    assert pulsed(board).attempts == 2
    assert board.station.outputs[0]


def test_a_pulse_that_may_already_be_over_is_not_given_again() -> None:
    board = LosesAcknowledgements(1, takes_s=0.6)

    with pytest.raises(DeviceUnreachableError, match="relay 0 gave its pulse is not known"):
        pulsed(board)
    assert board.flash_count == 1


def test_a_refusal_carries_the_board_s_code_and_is_not_repeated(board: Board) -> None:
    board.simulator.act("refuse", {"code": 4})

    async def act(driver: WaveshareRelay) -> None:
        with pytest.raises(CommandRejectedError, match="server device failure") as caught:
            await driver.set_output(0, on=True)

        assert caught.value.code == 4

    with_driver(board, act)


def test_a_silent_board_is_unreachable(board: Board) -> None:
    board.line.set_fault({"kind": "mute"})

    async def act(driver: WaveshareRelay) -> None:
        with pytest.raises(DeviceUnreachableError):
            await driver.set_output(0, on=True)

    with_driver(board, act, timeout_s=0.1)


@pytest.mark.parametrize(
    ("channel", "duration_s"), [(-1, 1.0), (8, 1.0), (0, 0.0), (0, -1.0), (0, 3277.0)]
)
def test_our_own_mistakes_are_value_errors(channel: int, duration_s: float) -> None:
    relay = WaveshareRelay(Bus("none"), WaveshareRelay.Settings())

    with pytest.raises(ValueError, match=r"channel is|a pulse lasts"):
        asyncio.run(relay.pulse_output(channel, duration_s=duration_s))


@pytest.mark.parametrize(
    ("address", "values", "outputs"),
    [
        (0x00FF, [0xFF00], [True] * 8),
        (0x00FF, [0xFF00, 0x0000], [False] * 8),
        (0x0001, [0x5500], [False, True] + [False] * 6),
        (0x0001, [0x5500, 0x5500], [False] * 8),
    ],
)
def test_the_simulated_board_knows_all_at_once_and_toggle(
    address: int, values: Sequence[int], outputs: Sequence[bool]
) -> None:
    station = Station()

    for value in values:
        request = rtu.encode_write_coil(1, address=address, value=value)
        assert station.reply_to(request) == request.frame

    assert station.outputs == outputs


def test_the_simulated_board_s_flash_has_its_own_time() -> None:
    station = Station()
    station.reply_to(rtu.encode_write_coil(1, address=0x0203, value=7))

    station.step(0.69)
    was_closed = station.outputs[3]
    station.step(0.02)

    assert (was_closed, station.outputs[3]) == (True, False)


@pytest.mark.parametrize(
    ("address", "value", "code"), [(8, 0xFF00, 2), (0x0208, 1, 2), (0, 0x1234, 3), (0x0200, 0, 3)]
)
def test_the_simulated_board_refuses_what_it_does_not_know(
    address: int, value: int, code: int
) -> None:
    request = rtu.encode_write_coil(1, address=address, value=value)

    assert Station().reply_to(request) == rtu.encode_exception(request, code)
