"""iButton reader with an ASCII output, for DS1990A keys: a patrol checkpoint.

Source: as of ``drivers.protocols.ibutton``.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

from drivers.base import CredentialKind, CredentialRead, Observation
from drivers.bus import Bus
from drivers.protocols import ibutton
from drivers.readings import DatingDecoder, Holding, Listener, check_hold
from drivers.registry import register

PAUSE_S = 0.1


@register("ibutton_ascii")
class IButtonAscii:
    """One reader; satisfies ``Driver`` and ``Closeable``.

    Nothing is ever sent: no request is in flight. A dead reader cannot be told from an idle one;
    only the loss of the line is seen. In the orders without a check byte a digit that the line
    damaged gives another key's number. A key is a number that anybody can copy.
    """

    credential_kinds = frozenset({CredentialKind.IBUTTON})

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What the reader prints, and how readings are taken.

        Attributes:
            order: What the reader prints, of ``ibutton.Order``; the number that is reported is the
                one on the key's face, whatever the order.
            family: Other families are refused, 1..255; 1 is a DS1990A.
            hold_s: A key that was not read for longer has left, 0.2..60.
        """

        order: str = "crc_serial_family"
        family: int = ibutton.DS1990A_FAMILY
        hold_s: float = 1.5

        def __post_init__(self) -> None:
            if self.order not in list(ibutton.Order):
                known = ", ".join(ibutton.Order)
                raise ValueError(f"ibutton_ascii: order is one of {known}, not {self.order!r}")
            if not 1 <= self.family <= 0xFF:
                raise ValueError(f"ibutton_ascii: family is 1..255, not {self.family}")
            check_hold("ibutton_ascii", self.hold_s)

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        decoder = DatingDecoder(
            ibutton.Decoder(ibutton.Order(settings.order), family=settings.family),
            monotonic=monotonic,
            pause_s=PAUSE_S,
        )
        self._listener = Listener(bus, decoder, unit_id="ibutton_ascii", monotonic=monotonic)
        self._holding = Holding(settings.hold_s)

    async def start(self) -> None:
        """Begin to listen; there is nothing to set up. Raises when the line is not there."""
        await self._listener.start()

    async def poll(self) -> Sequence[Observation]:
        """Return the keys that came since the last poll; see ``Driver.poll``."""
        return [
            CredentialRead(CredentialKind.IBUTTON, reading.frame.number)
            for reading in self._listener.take()
            if self._holding.is_new(reading.frame.number, now_s=reading.at_s)
        ]

    @property
    def findings(self) -> list[str]:
        """What was heard and not reported, with how often; names the reader's order if it shows."""
        return self._listener.findings

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._listener.close()
