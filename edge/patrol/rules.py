"""Which reading is a scan of which checkpoint, and by whom. Pure: the time is an argument.

A tag that is held to a reader is read some 15 times a second, and again when a hand trembles: it is
one scan. Who carries a reader is whoever of the guards showed a card to it last, or was let through
at its gate, until it was not used for a while. A gate may be a checkpoint itself: a guard who is
let through was there.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from config.contract.patrol_events import ScannedBy
from config.site_patrol import CheckpointEntry, PatrolReaderEntry, PatrolSettings, tag_key
from drivers.base import CredentialKind
from edge.access.question import Person
from edge.patrol.numbers import forms

IDENTIFYING: Final = frozenset(
    {
        CredentialKind.EM4100,
        CredentialKind.WIEGAND,
        CredentialKind.CARD_UID,
        CredentialKind.IBUTTON,
    }
)
"""What may be a tag or a guard's card. A code is text that anybody can write: it names nobody."""
Guards = Callable[[tuple[str, ...]], str | None]
"""Says whose card a number is, given in every form; None if no guard's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """A guard was at a checkpoint. Attributes: holder_id: None where nobody is known."""

    checkpoint: str
    holder_id: str | None
    by: ScannedBy
    is_fallback: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Carrier:
    """Who carries a reader. Attributes: used_at_s: when it was last used; monotonic."""

    holder_id: str
    by: ScannedBy
    used_at_s: float


class PatrolRules:
    """Of one node; it forgets whatever is too old to matter, so it does not grow."""

    def __init__(
        self,
        settings: PatrolSettings,
        checkpoints: Iterable[CheckpointEntry],
        readers: Iterable[PatrolReaderEntry],
    ) -> None:
        """Begin with nobody on patrol.

        Args:
            settings: Of the site.
            checkpoints: Every tag of the site, and the fixed readers of this node.
            readers: Those carried here.
        """
        self._same_scan_s = settings.same_scan_s
        self._tags, self._codes = dict[str, str](), dict[str, str]()
        self._fixed, self._passed = dict[str, str](), dict[str, str]()
        for checkpoint in checkpoints:
            if checkpoint.credential is not None:
                self._tags[tag_key(checkpoint.credential)] = checkpoint.id
                self._codes[checkpoint.credential] = checkpoint.id
            if checkpoint.fallback is not None:
                self._codes[checkpoint.fallback] = checkpoint.id
            if checkpoint.device is not None:
                self._fixed[checkpoint.device] = checkpoint.id
            if checkpoint.access_point is not None:
                self._passed[checkpoint.access_point] = checkpoint.id
        self._kept_s = {reader.device: reader.guard_kept_min * 60.0 for reader in readers}
        self._gates: Mapping[str, tuple[str, ...]] = _by_gate(readers)
        self._carriers = dict[str, Carrier]()
        self._last = dict[tuple[str, str, str], float]()

    @property
    def readers(self) -> frozenset[str]:
        """Devices whose readings mean anything here."""
        return frozenset(self._fixed).union(self._kept_s)

    def read(
        self, reader: str, kind: CredentialKind, number: str, *, guards: Guards, now_s: float
    ) -> Scan | None:
        """Take a reading; None where it is no scan, or no new one.

        Args:
            reader: The device.
            kind: What was read.
            number: As the driver gives it, taken to be hostile.
            guards: Asked only where a number may be a card.
            now_s: Monotonic.
        """
        if (fixed := self._fixed.get(reader)) is not None:
            return self._read_fixed(reader, fixed, kind, number, guards, now_s)
        if reader not in self._kept_s:
            return None
        if kind is CredentialKind.QR:
            checkpoint = self._codes.get(number)
            return None if checkpoint is None else self._carried(reader, checkpoint, now_s, True)
        if kind not in IDENTIFYING:
            return None
        numbers = forms(kind, number)
        for form in numbers:
            if (checkpoint := self._tags.get(form)) is not None:
                return self._carried(reader, checkpoint, now_s, False)
        if (holder_id := guards(numbers)) is not None:
            self._carriers[reader] = Carrier(holder_id, "card", now_s)
        return None

    def let_through(
        self, access_point: str, holder_id: str, by: ScannedBy, now_s: float
    ) -> Scan | None:
        """A guard was let through: they carry the readers of that gate from now on.

        Returns:
            Their scan, where the gate is a checkpoint and this is no repetition.
        """
        for reader in self._gates.get(access_point, ()):
            self._carriers[reader] = Carrier(holder_id, by, now_s)
        checkpoint = self._passed.get(access_point)
        if checkpoint is None or not self._is_new(access_point, checkpoint, holder_id, now_s):
            return None
        return Scan(checkpoint, holder_id, by)

    def carriers(self, *, now_s: float) -> Mapping[str, Carrier]:
        """Return who carries which reader now; whoever did not use it for too long is forgotten."""
        self._carriers = {
            reader: carrier
            for reader, carrier in self._carriers.items()
            if now_s - carrier.used_at_s <= self._kept_s[reader]
        }
        return dict(self._carriers)

    def recall(self, reader: str, carrier: Carrier) -> None:
        """Take up what was known before a restart; a reader that is none any more is left out."""
        if reader in self._kept_s:
            self._carriers.setdefault(reader, carrier)

    def ends_in_s(self, *, now_s: float) -> float | None:
        """Return in how many seconds the next carrier is forgotten; None: there is none."""
        ends_s = [
            carrier.used_at_s + self._kept_s[reader] - now_s
            for reader, carrier in self._carriers.items()
        ]
        return max(0.0, min(ends_s)) if ends_s else None

    def _read_fixed(
        self,
        reader: str,
        checkpoint: str,
        kind: CredentialKind,
        number: str,
        guards: Guards,
        now_s: float,
    ) -> Scan | None:
        if kind not in IDENTIFYING:
            return None
        numbers = forms(kind, number)
        holder_id = guards(numbers)
        scan = Scan(checkpoint, holder_id, "none" if holder_id is None else "card")
        # Who is not known is told from others by the card, which is kept no longer than a moment.
        who = numbers[0] if holder_id is None else holder_id
        return scan if self._is_new(reader, checkpoint, who, now_s) else None

    def _carried(
        self, reader: str, checkpoint: str, now_s: float, is_fallback: bool
    ) -> Scan | None:
        carrier = self.carriers(now_s=now_s).get(reader)
        scan = Scan(checkpoint, None, "none", is_fallback)
        if carrier is not None:
            self._carriers[reader] = dataclasses.replace(carrier, used_at_s=now_s)
            scan = Scan(checkpoint, carrier.holder_id, carrier.by, is_fallback)
        return scan if self._is_new(reader, checkpoint, scan.holder_id or "", now_s) else None

    def _is_new(self, reader: str, checkpoint: str, who: str, now_s: float) -> bool:
        self._last = {
            key: at_s for key, at_s in self._last.items() if now_s - at_s <= self._same_scan_s
        }
        key = (reader, checkpoint, who)
        is_new = key not in self._last
        self._last[key] = now_s
        return is_new


def is_guard(person: Person | None, profiles: frozenset[str], *, now: datetime) -> bool:
    """Return whether somebody may be on patrol at a moment.

    Args:
        person: Whose card it is, or who was let through.
        profiles: Of guards; empty where everybody with a card may be one.
        now: Aware UTC.
    """
    if person is None or not person.is_active:
        return False
    if person.valid_from is not None and now < person.valid_from:
        return False
    if person.valid_until is not None and now >= person.valid_until:
        return False
    return not profiles or bool(profiles & (person.profiles or frozenset()))


def _by_gate(readers: Iterable[PatrolReaderEntry]) -> Mapping[str, tuple[str, ...]]:
    found = dict[str, tuple[str, ...]]()
    for reader in readers:
        if reader.access_point is not None:
            found[reader.access_point] = (*found.get(reader.access_point, ()), reader.device)
    return found
