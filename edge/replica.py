"""People and access rules, as central knows them: kept in a file, looked up in memory.

Templates stay encrypted in the file and are opened into the gallery alone. A damaged file is
fetched again from nothing; a file that cannot be written leaves memory right, and the same changes
are fetched again until they are kept.
"""

import dataclasses
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from config.contract.face_statements import SignedStatement
from config.contract.nodes import (
    AccessRecord,
    HolderRecord,
    ReplicaPage,
    SitePairsRecord,
    TemplateRecord,
)
from config.contract.operators import OperatorRecord
from config.contract.trust import card_verifier
from config.crypto.keys import SealingKey
from edge.access.attempts import PinShown, pin_shown
from edge.access.decision import Person
from edge.access.rulebook import RuleBook
from edge.replica_age import KeptAge
from edge.replica_faces import ReplicaFaces, Templates, sealed_anew
from edge.replica_file import ReplicaFile
from edge.replica_people import person_of

_log = logging.getLogger("edge.replica")


class ReplicaError(Exception):
    """The replica's file cannot be used now; what is in memory stands."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Entry:
    person: Person
    cards: tuple[str, ...]
    pin: str | None
    duress_pin: str | None
    generation: int
    card_ends: Mapping[str, datetime]
    template_ids: frozenset[UUID]


class Replica:
    """People of one node. One thread at a time may ``apply``; any may look up."""

    def __init__(
        self,
        path: Path,
        *,
        sealing_key: SealingKey,
        card_key: bytes,
        network: str | None,
        templates: Templates | None,
        rules: RuleBook | None = None,
        other_keys: Callable[[], Sequence[SealingKey]] = tuple,
    ) -> None:
        """Keep people in ``path``.

        Args:
            path: Of the file, whose folder exists.
            sealing_key: Opens what central sealed for this node.
            card_key: Of the site.
            network: Templates of other networks cannot be compared and are passed over.
            templates: The gallery; None where this node recognises no faces.
            rules: Gains the access rules; None where nobody asks for them.
            other_keys: One of these opens what ``sealing_key`` does not.
        """
        self._path, self._card_key, self._other_keys = path, card_key, other_keys
        self._faces = ReplicaFaces(
            templates, network=network, sealing_key=sealing_key, other_keys=other_keys
        )
        self._rules = RuleBook() if rules is None else rules
        self._when_changed: list[Callable[[], None]] = []
        self._entries: dict[str, _Entry] = {}
        self._holders_by_card: dict[str, str] = {}
        self._picture_counts = frozenset[int]()
        self._version = self._generation = 0
        self._site_pairs: SitePairsRecord | None = None
        self._operators: tuple[OperatorRecord, ...] = ()
        self._erased: dict[str, SignedStatement] = {}
        self._back, self._incomplete = set[str](), set[str]()
        self._file: ReplicaFile | None = None
        self._in_use = threading.RLock()

    @property
    def version(self) -> int:
        """The version that the file holds; changes after it are still to be fetched."""
        return self._version

    @property
    def site_pairs(self) -> SitePairsRecord | None:
        """How often the site's people are taken for each other; None where nobody measured it."""
        return self._site_pairs

    @property
    def operators(self) -> tuple[OperatorRecord, ...]:
        """Who has rights at terminals, as central last told."""
        return self._operators

    @property
    def rules(self) -> RuleBook:
        """The access rules of the site, as this node last understood them."""
        return self._rules

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._entries)

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this now and whenever people, rules or the site's pairs changed; it is quick."""
        self._when_changed.append(call)
        call()

    def people_at(self, access_point: str) -> tuple[set[str], set[str]]:
        """Return who may pass an access point at some time, and who may not."""
        here, elsewhere, rules = set[str](), set[str](), self._rules.compiled
        for key, entry in list(self._entries.items()):
            may_pass = rules.may_ever_pass(entry.person, access_point)
            (here if may_pass else elsewhere).add(key)
        return here, elsewhere

    @property
    def picture_counts(self) -> frozenset[int]:
        """Of how many pictures the faces are that are compared here; each number once."""
        return self._picture_counts

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        entry = self._entries.get(holder_id)
        return None if entry is None else entry.person

    def holder_of_card(self, number: str) -> str | None:
        """Return whose card this is; the number is not kept anywhere."""
        return self._holders_by_card.get(card_verifier(self._card_key, number))

    def end_of_card(self, number: str) -> datetime | None:
        """Return when a temporary card is over; None lasts as long as its holder."""
        verifier = card_verifier(self._card_key, number)
        entry = self._entries.get(self._holders_by_card.get(verifier, ""))
        return None if entry is None else entry.card_ends.get(verifier)

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        """Return what a typed PIN is, if it should be somebody's; it is not kept anywhere."""
        entry = self._entries.get(holder_id or "")
        return pin_shown(
            pin,
            holder_id=holder_id,
            key=self._card_key,
            verifier=None if entry is None else entry.pin,
            duress=None if entry is None else entry.duress_pin,
        )

    @property
    def incomplete(self) -> frozenset[str]:
        """Whose templates central has no more, and this node not all of them either."""
        return frozenset(self._incomplete)

    @property
    def erased_again(self) -> tuple[SignedStatement, ...]:
        """The erasures of people whom central tells of again; they are not known here."""
        return tuple(self._erased[holder_id] for holder_id in sorted(self._back))

    def held_templates(self, holder_ids: Iterable[str]) -> dict[str, tuple[UUID, ...]]:
        """Return which templates lie here of each person, in the file or in memory.

        Raises:
            ReplicaError: The file cannot be read: nobody knows.
        """
        with self._in_use:
            try:
                # A copy that was set aside would hold them, too.
                self._damaged.unlink(missing_ok=True)
                return {holder_id: self._held(holder_id) for holder_id in holder_ids}
            except (sqlite3.Error, OSError) as error:
                raise ReplicaError(f"cannot read {self._path.name}: {error}") from error

    def _held(self, holder_id: str) -> tuple[UUID, ...]:
        entry = self._entries.get(holder_id)
        in_memory = frozenset[UUID]() if entry is None else entry.template_ids
        return tuple(sorted(in_memory | {t.template_id for t in self._kept(holder_id)}))

    def load(self) -> None:
        """Read the file into memory and gallery; a damaged one is set aside and fetched anew.

        Raises:
            ReplicaError: The disk refuses.
        """
        try:
            self._load()
        except (sqlite3.DatabaseError, ValidationError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise ReplicaError(f"cannot open {self._path.name}: {error}") from error
            self.close()
            self._path.replace(self._damaged)
            _log.error("the replica is damaged, people are fetched again: %s", self._damaged.name)
            self._load()

    @property
    def _damaged(self) -> Path:
        return self._path.with_name(self._path.name + ".damaged")

    def close(self) -> None:
        """Close the file, once nothing is being written to it; idempotent."""
        # Who was cancelled while a thread applies a page does not wait for that thread.
        with self._in_use:
            if self._file is not None:
                self._file.close()
                self._file = None

    def kept_age(self) -> KeptAge | None:
        """Return how old all of this was when it was last kept; None where nobody kept it."""
        with self._in_use:
            return None if self._file is None else self._file.age()

    def keep_age(self, age: KeptAge) -> None:
        """Keep how old all of this is.

        Raises:
            ReplicaError: The disk refuses.
        """
        try:
            with self._in_use:
                if self._file is not None:
                    self._file.keep_age(age)
        except sqlite3.Error as error:
            raise ReplicaError(f"cannot write {self._path.name}: {error}") from error

    def seal_anew(self, key: SealingKey) -> None:
        """Seal everybody's templates in the file for this key alone.

        Raises:
            ReplicaError: The disk refuses: some are still sealed for another.
        """
        try:
            with self._in_use:
                if self._file is not None:
                    self._file.change_templates(
                        lambda templates: sealed_anew(templates, key, self._other_keys())
                    )
        except sqlite3.Error as error:
            raise ReplicaError(f"cannot write {self._path.name}: {error}") from error

    def apply(self, page: ReplicaPage) -> None:
        """Take over changes, in memory and gallery first; idempotent.

        Raises:
            ReplicaError: They could not be kept: ``version`` is unchanged, so they come again.
        """
        with self._in_use:
            self._apply(page)

    def _apply(self, page: ReplicaPage) -> None:
        generation = self._generation + (1 if page.is_complete else 0)
        if page.access is not None:
            self._rules.take(page.access, version=page.version)
        unreadable: sqlite3.Error | None = None
        try:
            holders = self._whole(page)
        except sqlite3.Error as error:
            # Memory is right all the same, but for what lies in the file alone.
            holders, unreadable = list(page.holders), error
        for record in holders:
            self._take(record, generation)
        stale = [] if page.has_more else self._older_than(generation)
        for holder_id in stale:
            self._forget(holder_id)
        self._picture_counts = self._faces.picture_counts()
        self._site_pairs = page.site_pairs
        self._operators = page.operators or ()
        for call in self._when_changed:
            call()
        try:
            if unreadable is not None:
                raise unreadable
            self._opened_file.keep(
                holders,
                stale,
                version=page.version,
                generation=generation,
                site_pairs=page.site_pairs,
                access=self._rules.record(),
                operators=self._operators,
            )
        except sqlite3.Error as error:
            raise ReplicaError(f"cannot write {self._path.name}: {error}") from error
        self._version, self._generation = page.version, generation

    def _whole(self, page: ReplicaPage) -> list[HolderRecord]:
        """Return the records of a page with what lies here alone, and without who was erased."""
        if page.is_complete:
            self._back.clear()
            self._incomplete.clear()
        return [self._whole_record(record) for record in page.holders]

    def _whole_record(self, record: HolderRecord) -> HolderRecord:
        holder_id = record.holder_id
        self._incomplete.discard(holder_id)
        if record.is_removed:
            self._back.discard(holder_id)
            if record.erasure is not None:
                self._erased[holder_id] = record.erasure
            return record
        if holder_id in self._erased:
            self._back.add(holder_id)
            return HolderRecord(holder_id=holder_id, version=record.version, is_removed=True)
        wanted = set(record.kept_templates)
        if not wanted:
            return record
        kept = tuple(t for t in self._kept(holder_id) if t.template_id in wanted)
        if len(kept) < len(wanted):
            self._incomplete.add(holder_id)
        return record.model_copy(update={"templates": (*record.templates, *kept)})

    def _kept(self, holder_id: str) -> tuple[TemplateRecord, ...]:
        """Return a person's templates as they lie in the file."""
        return self._opened_file.templates(holder_id)

    @property
    def _opened_file(self) -> ReplicaFile:
        if self._file is None:
            raise sqlite3.OperationalError("not open")
        return self._file

    def _load(self) -> None:
        file = self._file = ReplicaFile(self._path)
        file.prepare()
        head = file.head()
        if head.access is not None:
            self._read_rules(head.access, head.version)
        self._site_pairs, self._operators = head.site_pairs, head.operators
        self._erased = file.erased()
        for record, generation in file.holders():
            self._take(record, generation)
        self._picture_counts = self._faces.picture_counts()
        self._version, self._generation = head.version, head.generation

    def _read_rules(self, document: str, version: int) -> None:
        try:
            self._rules.take(AccessRecord.model_validate_json(document), version=version)
        except ValidationError as error:
            # Of another version of this program: people are known all the same.
            _log.error(
                "the access rules that were kept cannot be read (%d mistakes): who has a profile"
                " waits until central has told them anew",
                error.error_count(),
            )

    def _take(self, record: HolderRecord, generation: int) -> None:
        self._forget_cards(record.holder_id)
        if record.is_removed:
            self._forget(record.holder_id)
            return
        self._entries[record.holder_id] = _Entry(
            person_of(record),
            record.cards,
            record.pin,
            record.duress_pin,
            generation,
            record.card_ends,
            frozenset(template.template_id for template in record.templates),
        )
        for verifier in record.cards:
            self._holders_by_card[verifier] = record.holder_id
        self._faces.take(record)

    def _forget(self, holder_id: str) -> None:
        self._forget_cards(holder_id)
        if self._entries.pop(holder_id, None) is not None:
            self._faces.forget(holder_id)

    def _forget_cards(self, holder_id: str) -> None:
        entry = self._entries.get(holder_id)
        for verifier in () if entry is None else entry.cards:
            if self._holders_by_card.get(verifier) == holder_id:
                del self._holders_by_card[verifier]

    def _older_than(self, generation: int) -> list[str]:
        return [key for key, entry in self._entries.items() if entry.generation < generation]
