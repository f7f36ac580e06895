"""Values that are wrong although no error was raised: ours and pymodbus alone on the same bad line.

A register's value is a function of its address, so a reply to another request shows at once.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pymodbus.client import AsyncModbusSerialClient

from drivers.base import DriverError
from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.line import Faults, SimulatedLine
from drivers.simulators.modbus_stations import ModbusStations
from drivers.simulators.virtual import VirtualLine

SHARE: Final = 0.01
"""Of late replies, of noise, of drops, and of callers who leave."""
UNIT_COUNT, ADDRESS_COUNT, REGISTERS_MAX = 2, 1000, 4
TIMEOUT_S, REPLY_TIME_S_MAX = 0.1, 0.5
IN_FLIGHT, PTY_BAUD = 4, 19_200


def value(unit_id: int, address: int) -> int:
    """Return what a register holds."""
    return (unit_id * 7919 + address * 31) & 0xFFFF


class KnownRegisters:
    """A station whose registers are known."""

    def reply_to(self, request: rtu.Request) -> bytes:
        """See ``Station``."""
        addresses = range(request.address, request.address + request.count_or_value)
        values = [value(request.unit_id, address) for address in addresses]
        return rtu.encode_reply(request, rtu.encode_registers(values))

    def step(self, dt_s: float) -> None:
        """Nothing changes."""


def stations() -> ModbusStations[KnownRegisters]:
    """Return the far end."""
    return ModbusStations({unit_id: KnownRegisters() for unit_id in range(1, UNIT_COUNT + 1)})


class BadLine:
    """The answers of a line on which things go wrong, each in one of a hundred exchanges."""

    def __init__(self, seed: int) -> None:
        self._stations, self._dice = stations(), random.Random(seed)  # noqa: S311 - repeatable
        self._faults = Faults(seed)
        for kind in ("noise", "drop"):
            self._faults.set(kind, on=True, probability=SHARE)

    def __call__(self, data: bytes) -> list[tuple[float, bytes]]:
        """Return what comes back, and when."""
        answers = []
        for reply in self._stations.receive_data(data):
            late_s = 0.0
            if self._dice.random() < SHARE:
                late_s = self._dice.uniform(0.5 * TIMEOUT_S, REPLY_TIME_S_MAX)
            for delay_s, piece in self._faults.apply(reply, b""):
                answers.append((delay_s + late_s, piece))
        return answers


async def wrong_values(exchanges: int, *, seed: int = 1) -> int:
    """Return how many values of so many exchanges were wrong; in memory, in simulated time."""
    clock = VirtualClock()
    line = VirtualLine(clock, BadLine(seed))
    bus = Bus("memory", reply_time_s_max=REPLY_TIME_S_MAX, opener=line.open, clock=clock)
    try:
        return await _ask_many(bus, exchanges, random.Random(seed))  # noqa: S311 - repeatable
    finally:
        await bus.close()


async def wrong_values_on_a_pty(exchanges: int, *, seed: int = 1) -> int:
    """Return the same over a real pseudo-terminal, in real time."""
    with _pty_line(seed) as port:
        bus = Bus(port, baudrate=PTY_BAUD, reply_time_s_max=REPLY_TIME_S_MAX)
        try:
            return await _ask_many(bus, exchanges, random.Random(seed))  # noqa: S311 - repeatable
        finally:
            await bus.close()


async def _ask_many(bus: Bus, exchanges: int, dice: random.Random) -> int:
    wrong = 0

    async def asker(count: int) -> None:
        nonlocal wrong
        for _ in range(count):
            is_wrong = await _ask(bus, dice)  # others count while this one waits
            wrong += is_wrong

    await asyncio.gather(*(asker(exchanges // IN_FLIGHT) for _ in range(IN_FLIGHT)))
    return wrong


async def _ask(bus: Bus, dice: random.Random) -> bool:
    """Ask for some registers; returns whether what came is wrong."""
    unit_id, address = dice.randint(1, UNIT_COUNT), dice.randrange(ADDRESS_COUNT)
    count = dice.randint(1, REGISTERS_MAX)
    request = rtu.encode_read_input_registers(unit_id, address=address, count=count)
    exchange = bus.exchange(
        request.frame, rtu.ReplyDecoder(request), unit_id=unit_id, timeout_s=TIMEOUT_S
    )
    try:
        if dice.random() < SHARE:
            task = asyncio.ensure_future(exchange)
            await asyncio.sleep(0)
            task.cancel()
            reply = await task
        else:
            reply = await exchange
    except (DriverError, asyncio.CancelledError):
        return False
    expected = tuple(value(unit_id, address + index) for index in range(count))
    return reply.registers != expected


async def wrong_values_of_pymodbus(exchanges: int, *, seed: int = 1) -> int:
    """Return the same for pymodbus alone, with its defaults but for a shorter time-out."""
    dice, wrong = random.Random(seed), 0  # noqa: S311 - repeatable
    with _pty_line(seed) as port:
        client = AsyncModbusSerialClient(port, baudrate=PTY_BAUD, timeout=TIMEOUT_S)
        await client.connect()
        for _ in range(exchanges):
            unit_id, address = dice.randint(1, UNIT_COUNT), dice.randrange(ADDRESS_COUNT)
            count = dice.randint(1, REGISTERS_MAX)
            reading = asyncio.ensure_future(
                client.read_input_registers(address, count=count, device_id=unit_id)
            )
            if dice.random() < SHARE:
                await asyncio.sleep(0)
                reading.cancel()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                reply = await reading
                if not reply.isError():
                    expected = [value(unit_id, address + index) for index in range(count)]
                    wrong += list(reply.registers) != expected
        client.close()
    return wrong


@contextlib.contextmanager
def _pty_line(seed: int) -> Iterator[str]:
    with TemporaryDirectory(prefix="menshen-") as folder:
        line = SimulatedLine(stations(), baudrate=PTY_BAUD, seed=seed)
        for kind in ("noise", "drop", "late"):
            line.set_fault({"kind": kind, "probability": SHARE})
        try:
            yield line.start_serial(Path(folder) / "line")
        finally:
            line.stop()
