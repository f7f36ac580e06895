"""A receiver for alarm panels that speak SIA DC-09 over IP; port ``listen://HOST:PORT``.

Source: ANSI/SIA DC-09-2021, sections 5 and 6; event codes of SIA DC-03 and DC-05 (Contact ID).
"""

import dataclasses
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.base import DeviceUnreachableError, Observation, PointChanged, PointCondition
from drivers.bus import Bus, Priority
from drivers.protocols import FrameError
from drivers.protocols.sia_dc09 import (
    KINDS,
    Event,
    Message,
    MessageDecoder,
    decrypt,
    encode,
    event_of,
    is_timely,
)
from drivers.registry import register

_C = PointCondition
SIA_CODES: Final = {
    "FA": (_C.FIRE, True),
    "FH": (_C.FIRE, False),
    "FR": (_C.FIRE, False),
    "FT": (_C.FAULT, True),
    "FJ": (_C.FAULT, False),
    "FB": (_C.DISABLED, True),
    "FU": (_C.DISABLED, False),
    "FS": (_C.SUPERVISORY, True),
    "FV": (_C.SUPERVISORY, False),
    "BA": (_C.BURGLARY, True),
    "BH": (_C.BURGLARY, False),
    "BR": (_C.BURGLARY, False),
    "BT": (_C.FAULT, True),
    "BJ": (_C.FAULT, False),
    "BB": (_C.DISABLED, True),
    "BU": (_C.DISABLED, False),
    "PA": (_C.PANIC, True),
    "PH": (_C.PANIC, False),
    "PR": (_C.PANIC, False),
    "TA": (_C.TAMPER, True),
    "TR": (_C.TAMPER, False),
    "AT": (_C.MAINS_FAULT, True),
    "AR": (_C.MAINS_FAULT, False),
    "YT": (_C.BATTERY_FAULT, True),
    "YR": (_C.BATTERY_FAULT, False),
}
"""DC-03, those that change a condition: which, and whether it begins."""
CONTACT_ID_CODES: Final = {
    "110": _C.FIRE,
    "111": _C.FIRE,
    "115": _C.FIRE,
    "120": _C.PANIC,
    "130": _C.BURGLARY,
    "300": _C.POWER_FAULT,
    "301": _C.MAINS_FAULT,
    "302": _C.BATTERY_FAULT,
    "373": _C.FAULT,
    "570": _C.DISABLED,
}
"""DC-05: which condition; the qualifier says whether it begins."""
KEY_SIZES_BYTES: Final = (16, 24, 32)
REMEMBERED_COUNT: Final = 64
REMEMBERED_S: Final = 60.0


@register("sia_dc09")
class SiaDc09:
    """One panel; satisfies ``Driver`` and ``SpeaksUnasked``. Nothing is asked.

    Everything sound is acknowledged, also what reports nothing that is known here. A repetition is
    acknowledged again and told once. With a key, messages in the clear are refused.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Whose messages are taken.

        Attributes:
            account: The panel's, 3..16 hexadecimal digits; empty takes any.
            key_file: A file that only we can read with 32, 48 or 64 hexadecimal digits; empty is
                for a panel that does not encrypt.
            supervision_s_max: Silence beyond it is an absence; 0 is for a panel that sends no
                supervision.
        """

        account: str = ""
        key_file: str = ""
        supervision_s_max: float = 0.0

        def __post_init__(self) -> None:
            is_hex = all(letter in "0123456789ABCDEFabcdef" for letter in self.account)
            if self.account and not (is_hex and 3 <= len(self.account) <= 16):
                raise ValueError(
                    f"sia_dc09: account is 3..16 hexadecimal digits, not {self.account!r}"
                )
            if not 0 <= self.supervision_s_max <= 90_000:
                raise ValueError(
                    f"sia_dc09: supervision_s_max is 0..90000, not {self.supervision_s_max}"
                )

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """See ``registry.DriverClass``; the clocks are of silence and of encrypted messages.

        Raises:
            ValueError: The key file cannot be used.
        """
        self._bus, self._settings, self._monotonic, self._now = bus, settings, monotonic, now
        self._key = _read_key(Path(settings.key_file)) if settings.key_file else None
        self._subscription = bus.subscribe(MessageDecoder())
        self._heard_at_s = monotonic()
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._points: dict[str, tuple[set[PointCondition], str]] = {}

    async def start(self) -> None:
        """Listen; raises when the port cannot be listened on. A panel may be silent for hours."""
        await self._bus.send(b"", unit_id="sia_dc09")
        self._heard_at_s = self._monotonic()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; also acknowledges."""
        found: list[Observation] = []
        for message in self._subscription.take():
            found += await self._take(message)
        silence_s = self._monotonic() - self._heard_at_s
        limit_s = self._settings.supervision_s_max
        if limit_s and silence_s > limit_s and not found:
            raise DeviceUnreachableError(f"the panel has been silent for {silence_s:.0f} s")
        return found

    @property
    def heard_at_s(self) -> float:
        """See ``SpeaksUnasked.heard_at_s``."""
        return self._subscription.last_heard_at_s or self._heard_at_s

    async def wait(self, *, timeout_s: float) -> None:
        """See ``SpeaksUnasked.wait``."""
        await self._subscription.wait(timeout_s=timeout_s)

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._subscription.close()

    async def _take(self, message: Message) -> list[Observation]:
        settings = self._settings
        if settings.account and message.account != settings.account.upper():
            return []
        if message.kind not in KINDS:
            await self._answer("DUH", message)
            return []
        try:
            plain = self._plain(message)
        except FrameError:
            await self._answer("NAK", message)
            return []
        self._heard_at_s = self._monotonic()
        found = [] if self._is_repeated(plain) else self._observe(plain)
        await self._answer("ACK", message)
        return found

    def _plain(self, message: Message) -> Message:
        """Return a message in the clear.

        Raises:
            FrameError: It is not encrypted as it must be, or its time is not ours.
        """
        if bool(message.encrypted) != (self._key is not None):
            raise FrameError("encrypted and not is not as it was agreed")
        if self._key is None:
            return message
        plain = decrypt(message, self._key)
        if not is_timely(plain, now=self._now()):
            raise FrameError("the message is too old, or from the future")
        return plain

    def _is_repeated(self, message: Message) -> bool:
        now_s = self._monotonic()
        key = (message.account, message.sequence, message.content)
        last_s = self._seen.get(key)
        self._seen[key] = now_s
        self._seen.move_to_end(key)
        while len(self._seen) > REMEMBERED_COUNT:
            self._seen.popitem(last=False)
        return last_s is not None and now_s - last_s < REMEMBERED_S

    def _observe(self, message: Message) -> list[Observation]:
        try:
            event = event_of(message)
        except FrameError:
            return []
        meaning = None if event is None else _meaning(event)
        if event is None or meaning is None:
            return []
        condition, begins = meaning
        point = "/".join(part for part in (message.account, event.area, event.point) if part)
        conditions, text = self._points.get(point, (set(), ""))
        text = event.text or text
        (conditions.add if begins else conditions.discard)(condition)
        self._points[point] = (conditions, text)
        return [PointChanged(point, tuple(sorted(conditions)), text, event.code)]

    async def _answer(self, kind: str, message: Message) -> None:
        """Answer a message; a refusal carries the time, so that the panel can set its clock."""
        is_clear = self._key is None or kind == "DUH"
        answer = dataclasses.replace(message, kind=kind, content="", encrypted="")
        if kind == "NAK":
            answer = Message("NAK", "0000", message.receiver, message.prefix, "A0")
            raw = encode(dataclasses.replace(answer, account=""), now=self._now())
        elif is_clear:
            raw = encode(answer)
        else:
            raw = encode(answer, self._key, now=self._now())
        await self._bus.send(raw, unit_id="sia_dc09", priority=Priority.FIRE)


def _meaning(event: Event) -> tuple[PointCondition, bool] | None:
    if event.code in SIA_CODES:
        return SIA_CODES[event.code]
    condition = CONTACT_ID_CODES.get(event.code)
    return None if condition is None else (condition, not event.is_restore)


def _read_key(path: Path) -> bytes:
    """Return a key.

    Raises:
        ValueError: The file is absent, open to others, or no key; one line.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ValueError(f"sia_dc09: key_file {path} is open to others: chmod 600 {path}")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise ValueError(f"sia_dc09: key_file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"sia_dc09: key_file {path} holds no key") from error
    if len(key) not in KEY_SIZES_BYTES:
        raise ValueError(f"sia_dc09: key_file {path} has 32, 48 or 64 hexadecimal digits")
    return key
