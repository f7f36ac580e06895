"""What a node is told of people: verifiers, validity and templates sealed for that node alone."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pydantic import ValidationError
from sqlalchemy import Row, select

from central.access.repository import record
from central.database import Database, Transaction
from central.keys import KeyEncryptionKey
from central.people.masking import masked
from central.people.templates import counted, key_purpose
from central.problems import RefusedError
from central.recognition.pairs import confusable_with
from central.recognition.repository import last_done
from central.site_values import replica_version
from central.tables import PERSON_MARKS, cards, people, templates
from central.visits import repository as visits
from config.contract.nodes import HolderRecord, ReplicaPage, TemplateRecord
from config.contract.trust import seal

PAGE_LENGTH: Final = 200


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


class ReplicaSource:
    """Pages of people for one node after another."""

    def __init__(self, database: Database, kek: KeyEncryptionKey) -> None:
        self._database, self._kek = database, kek

    async def page(
        self,
        *,
        after: int,
        sealing_key: X25519PublicKey,
        with_pairs: bool,
        access_known: int | None,
    ) -> ReplicaPage:
        """Return the changes after a version, sealed for one node.

        Args:
            after: A version; 0 is before everything.
            sealing_key: Of the node.
            with_pairs: Whether the node asks for the site's own pairs.
            access_known: The version of the access model that the node has; None where it does not
                ask for the access rules.
        """
        async with self._database.read() as transaction:
            version = await replica_version(transaction)
            # A node that is ahead knows another history, as after a restored backup: from nothing.
            after = after if after <= version else 0
            rows = await self._changed(transaction, after)
            guests = await visits.records(transaction, after=after, limit=PAGE_LENGTH + 1)
            found = sorted([row.version for row in rows] + [guest.version for guest in guests])
            has_more = len(found) > PAGE_LENGTH
            version = found[PAGE_LENGTH - 1] if has_more else version
            rows = [row for row in rows if row.version <= version]
            guests = [guest for guest in guests if guest.version <= version]
            holder_ids = [row.holder_id for row in rows if not row.is_removed]
            verifiers = await self._verifiers(transaction, holder_ids)
            faces = await self._templates(transaction, holder_ids)
            others = await confusable_with(transaction, holder_ids)
            test = await last_done(transaction) if with_pairs else None
            # A node that begins anew may have the same version of another history.
            known = access_known if after else None
            rules = None if access_known is None else await record(transaction, known=known)

        def sealed() -> list[HolderRecord]:
            return [
                self._record(
                    row,
                    verifiers.get(row.holder_id, ()),
                    faces.get(row.holder_id, ()),
                    others.get(row.holder_id, ()),
                    sealing_key,
                )
                for row in rows
            ]

        holders = [*await asyncio.to_thread(sealed), *guests]
        return ReplicaPage(
            version=version,
            has_more=has_more,
            is_complete=after == 0,
            holders=tuple(sorted(holders, key=lambda holder: holder.version)),
            site_pairs=None if test is None else test.record,
            access=rules,
        )

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
    async def _templates(
        transaction: Transaction, holder_ids: list[str]
    ) -> dict[str, tuple[Row[Any], ...]]:
        query = select(templates).where(templates.c.holder_id.in_(holder_ids))
        found = dict[str, tuple[Row[Any], ...]]()
        for row in await transaction.execute(query.order_by(templates.c.template_id)):
            found[row.holder_id] = (*found.get(row.holder_id, ()), row)
        return found

    def _record(
        self,
        row: Row[Any],
        verifiers: tuple[str, ...],
        faces: tuple[Row[Any], ...],
        others: tuple[str, ...],
        sealing_key: X25519PublicKey,
    ) -> HolderRecord:
        if row.is_removed:
            return HolderRecord(holder_id=row.holder_id, version=row.version, is_removed=True)
        return holder_record(
            row,
            cards=verifiers,
            templates=tuple(self._template(face, sealing_key) for face in faces),
            confusable_with=others,
        )

    def _template(self, row: Row[Any], sealing_key: X25519PublicKey) -> TemplateRecord:
        key = self._kek.unwrap(row.wrapped_key, purpose=key_purpose(row.holder_id))
        return TemplateRecord(
            template_id=UUID(row.template_id),
            network=row.network,
            ciphertext=row.ciphertext,
            sealed_key=seal(sealing_key, key),
            key_version=row.key_version,
            picture_count=counted(row.picture_count),
        )
