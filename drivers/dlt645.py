"""Chinese electricity meters with DL/T 645-2007; usually 2400 8E1.

Source: DL/T 645-2007; readings from its annex A.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandRejectedError,
    Observation,
    ProtocolViolationError,
    ReadingChanged,
)
from drivers.bus import Bus, Priority
from drivers.protocols import FrameError
from drivers.protocols.dlt645 import (
    ANY_ADDRESS,
    BROADCAST_ADDRESS,
    ITEMS,
    MORE,
    READ_ADDRESS,
    SET_TIME,
    Frame,
    Item,
    ReplyDecoder,
    encode,
    encode_bcd,
    following_request,
    read_request,
)
from drivers.registry import register

FOLLOWING_COUNT_MAX: Final = 32


@register("dlt645")
class Dlt645:
    """One meter; satisfies ``Driver``. One request in flight, one reading per poll.

    A meter that does not have one of ``readings`` refuses it; the error names it.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the meter is reached, and what is read.

        Attributes:
            address: The twelve digits on its plate.
            readings: Quantities, of ``energy_import``, ``voltage_l1``, ``power_total``, ...
            timeout_s: Longest wait for one reply; a meter may take 0.5 s before it begins.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        address: str = "000000000161"
        readings: Sequence[str] = ("energy_import", "voltage_l1", "current_l1", "power_total")
        timeout_s: float = 1.0
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if len(self.address) != 12 or not self.address.isdecimal():
                raise ValueError(f"dlt645: address is twelve digits, not {self.address!r}")
            if unknown := [name for name in self.readings if name not in ITEMS]:
                raise ValueError(f"dlt645: readings is of {', '.join(ITEMS)}, not {unknown[0]!r}")
            if not self.readings:
                raise ValueError("dlt645: readings is at least one")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"dlt645: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"dlt645: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"dlt645/{settings.address}"
        self._items = [ITEMS[name] for name in settings.readings]
        self._values: dict[str, Decimal] = {}
        self._turn = 0

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the meter does not answer."""
        self._values.clear()
        self._turn = 0
        await self._read(self._items[0])

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; the first reads all."""
        turns = self._items if not self._values else [self._items[self._turn]]
        now = {item.quantity: await self._read(item) for item in turns}
        self._turn = (self._turn + 1) % len(self._items)
        changed = {q: value for q, value in now.items() if self._values.get(q) != value}
        self._values |= now
        return [ReadingChanged(q, value, ITEMS[q].unit) for q, value in changed.items()]

    async def read_address(self) -> str:
        """Return the address of the only meter on the line.

        Raises:
            DriverError: None answers, or several at once.
        """
        reply = await self._ask(Frame(ANY_ADDRESS, READ_ADDRESS))
        return reply.address

    async def set_time(self, now: datetime) -> None:
        """Tell all meters on the line the time; none answers, and each takes at most 5 minutes.

        Args:
            now: In the meters' own zone.
        """
        numbers = (now.second, now.minute, now.hour, now.day, now.month, now.year % 100)
        data = b"".join(encode_bcd(number, 1) for number in numbers)
        frame = encode(Frame(BROADCAST_ADDRESS, SET_TIME, data))
        await self._bus.send(frame, unit_id=self._unit_id)

    async def _read(self, item: Item) -> Decimal:
        reply = await self._ask(read_request(self._settings.address, item.identifier))
        data = reply.data[4:]
        number = 0
        while reply.control & MORE:
            number += 1
            if number > FOLLOWING_COUNT_MAX:
                raise ProtocolViolationError(f"meter {self._settings.address} never ends")
            request = following_request(self._settings.address, item.identifier, number)
            reply = await self._ask(request)
            data += reply.data[4:-1]
        try:
            return item.value(data)
        except FrameError as error:
            raise ProtocolViolationError(str(error)) from error

    async def _ask(self, request: Frame) -> Frame:
        settings = self._settings
        reply = await ask(
            self._bus,
            encode(request),
            lambda: ReplyDecoder(request),
            unit_id=self._unit_id,
            timeout_s=settings.timeout_s,
            priority=Priority.POLL,
            attempt_count=settings.attempt_count,
        )
        if reply.is_refusal:
            code = reply.data[0] if reply.data else None
            message = f"meter {settings.address} refuses: {reply.refusal}"
            raise CommandRejectedError(message, code=code)
        return reply
