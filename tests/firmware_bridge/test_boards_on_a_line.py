"""Boards with addresses, and Modbus units, on one line."""

import asyncio
from pathlib import Path

import pytest

from drivers.base import BoardIdentity, CredentialRead, DeviceUnreachableError, InputChanged
from drivers.bus import Bus
from drivers.simulators.line import SimulatedLine
from drivers.simulators.waveshare_relay import Simulator as Relays
from drivers.waveshare_relay import WaveshareRelay
from firmware_bridge.board import Board
from firmware_bridge.board_settings import BoardSettings
from tests.firmware_bridge.boards import LineOfBoards

PATIENCE_S = 5.0


def relays() -> Relays:
    return Relays(Relays.Settings(unit_id=(1,)))


def board_at(bus: Bus, address: int, *, timeout_s: float = 0.5, attempt_count: int = 3) -> Board:
    settings = BoardSettings(
        address=address, timeout_s=timeout_s, attempt_count=attempt_count, watchdog_s=0.0
    )
    return Board(bus, settings)


def test_boards_and_modbus_units_share_a_line() -> None:
    line = LineOfBoards(relays(), address=(1, 18))

    async def act(bus: Bus) -> tuple[list[str], list[str], int]:
        boards = [board_at(bus, 1), board_at(bus, 18)]
        relay = WaveshareRelay(bus, WaveshareRelay.Settings(unit_id=1))
        for board in boards:
            await board.start()
        names, cards = [], []
        line.simulator.do_swipe(18, 0, "7B", 26)
        for board in boards:
            found = await board.poll()
            names += [each.serial_number for each in found if isinstance(each, BoardIdentity)]
        for n in range(3):
            await relay.set_output(n, on=True)
            line.simulator.do_swipe(18, 0, f"{n:X}", 26)
            for board in boards:
                found = await board.poll()
                cards += [each.number for each in found if isinstance(each, CredentialRead)]
        return names, cards, sum(bus.counts(unit_id).noise for unit_id in bus.units)

    names, cards, noise_count = line.run(act)

    assert names == ["SIM-0001-1", "SIM-0001-18"]
    assert cards == ["0000000", "0000001", "0000002"]
    assert noise_count == 0


def test_a_command_is_for_the_board_with_its_address_alone() -> None:
    line = LineOfBoards(address=(1, 2))

    async def act(bus: Bus) -> None:
        await board_at(bus, 2).set_output(0, on=True)

    line.run(act)
    boards = line.simulator.state()["boards"]

    assert [boards[address]["outputs"][0] for address in ("1", "2")] == [False, True]


def test_a_board_that_is_dead_is_asked_once_and_the_others_go_on() -> None:
    line = LineOfBoards(relays(), address=(1, 2))
    line.simulator.do_power(2, on=False)

    async def act(bus: Bus) -> tuple[int, int]:
        living, dead = board_at(bus, 1), board_at(bus, 2)
        await living.start()
        with pytest.raises(DeviceUnreachableError):
            await dead.start()
        before = line.requests
        with pytest.raises(DeviceUnreachableError):
            await dead.start()
        asked = line.requests - before
        return asked, sum(isinstance(each, InputChanged) for each in await living.poll())

    assert line.run(act) == (1, 4)


def test_a_command_does_not_wait_for_a_board_that_is_dead(tmp_path: Path) -> None:
    simulated = LineOfBoards(address=(1, 2)).simulator
    simulated.do_power(2, on=False)
    line = SimulatedLine(simulated, relays())

    async def act(bus: Bus) -> float:
        relay = WaveshareRelay(bus, WaveshareRelay.Settings(unit_id=1))
        with pytest.raises(DeviceUnreachableError):
            await board_at(bus, 2, timeout_s=0.05, attempt_count=1).start()
        sent = sent_by(bus)
        probe = asyncio.create_task(board_at(bus, 2, timeout_s=PATIENCE_S, attempt_count=1).start())
        await sent.wait()
        began_s = bus.monotonic()
        await relay.set_output(0, on=True)
        took_s = bus.monotonic() - began_s
        await asyncio.gather(probe, return_exceptions=True)
        return took_s

    async def run() -> float:
        bus = Bus(line.start_serial(tmp_path / "line"), baudrate=115_200)
        try:
            return await act(bus)
        finally:
            await bus.close()

    try:
        took_s = asyncio.run(run())
    finally:
        line.stop()

    assert took_s < PATIENCE_S / 2


def sent_by(bus: Bus) -> asyncio.Event:
    """Return what is set when the next request is on the line."""
    loop, sent = asyncio.get_running_loop(), asyncio.Event()

    def tap(at_s: float, *, is_sent: bool, data: bytes) -> None:
        if is_sent and data:
            loop.call_soon_threadsafe(sent.set)

    bus.tap(tap)
    return sent
