"""125 kHz reader RDM6300 for EM4100 tags, as a credential reader or a patrol checkpoint.

Source: as of ``drivers.protocols.rdm6300``.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

from drivers.base import CredentialKind, CredentialRead, Observation
from drivers.bus import Bus
from drivers.protocols import rdm6300
from drivers.readings import DatingDecoder, Holding, Listener, check_hold
from drivers.registry import register

PAUSE_S = 0.1


@register("rdm6300")
class Rdm6300:
    """One reader; satisfies ``Driver`` and ``Closeable``.

    Nothing is ever sent: no request is in flight. The reader says nothing while there is no tag, so
    a dead one cannot be told from an idle one; only the loss of the line is seen. A tag is a number
    that anybody can copy. On a line with other talkers its readings are found by their check sum.
    """

    credential_kinds = frozenset({CredentialKind.EM4100})

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How readings are taken.

        Attributes:
            hold_s: A tag that was not read for longer has left, 0.2..60; the reader repeats a tag
                that is held to it some 15 times a second.
        """

        hold_s: float = 1.5

        def __post_init__(self) -> None:
            check_hold("rdm6300", self.hold_s)

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        decoder = DatingDecoder(rdm6300.Decoder(), monotonic=monotonic, pause_s=PAUSE_S)
        self._listener = Listener(bus, decoder, unit_id="rdm6300", monotonic=monotonic)
        self._holding = Holding(settings.hold_s)

    async def start(self) -> None:
        """Begin to listen; there is nothing to set up. Raises when the line is not there."""
        await self._listener.start()

    async def poll(self) -> Sequence[Observation]:
        """Return the tags that came since the last poll; see ``Driver.poll``."""
        return [
            CredentialRead(CredentialKind.EM4100, reading.frame.number)
            for reading in self._listener.take()
            if self._holding.is_new(reading.frame.number, now_s=reading.at_s)
        ]

    @property
    def findings(self) -> list[str]:
        """What was heard and not reported, with how often."""
        return self._listener.findings

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._listener.close()
