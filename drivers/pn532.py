"""13.56 MHz reader PN532 on its serial port (HSU), 115200 baud 8N1: UIDs of ISO 14443 type A cards.

Source: as of ``drivers.protocols.pn532``.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from drivers.asking import ask
from drivers.base import (
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.protocols import pn532
from drivers.protocols.pn532 import Command
from drivers.readings import Holding, check_hold
from drivers.registry import register

_Answer = TypeVar("_Answer")

UNIT_ID: Final = "pn532"
PN532_IC: Final = 0x32


@register("pn532")
class Pn532:
    """One reader; satisfies ``Driver``.

    One request is in flight. The reader is asked for a card at every poll; one that does not answer
    is woken and set up again at the next. Of several cards at once one is read. A UID is a number
    that many cards can be given; it is not a proof. Phones and some cards draw another UID each
    time: those are counted, not reported.
    """

    credential_kinds = frozenset({CredentialKind.CARD_UID})

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the reader is asked.

        Attributes:
            hold_s: A card that was not read for longer has left, 0.2..60.
            timeout_s: Longest wait for one answer.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        hold_s: float = 1.0
        timeout_s: float = 0.5
        attempt_count: int = 2

        def __post_init__(self) -> None:
            check_hold("pn532", self.hold_s)
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"pn532: timeout_s is above 0 and at most 5, not {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"pn532: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._holding = Holding(settings.hold_s)
        self._is_set_up = False
        self._random_uid_count = 0

    async def start(self) -> None:
        """Wake the reader, see that it is one, and let it answer when there is no card."""
        self._is_set_up = False
        await self._ask(pn532.SAM_CONFIGURATION, before=pn532.WAKE_UP)
        found = await self._ask(pn532.GET_FIRMWARE_VERSION)
        if found.ic != PN532_IC:
            raise ProtocolViolationError(f"the reader is no PN532: its chip is {found.ic:02X}")
        await self._ask(pn532.MAX_RETRIES)
        self._is_set_up = True

    async def poll(self) -> Sequence[Observation]:
        """Look for a card; see ``Driver.poll``."""
        if not self._is_set_up:
            await self.start()
        try:
            targets = await self._ask(pn532.IN_LIST_PASSIVE_TARGET)
        except DeviceUnreachableError:
            # It may have lost its power and sleep; it may have lost what was set up.
            self._is_set_up = False
            raise
        self._random_uid_count += sum(target.is_random for target in targets)
        now_s = self._monotonic()
        numbers = [target.uid.hex().upper() for target in targets if not target.is_random]
        return [
            CredentialRead(CredentialKind.CARD_UID, number)
            for number in numbers
            if self._holding.is_new(number, now_s=now_s)
        ]

    @property
    def findings(self) -> list[str]:
        """What was read and not reported, with how often."""
        count = self._random_uid_count
        return [f"{count} x a card that draws another UID each time"] if count else []

    async def _ask(self, command: Command[_Answer], *, before: bytes = b"") -> _Answer:
        settings = self._settings
        return await ask(
            self._bus,
            before + command.frame,
            lambda: pn532.ReplyDecoder(command),
            unit_id=UNIT_ID,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )
