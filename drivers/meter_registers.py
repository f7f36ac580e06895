"""What meters with Modbus registers share: reading in batches, and doubting what cannot be."""

from collections.abc import Sequence
from decimal import Decimal

from drivers import modbus_device
from drivers.base import Observation, ProtocolViolationError, ReadingChanged
from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from drivers.register_map import FUNCTIONS, Batch, ImplausibleError, Point, batches

ENCODERS = {
    FUNCTIONS["holding"]: rtu.encode_read_holding_registers,
    FUNCTIONS["input"]: rtu.encode_read_input_registers,
}


class MeterRegisters:
    """The points of one meter; one batch a poll, so that a command waits for one exchange."""

    def __init__(
        self,
        bus: Bus,
        points: Sequence[Point],
        *,
        unit_id: int,
        timeout_s: float,
        attempt_count: int,
    ) -> None:
        self._bus, self._unit_id = bus, unit_id
        self._timeout_s, self._attempt_count = timeout_s, attempt_count
        self._batches = batches(points)
        self._units = {point.quantity: point.unit for point in points}
        self._values: dict[str, Decimal] = {}
        self._turn = 0

    def forget(self) -> None:
        """Take what was known as stale: the next readings are reported whether new or not."""
        self._values.clear()
        self._turn = 0

    async def read_one(self) -> None:
        """Read the first batch: whether the meter answers, and sense.

        Raises:
            DriverError: It does not.
        """
        await self._read(self._batches[0])

    async def changes(self) -> list[Observation]:
        """Read the next batch, or all of them the first time; return what differs.

        Raises:
            DriverError: The meter does not answer, or what cannot be; then nothing is believed.
        """
        turns = self._batches if not self._values else [self._batches[self._turn]]
        found: dict[str, Decimal] = {}
        for batch in turns:
            found |= await self._read(batch)
        self._turn = (self._turn + 1) % len(self._batches)
        changed = {q: value for q, value in found.items() if self._values.get(q) != value}
        self._values |= found
        return [ReadingChanged(q, value, self._units[q]) for q, value in changed.items()]

    async def _read(self, batch: Batch) -> dict[str, Decimal]:
        request = ENCODERS[batch.function](self._unit_id, address=batch.address, count=batch.count)
        reply = await modbus_device.exchange(
            self._bus, request, timeout_s=self._timeout_s, attempt_count=self._attempt_count
        )
        try:
            return batch.values(reply.registers)
        except ImplausibleError as error:
            raise ProtocolViolationError(f"unit {self._unit_id}: {error}") from error
