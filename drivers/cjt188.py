"""Chinese water and gas meters with CJ/T 188-2004; usually 2400 8E1.

Source: CJ/T 188-2004, chapter 6.
"""

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandRejectedError,
    FaultsChanged,
    Observation,
    ProtocolViolationError,
    ReadingChanged,
)
from drivers.bus import Bus
from drivers.protocols import FrameError
from drivers.protocols.cjt188 import (
    ERROR,
    ORDERS,
    TYPES,
    Frame,
    Reading,
    ReplyDecoder,
    decode_reading,
    encode,
    read_request,
)
from drivers.registry import register

TYPE_CODES: Final = {name: code for code, name in TYPES.items() if name != "heat"}
"""A heat meter's reply is longer and is not read here."""


@register("cjt188")
class Cjt188:
    """One meter; satisfies ``Driver``. One request in flight.

    Reports ``volume`` (or ``energy``), its value at the last settlement, and as faults a low
    battery and a valve that does not move.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the meter is reached.

        Attributes:
            address: The fourteen digits on its plate.
            type: ``cold_water``, ``hot_water``, ``gas`` or ``energy``.
            order: ``1F90`` or ``901F``: the byte order of the identifier, which meters differ in.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        address: str = "33007811223344"
        type: str = "cold_water"
        order: str = "1F90"
        timeout_s: float = 1.0
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if len(self.address) != 14 or not self.address.isdecimal():
                raise ValueError(f"cjt188: address is fourteen digits, not {self.address!r}")
            if self.type not in TYPE_CODES:
                raise ValueError(f"cjt188: type is {', '.join(TYPE_CODES)}, not {self.type!r}")
            if self.order not in ORDERS:
                raise ValueError(f"cjt188: order is {', '.join(ORDERS)}, not {self.order!r}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"cjt188: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"cjt188: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"cjt188/{settings.address}"
        self._sequence = 0
        self._values: dict[str, Decimal] = {}
        self._faults: tuple[str, ...] = ()

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the meter does not answer."""
        self._values.clear()
        self._faults = ()
        await self._read()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        reading = await self._read()
        quantity = "volume" if reading.unit in ("m3", "L") else "energy"
        now = {quantity: reading.current, f"{quantity}_settled": reading.settled}
        found: list[Observation] = [
            ReadingChanged(name, value, reading.unit)
            for name, value in now.items()
            if self._values.get(name) != value
        ]
        self._values |= now
        faults = _faults(reading)
        if faults != self._faults:
            self._faults = faults
            found.append(FaultsChanged(faults))
        return found

    async def _read(self) -> Reading:
        settings = self._settings
        self._sequence = (self._sequence + 1) & 0xFF
        request = read_request(
            TYPE_CODES[settings.type], settings.address, settings.order, self._sequence
        )
        reply: Frame = await ask(
            self._bus,
            encode(request),
            lambda: ReplyDecoder(request),
            unit_id=self._unit_id,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )
        if reply.control & ERROR:
            raise CommandRejectedError(f"meter {settings.address} refuses")
        try:
            return decode_reading(reply.data)
        except FrameError as error:
            raise ProtocolViolationError(str(error)) from error


def _faults(reading: Reading) -> tuple[str, ...]:
    found = ["low_battery"] if reading.has_low_battery else []
    return (*found, "valve") if reading.valve == "fault" else tuple(found)
