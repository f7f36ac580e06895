"""What a node is told of people: verifiers, validity and templates sealed for that node alone."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row, select

from central.access.repository import record
from central.consent import deletions, erasures, terminal_faces
from central.consent.repository import may_lie
from central.database import Database, Transaction
from central.keys import KeyEncryptionKey
from central.people.codes import cancelled
from central.people.masking import masked
from central.people.templates import counted, key_purpose
from central.problems import RefusedError
from central.recognition.pairs import confusable_with
from central.recognition.repository import last_done
from central.site_values import replica_version
from central.tables import PERSON_MARKS, cards, people, templates
from central.users.repository import at_all_terminals
from central.visits import repository as visits
from config.contract.face_statements import SignedStatement
from config.contract.nodes import (
    AccessRecord,
    HolderRecord,
    ReplicaPage,
    SitePairsRecord,
    TemplateRecord,
)
from config.contract.operators import OperatorRecord
from config.contract.trust import seal
from config.crypto.keys import RecipientKey

PAGE_LENGTH: Final = 200
KEPT_ANSWERS_MAX: Final = 16
"""More than what nodes ask of one version; the oldest goes first."""


def holder_record(row: Row[Any], **more: object) -> HolderRecord:
    """Return what nodes are told of somebody who is not removed; ``more`` is of other tables."""
    values = {
        "holder_id": row.holder_id,
        "version": row.version,
        "is_active": row.is_active,
        "masked_name": masked(row.name),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "access_points": None if row.access_points is None else tuple(row.access_points),
        "profiles": None if row.profiles is None else tuple(row.profiles),
        "pin": row.pin_verifier,
        "duress_pin": row.duress_verifier,
        **{name: getattr(row, name) for name in PERSON_MARKS},
        **more,
    }
    return HolderRecord.model_validate(values)


async def check_readable(transaction: Transaction, holder_id: str) -> None:
    """Refuse a change after which no node could read the person's record, nor any after it."""
    query = select(people).where(people.c.holder_id == holder_id)
    refuse_unreadable((await transaction.execute(query)).one())


def refuse_unreadable(row: Row[Any]) -> None:
    """Refuse a person whose record no node could read; see ``check_readable``."""
    try:
        record = holder_record(row)
        is_readable = HolderRecord.model_validate_json(record.model_dump_json()) == record
    except ValidationError:
        is_readable = False
    if not is_readable:
        raise RefusedError(422, "unreadable_record", "no terminal could read this person's record")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What a node asks that others ask, too; see ``ReplicaSource.page``."""

    after: int
    with_pairs: bool
    access_known: int | None
    with_statements: bool
    with_operators: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Changes:
    """An answer before it is sealed for somebody. Not printable: it holds keys.

    Attributes:
        version: That a node has with this answer.
        people: Rows of their table, in the order of versions.
        cards: Verifiers, by holder.
        card_ends: When temporary cards are over, by holder.
        cancelled: Nonces of cancelled codes, by holder.
        faces: Rows of templates, by holder; none of people without consent.
        places: The nodes where a template may lie, by its id; everywhere where it is not named.
        kept: Templates that lie at nodes alone, by node and holder.
        erased: Signed erasures, by holder.
        asked: Of whom a node is to say what it holds, by node.
        others: Whom somebody resembles, by holder.
        guests: Visitors, in the order of versions.
    """

    version: int
    has_more: bool
    is_complete: bool
    people: Sequence[Row[Any]]
    cards: Mapping[str, tuple[str, ...]]
    card_ends: Mapping[str, dict[str, datetime]]
    cancelled: Mapping[str, tuple[str, ...]]
    faces: Mapping[str, tuple[Row[Any], ...]]
    places: Mapping[str, frozenset[str]]
    kept: Mapping[tuple[str, str], tuple[UUID, ...]]
    erased: Mapping[str, SignedStatement]
    asked: Mapping[str, tuple[str, ...]]
    others: Mapping[str, tuple[str, ...]]
    guests: Sequence[HolderRecord]
    site_pairs: SitePairsRecord | None
    access: AccessRecord | None
    operators: tuple[OperatorRecord, ...] | None


@dataclasses.dataclass(frozen=True, slots=True)
class _More:
    """What only nodes are told that say which templates they hold; see ``_Changes``."""

    places: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    kept: Mapping[tuple[str, str], tuple[UUID, ...]] = dataclasses.field(default_factory=dict)
    erased: Mapping[str, SignedStatement] = dataclasses.field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


class ReplicaSource:
    """Pages of people for one node after another; for one event loop.

    After a change every node asks the same. What they ask is read once per version, by whoever is
    first, and sealed for each: two hundred nodes cost the database what one costs.
    """

    def __init__(self, database: Database, kek: KeyEncryptionKey) -> None:
        """Read from ``database``; ``kek`` opens the templates' keys."""
        self._database, self._kek = database, kek
        self._version = -1
        self._reading: dict[_Question, asyncio.Future[_Changes]] = {}

    async def page(
        self,
        *,
        after: int,
        node: str,
        sealing_key: RecipientKey,
        with_pairs: bool,
        access_known: int | None,
        with_statements: bool,
        with_operators: bool,
    ) -> ReplicaPage:
        """Return the changes after a version, sealed for one node.

        Args:
            after: A version; 0 is before everything.
            node: That is told; templates go where their holders' consent lets them lie.
            sealing_key: Of the node.
            with_pairs: Whether the node asks for the site's own pairs.
            access_known: The version of the access model that the node has; None where it does not
                ask for the access rules.
            with_statements: Whether the node says which templates it holds; else it is told of
                none that lies at nodes alone.
            with_operators: Whether the node asks who has rights at terminals.
        """
        question = _Question(
            after=after,
            with_pairs=with_pairs,
            access_known=access_known,
            with_statements=with_statements,
            with_operators=with_operators,
        )
        changes = await self._shared(question)
        if changes.faces:
            holders = await asyncio.to_thread(self._sealed, changes, node, sealing_key)
        else:
            holders = self._sealed(changes, node, sealing_key)
        return ReplicaPage(
            version=changes.version,
            has_more=changes.has_more,
            is_complete=changes.is_complete,
            holders=tuple(sorted(holders, key=lambda holder: holder.version)),
            site_pairs=changes.site_pairs,
            access=changes.access,
            asked_holders=changes.asked.get(node, ()),
            operators=changes.operators,
        )

    def forget(self) -> None:
        """Read anew what nodes are asked, which no version tells of."""
        self._version = -1

    async def _shared(self, question: _Question) -> _Changes:
        version = await self._database.read_whole(replica_version)
        if version != self._version:
            # Whoever is still waiting for an older answer gets it, and hears of the newer version.
            self._version, self._reading = version, {}
        if (reading := self._reading.get(question)) is None:
            reading = self._reading[question] = asyncio.ensure_future(self._read(question))
            reading.add_done_callback(lambda done: self._forget_failed(question, done))
            if len(self._reading) > KEPT_ANSWERS_MAX:
                del self._reading[next(iter(self._reading))]
        # A node that hangs up must not end what the others wait for.
        return await asyncio.shield(reading)

    def _forget_failed(self, question: _Question, done: asyncio.Future[_Changes]) -> None:
        is_failed = done.cancelled() or done.exception() is not None
        if is_failed and self._reading.get(question) is done:
            del self._reading[question]

    async def _read(self, question: _Question) -> _Changes:
        async with self._database.read() as transaction:
            version = await replica_version(transaction)
            # A node that is ahead knows another history, as after a restored backup: from nothing.
            after = question.after if question.after <= version else 0
            rows = await self._changed(transaction, after)
            guests = await visits.records(transaction, after=after, limit=PAGE_LENGTH + 1)
            found = sorted([row.version for row in rows] + [guest.version for guest in guests])
            has_more = len(found) > PAGE_LENGTH
            version = found[PAGE_LENGTH - 1] if has_more else version
            rows = [row for row in rows if row.version <= version]
            holder_ids = [row.holder_id for row in rows if not row.is_removed]
            test = await last_done(transaction) if question.with_pairs else None
            # A node that begins anew may have the same version of another history.
            known = question.access_known if after else None
            more = _More()
            if question.with_statements:
                removed = [row.holder_id for row in rows if row.is_removed]
                more = _More(
                    places=await terminal_faces.places(transaction, holder_ids),
                    kept=await terminal_faces.kept(transaction, holder_ids),
                    erased=await erasures.of_people(transaction, removed),
                    asked={} if has_more else await deletions.asked(transaction),
                )
            return _Changes(
                version=version,
                has_more=has_more,
                is_complete=after == 0,
                people=rows,
                cards=await self._verifiers(transaction, holder_ids),
                card_ends=await self._card_ends(transaction, holder_ids),
                cancelled=await cancelled(transaction, holder_ids),
                faces=await self._templates(
                    transaction, holder_ids, everywhere=not question.with_statements
                ),
                places=more.places,
                kept=more.kept,
                erased=more.erased,
                asked=more.asked,
                others=await confusable_with(transaction, holder_ids),
                guests=[guest for guest in guests if guest.version <= version],
                site_pairs=None if test is None else test.record,
                access=(
                    None
                    if question.access_known is None
                    else await record(transaction, known=known)
                ),
                operators=await at_all_terminals(transaction) if question.with_operators else None,
            )

    def _sealed(
        self, changes: _Changes, node: str, sealing_key: RecipientKey
    ) -> list[HolderRecord]:
        records = [self._record(row, changes, node, sealing_key) for row in changes.people]
        return [*records, *changes.guests]

    @staticmethod
    async def _changed(transaction: Transaction, after: int) -> Sequence[Row[Any]]:
        query = select(people).where(people.c.version > after).order_by(people.c.version)
        if after == 0:
            query = query.where(~people.c.is_removed)
        return (await transaction.execute(query.limit(PAGE_LENGTH + 1))).all()

    @staticmethod
    async def _verifiers(
        transaction: Transaction, holder_ids: list[str]
    ) -> dict[str, tuple[str, ...]]:
        query = select(cards.c.holder_id, cards.c.verifier).where(cards.c.holder_id.in_(holder_ids))
        found = dict[str, tuple[str, ...]]()
        for row in await transaction.execute(query.order_by(cards.c.card_id)):
            found[row.holder_id] = (*found.get(row.holder_id, ()), row.verifier)
        return found

    @staticmethod
    async def _card_ends(
        transaction: Transaction, holder_ids: list[str]
    ) -> dict[str, dict[str, datetime]]:
        query = select(cards.c.holder_id, cards.c.verifier, cards.c.valid_until).where(
            cards.c.holder_id.in_(holder_ids), cards.c.valid_until.is_not(None)
        )
        found = dict[str, dict[str, datetime]]()
        for row in await transaction.execute(query):
            found.setdefault(row.holder_id, {})[row.verifier] = row.valid_until
        return found

    @staticmethod
    async def _templates(
        transaction: Transaction, holder_ids: list[str], *, everywhere: bool
    ) -> dict[str, tuple[Row[Any], ...]]:
        query = select(templates).where(
            templates.c.holder_id.in_(holder_ids), may_lie(everywhere=everywhere)
        )
        found = dict[str, tuple[Row[Any], ...]]()
        for row in await transaction.execute(query.order_by(templates.c.template_id)):
            found[row.holder_id] = (*found.get(row.holder_id, ()), row)
        return found

    def _record(
        self, row: Row[Any], changes: _Changes, node: str, sealing_key: RecipientKey
    ) -> HolderRecord:
        holder_id = row.holder_id
        if row.is_removed:
            erasure = changes.erased.get(holder_id)
            return HolderRecord(
                holder_id=holder_id, version=row.version, is_removed=True, erasure=erasure
            )
        faces = [
            face
            for face in changes.faces.get(holder_id, ())
            if node in changes.places.get(face.template_id, frozenset({node}))
        ]
        return holder_record(
            row,
            cards=changes.cards.get(holder_id, ()),
            templates=tuple(self._template(face, sealing_key) for face in faces),
            confusable_with=changes.others.get(holder_id, ()),
            kept_templates=changes.kept.get((node, holder_id), ()),
            card_ends=changes.card_ends.get(holder_id, {}),
            cancelled_codes=changes.cancelled.get(holder_id, ()),
        )

    def _template(self, row: Row[Any], sealing_key: RecipientKey) -> TemplateRecord:
        key = self._kek.unwrap(row.wrapped_key, purpose=key_purpose(row.holder_id))
        return TemplateRecord(
            template_id=UUID(row.template_id),
            network=row.network,
            ciphertext=row.ciphertext,
            sealed_key=seal(sealing_key, key),
            key_version=row.key_version,
            picture_count=counted(row.picture_count),
        )
