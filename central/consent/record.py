"""Right of access: everything that is held of one person, in one document."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from central.audit import repository as audit
from central.canteen import debts
from central.canteen import repository as canteen
from central.consent import deletions
from central.consent import repository as consents
from central.consent.schemas import PersonRecord
from central.consent.tables import terminal_faces
from central.database import Transaction
from central.fire.tables import fire_people
from central.ledger import accounts
from central.ledger import repository as ledger
from central.muster.tables import roll_call_people
from central.people.schemas import Person
from central.tables import cards, enrolment_pictures, events, templates, visits
from config.contract.money import Wallet

SECRET: frozenset[str] = frozenset(
    {"ciphertext", "wrapped_key", "key_version", "verifier", "nonce", "holder_id", "version"}
)
"""Columns that say nothing to the person, or would open something."""
AUDIT_LENGTH = 1_000
MONEY_LENGTH = 1_000


async def person_record(
    transaction: Transaction,
    person: Person,
    *,
    site: str,
    has_names: bool,
    now: datetime,
) -> PersonRecord:
    """Return everything that is held of a person."""
    holder_id = person.holder_id
    query = select(events.c.body).where(events.c.holder_id == holder_id)
    bodies = (await transaction.execute(query.order_by(events.c.position))).scalars()
    logged = await audit.page(
        transaction, before=None, limit=AUDIT_LENGTH, about=f"person:{holder_id}"
    )
    return PersonRecord(
        made_at=now,
        site=site,
        person=person,
        consents=list(await consents.of_holder(transaction, holder_id, has_names=has_names)),
        faces=[
            *[{**row, "place": "central"} for row in await _rows(transaction, templates, person)],
            *[{**r, "place": "terminal"} for r in await _rows(transaction, terminal_faces, person)],
        ],
        pictures=await _rows(transaction, enrolment_pictures, person),
        cards=await _rows(transaction, cards, person),
        visits_hosted=await _rows(transaction, visits, person, column="host_id"),
        roll_calls=await _rows(transaction, roll_call_people, person),
        fires=await _rows(transaction, fire_people, person),
        events=[json.loads(body) for body in bodies],
        meals=await _meals(transaction, holder_id),
        money=await _money(transaction, holder_id),
        deletions=await deletions.page(
            transaction, holder_id=holder_id, is_outstanding=False, limit=AUDIT_LENGTH
        ),
        audit=[
            {"at": row.at, "actor": row.actor, "action": row.action, "purpose": row.purpose}
            for row in logged
        ],
    )


async def _rows(
    transaction: Transaction, table: Table, person: Person, *, column: str = "holder_id"
) -> list[dict[str, Any]]:
    """Return what a table holds of a person, without secrets and without other people."""
    shown = [c for c in table.c if c.name not in SECRET and c.name != "visitor"]
    query = select(*shown).where(table.c[column] == person.holder_id)
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


async def _meals(transaction: Transaction, holder_id: str) -> list[dict[str, Any]]:
    found = await canteen.page_of_charges(transaction, holder_id=holder_id, limit=MONEY_LENGTH)
    owing = await debts.page(transaction, state=None, holder_id=holder_id, limit=MONEY_LENGTH)
    causes = {row.charge_id: row.cause for row in owing}
    told = ("charge_id", "till", "merchant", "charged_at", "amount_fen", "debt_fen", "returned_fen")
    return [
        {name: getattr(each.as_of(holder_id), name) for name in told}
        | {"debt_cause": causes.get(each.charge_id)}
        for each in found
    ]


async def _money(transaction: Transaction, holder_id: str) -> list[dict[str, Any]]:
    moves = list[dict[str, Any]]()
    for which in Wallet:
        account = accounts.wallet(holder_id, which)
        entries = await ledger.entries(
            transaction, account, limit=MONEY_LENGTH, is_newest_first=True
        )
        moves += [
            {
                "wallet": which.value,
                "change_fen": each.change_fen(account),
                "reason": each.reason,
                "happened_at": each.happened_at,
            }
            for each in entries
        ]
    return moves
