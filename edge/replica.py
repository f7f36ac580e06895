"""People and access rules, as central knows them: kept in a file, looked up in memory.

Templates stay encrypted in the file and are opened into the gallery alone. A damaged file is
fetched again from nothing; a file that cannot be written leaves memory right, and the same changes
are fetched again until they are kept.
"""

import contextlib
import dataclasses
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from config.contract.access import CredentialKind
from config.contract.face_statements import SignedStatement
from config.contract.nodes import (
    AccessRecord,
    HolderRecord,
    ReplicaPage,
    SitePairsRecord,
    TemplateRecord,
)
from config.contract.operators import OperatorRecord
from config.contract.trust import TrustError, card_verifier, decrypt_template, unseal
from edge.access.attempts import PinShown, pin_shown
from edge.access.decision import Person
from edge.access.rulebook import RuleBook
from edge.replica_age import KeptAge
from models.face.types import Embedding

_log = logging.getLogger("edge.replica")

SCHEMA_VERSION: Final = 6
_OPERATORS: Final = TypeAdapter(tuple[OperatorRecord, ...])


class ReplicaError(Exception):
    """The replica's file cannot be used now; what is in memory stands."""


class Templates(Protocol):
    """Where opened templates go."""

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what is held of one person; an empty sequence forgets the person.

        Raises:
            ValueError: These are no templates of the gallery's network.
        """
        ...


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
        sealing_key: X25519PrivateKey,
        card_key: bytes,
        network: str | None,
        templates: Templates | None,
        rules: RuleBook | None = None,
    ) -> None:
        """Keep people in ``path``.

        Args:
            path: Of the file, whose folder exists.
            sealing_key: Opens what central sealed for this node.
            card_key: Of the site.
            network: Templates of other networks cannot be compared and are passed over.
            templates: The gallery; None where this node recognises no faces.
            rules: Gains the access rules; None where nobody asks for them.
        """
        self._path, self._sealing_key, self._card_key = path, sealing_key, card_key
        self._network, self._templates = network, templates
        self._rules = RuleBook() if rules is None else rules
        self._when_changed: list[Callable[[], None]] = []
        self._entries: dict[str, _Entry] = {}
        self._holders_by_card: dict[str, str] = {}
        self._pictures: dict[str, int] = {}
        self._picture_counts = frozenset[int]()
        self._version = self._generation = 0
        self._site_pairs: SitePairsRecord | None = None
        self._operators: tuple[OperatorRecord, ...] = ()
        self._erased: dict[str, SignedStatement] = {}
        self._back, self._incomplete = set[str](), set[str]()
        self._connection: sqlite3.Connection | None = None
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
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def kept_age(self) -> KeptAge | None:
        """Return how old all of this was when it was last kept; None where nobody kept it."""
        with self._in_use:
            if self._connection is None:
                return None
            row = self._connection.execute("SELECT age_s, age_at FROM replica").fetchone()
        age_s, at = row
        return None if at is None else KeptAge(age_s, datetime.fromisoformat(at))

    def keep_age(self, age: KeptAge) -> None:
        """Keep how old all of this is.

        Raises:
            ReplicaError: The disk refuses.
        """
        values = (age.age_s, age.at.astimezone(UTC).isoformat())
        try:
            with self._in_use:
                if self._connection is not None:
                    self._connection.execute("UPDATE replica SET age_s = ?, age_at = ?", values)
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
        self._picture_counts = frozenset(self._pictures.values())
        self._site_pairs = page.site_pairs
        self._operators = page.operators or ()
        for call in self._when_changed:
            call()
        try:
            if unreadable is not None:
                raise unreadable
            self._keep(page, holders, stale, generation)
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
        if self._connection is None:
            raise sqlite3.OperationalError("not open")
        query = "SELECT document FROM holder WHERE holder_id = ?"
        row = self._connection.execute(query, (holder_id,)).fetchone()
        return () if row is None else HolderRecord.model_validate_json(row[0]).templates

    def _load(self) -> None:
        # No write-ahead log: the file can then be read where nothing can be written.
        connection = self._connection = sqlite3.connect(
            self._path, isolation_level=None, timeout=1.0, check_same_thread=False
        )
        # What is forgotten of a person is overwritten, not left lying in the file.
        connection.execute("PRAGMA secure_delete=ON")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version + 1, SCHEMA_VERSION + 1):
            script = Path(__file__).with_name(f"replica_schema_v{step}.sql")
            connection.executescript(script.read_text(encoding="utf-8"))
        version, generation, pairs, access, operators = connection.execute(
            "SELECT version, generation, site_pairs, access, operators FROM replica"
        ).fetchone()
        if access is not None:
            self._read_rules(access, version)
        self._site_pairs = None if pairs is None else SitePairsRecord.model_validate_json(pairs)
        self._operators = () if operators is None else _OPERATORS.validate_json(operators)
        self._erased = {
            holder_id: SignedStatement(document=document, signature=signature)
            for holder_id, document, signature in connection.execute("SELECT * FROM erased")
        }
        rows = connection.execute("SELECT generation, document FROM holder")
        for holder_generation, document in rows:
            self._take(HolderRecord.model_validate_json(document), holder_generation)
        self._picture_counts = frozenset(self._pictures.values())
        self._version, self._generation = version, generation

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
            _person(record),
            record.cards,
            record.pin,
            record.duress_pin,
            generation,
            record.card_ends,
            frozenset(template.template_id for template in record.templates),
        )
        for verifier in record.cards:
            self._holders_by_card[verifier] = record.holder_id
        self._count_pictures(record)
        self._give(record)

    def _count_pictures(self, record: HolderRecord) -> None:
        counts = [t.picture_count for t in record.templates if t.network == self._network]
        if counts:
            self._pictures[record.holder_id] = min(counts)
        else:
            self._pictures.pop(record.holder_id, None)

    def _give(self, record: HolderRecord) -> None:
        """Hand a person's templates to the gallery; what cannot be one is passed over, and said."""
        if self._templates is None:
            return
        try:
            self._templates.put(record.holder_id, list(self._opened(record)))
        except ValueError as error:
            _log.error("holder %s is not recognised by face: %s", record.holder_id, error)
            self._templates.put(record.holder_id, [])

    def _opened(self, record: HolderRecord) -> Iterable[Embedding]:
        for template in record.templates:
            if template.network != self._network:
                continue
            try:
                yield self._open(template, record.holder_id)
            except TrustError as error:
                _log.error("template %s cannot be opened: %s", template.template_id, error)

    def _open(self, template: TemplateRecord, holder_id: str) -> Embedding:
        raw = decrypt_template(
            unseal(self._sealing_key, template.sealed_key),
            template.ciphertext,
            holder_id=holder_id,
            key_version=template.key_version,
        )
        return np.frombuffer(raw, dtype="<f4").astype(np.float32)

    def _forget(self, holder_id: str) -> None:
        self._forget_cards(holder_id)
        self._pictures.pop(holder_id, None)
        if self._entries.pop(holder_id, None) is not None and self._templates is not None:
            self._templates.put(holder_id, [])

    def _forget_cards(self, holder_id: str) -> None:
        entry = self._entries.get(holder_id)
        for verifier in () if entry is None else entry.cards:
            if self._holders_by_card.get(verifier) == holder_id:
                del self._holders_by_card[verifier]

    def _older_than(self, generation: int) -> list[str]:
        return [key for key, entry in self._entries.items() if entry.generation < generation]

    def _keep(
        self,
        page: ReplicaPage,
        holders: Sequence[HolderRecord],
        stale: Sequence[str],
        generation: int,
    ) -> None:
        connection = self._connection
        if connection is None:
            raise sqlite3.OperationalError("not open")
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                "INSERT OR REPLACE INTO holder VALUES (?, ?, ?)",
                [
                    (record.holder_id, generation, record.model_dump_json())
                    for record in holders
                    if not record.is_removed
                ],
            )
            gone = [*stale, *(record.holder_id for record in holders if record.is_removed)]
            connection.executemany(
                "DELETE FROM holder WHERE holder_id = ?", [(holder_id,) for holder_id in gone]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO erased VALUES (?, ?, ?)",
                [
                    (record.holder_id, record.erasure.document, record.erasure.signature)
                    for record in holders
                    if record.erasure is not None
                ],
            )
            pairs = None if page.site_pairs is None else page.site_pairs.model_dump_json()
            access = self._rules.record()
            connection.execute(
                "UPDATE replica SET version = ?, generation = ?, site_pairs = ?, access = ?,"
                " operators = ?",
                (
                    page.version,
                    generation,
                    pairs,
                    access.model_dump_json(),
                    _OPERATORS.dump_json(self._operators).decode(),
                ),
            )
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise


def _person(record: HolderRecord) -> Person:
    allowed, profiles = record.access_points, record.profiles
    held = {
        CredentialKind.FACE: record.templates,
        CredentialKind.CARD: record.cards,
        CredentialKind.PIN: record.pin,
    }
    return Person(
        holder_id=record.holder_id,
        is_active=record.is_active,
        masked_name=record.masked_name,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        access_points=None if allowed is None else frozenset(allowed),
        confusable_with=frozenset(record.confusable_with),
        profiles=None if profiles is None else frozenset(profiles),
        kinds=frozenset(kind for kind, what in held.items() if what),
        needs_escort=record.needs_escort,
        may_escort=record.may_escort,
        is_first_person=record.is_first_person,
        is_passback_exempt=record.is_passback_exempt,
        has_extended_access_time=record.has_extended_access_time,
        cancelled_codes=frozenset(record.cancelled_codes),
    )
