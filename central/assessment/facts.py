"""What the assessment rests on, read from the database in one look."""

from sqlalchemy import func, select

from central.assessment.composition import ConsentCount, Facts
from central.assessment.schemas import TerminalLine
from central.consent import repository as consents
from central.consent.stored_faces import stored_faces
from central.consent.tables import consents as consent_table
from central.consent.tables import terminal_faces
from central.database import Transaction
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.recognition import repository as recognition
from central.recognition.thresholds import thresholds_now
from central.retention.endpoints import table_of
from central.services import Services
from central.tables import templates


async def facts_of(services: Services) -> Facts:
    """Return what is known of this site now."""
    site, now = services.settings.site, services.now()
    retention = await table_of(services)
    async with services.database.read() as transaction:
        limits = await thresholds_now(transaction, site)
        return Facts(
            made_at=now,
            site=site,
            retention=retention.items,
            faces=await stored_faces(transaction),
            texts=await consents.list_texts(transaction),
            consents=await _consent_counts(transaction),
            central_face_count=await _central_face_count(transaction),
            terminals=await _terminals(transaction, services),
            points={name: (size, limits.at(name)) for name, size in limits.sizes.items()},
            self_test=await recognition.last_done(transaction),
        )


async def _consent_counts(transaction: Transaction) -> list[ConsentCount]:
    column = consent_table.c
    query = (
        select(column.purpose, column.place, func.count().label("count"))
        .where(column.ended_at.is_(None))
        .group_by(column.purpose, column.place)
        .order_by(column.purpose, column.place)
    )
    rows = (await transaction.execute(query)).mappings()
    return [ConsentCount(**row) for row in rows]


async def _central_face_count(transaction: Transaction) -> int:
    query = select(func.count(func.distinct(templates.c.holder_id)))
    return int((await transaction.execute(query)).scalar_one())


async def _terminals(transaction: Transaction, services: Services) -> list[TerminalLine]:
    column = terminal_faces.c
    query = select(column.node, func.count(func.distinct(column.holder_id)).label("people"))
    alone = {row.node: row.people for row in await transaction.execute(query.group_by(column.node))}
    joined = await nodes.signing_keys(transaction)
    views = await nodes.views(transaction, installed(services), now=services.now())
    return [
        TerminalLine(
            node=view.node,
            has_joined=view.node in joined,
            last_seen_at=view.last_seen_at,
            alone_count=alone.get(view.node, 0),
            gallery_size=None if view.status is None else view.status.gallery_size,
        )
        for view in views
    ]
