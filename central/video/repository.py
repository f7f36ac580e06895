"""Pictures of alarms and the state of recordings in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    RowMapping,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from central.alarms.media import attach_media
from central.database import Transaction
from central.video.tables import (
    alarm_media,
    alarm_media_contents,
    alarm_media_events,
    camera_recordings,
)
from config.contract.events import ClipKept, Event, RecordingChecked
from config.contract.video_events import MediaFormat, MediaKind

TOPIC: Final = "video"
TYPES: Final = frozenset({ClipKept.type_name, RecordingChecked.type_name})
"""Events that are looked at."""
_MEDIA: Final = alarm_media.c
_CONTENTS: Final = alarm_media_contents.c
_RECORDINGS: Final = camera_recordings.c


async def note_kept(
    transaction: Transaction, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Note what nodes say of pictures and recordings; an older statement changes nothing newer."""
    for event in events:
        if event.type not in TYPES:
            continue
        told = event.parsed()
        if isinstance(told, ClipKept):
            await _keep(transaction, node, told, now=now)
        elif isinstance(told, RecordingChecked):
            await _note_recording(transaction, node, told, at=min(event.time, now))


async def _keep(transaction: Transaction, node: str, told: ClipKept, *, now: datetime) -> None:
    query = select(_MEDIA.node).where(_MEDIA.clip_id == str(told.clip_id), _MEDIA.kind == told.kind)
    if (await transaction.execute(query)).first() is not None:
        return
    await transaction.execute(
        insert(alarm_media).values(
            clip_id=str(told.clip_id),
            kind=told.kind,
            node=node,
            camera=told.camera,
            format=told.format,
            sha256=told.sha256,
            size_bytes=told.size_bytes,
            from_at=told.from_at,
            to_at=told.to_at,
            subjects=list(told.subjects),
            counts_from=now,
        )
    )
    for event_id in dict.fromkeys(map(str, told.about)):
        await transaction.execute(
            insert(alarm_media_events).values(
                event_id=event_id, clip_id=str(told.clip_id), kind=told.kind
            )
        )
    await attach_media(
        transaction,
        {"kind": told.kind.value, "sha256": told.sha256, "camera": told.camera},
        subjects=told.subjects,
        from_at=told.from_at,
        to_at=told.to_at,
        now=now,
    )
    transaction.announce(TOPIC)


async def _note_recording(
    transaction: Transaction, node: str, told: RecordingChecked, *, at: datetime
) -> None:
    values = {
        "node": node,
        "days_min": told.days_min,
        "oldest_at": told.oldest_at,
        "is_enough": told.is_enough,
        "problem": told.problem,
        "checked_at": at,
    }
    here = _RECORDINGS.camera == told.camera
    known = (await transaction.execute(select(_RECORDINGS.checked_at).where(here))).first()
    if known is None:
        await transaction.execute(insert(camera_recordings).values(camera=told.camera, **values))
    elif known.checked_at <= at:
        await transaction.execute(update(camera_recordings).where(here).values(**values))
    transaction.announce(TOPIC)


async def recordings(transaction: Transaction) -> dict[str, Row[Any]]:
    """Return what was found of each camera's recording, by camera."""
    rows = await transaction.execute(select(camera_recordings))
    return {row.camera: row for row in rows}


async def put_content(
    transaction: Transaction,
    *,
    sha256: str,
    node: str,
    kind: MediaKind,
    media_format: MediaFormat,
    content: bytes,
    now: datetime,
) -> None:
    """Keep a content; one that is kept already stays as it is."""
    known = await transaction.execute(select(_CONTENTS.node).where(_CONTENTS.sha256 == sha256))
    if known.first() is None:
        await transaction.execute(
            insert(alarm_media_contents).values(
                sha256=sha256,
                node=node,
                kind=kind,
                format=media_format,
                content=content,
                received_at=now,
            )
        )
        transaction.announce(TOPIC)


async def content_of(transaction: Transaction, sha256: str) -> Row[Any] | None:
    """Return a content and its format; None where it never came, or is gone."""
    query = select(_CONTENTS.content, _CONTENTS.format).where(_CONTENTS.sha256 == sha256)
    return (await transaction.execute(query)).first()


async def find(transaction: Transaction, sha256: str) -> Row[Any] | None:
    """Return what is known of a picture or clip."""
    return (await transaction.execute(_listed().where(_MEDIA.sha256 == sha256))).first()


async def media_of(transaction: Transaction, event_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Return what was kept for events, oldest first."""
    wanted = list(event_ids)
    query = (
        _listed()
        .join(
            alarm_media_events,
            and_(
                alarm_media_events.c.clip_id == _MEDIA.clip_id,
                alarm_media_events.c.kind == _MEDIA.kind,
            ),
        )
        .where(alarm_media_events.c.event_id.in_(wanted))
        .distinct()
        .order_by(_MEDIA.from_at, _MEDIA.clip_id, _MEDIA.kind)
    )
    return (await transaction.execute(query)).all()


async def newest(
    transaction: Transaction, *, camera: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return what was kept, newest first; of one camera, or of all."""
    query = _listed().order_by(_MEDIA.from_at.desc(), _MEDIA.clip_id, _MEDIA.kind).limit(limit)
    if camera is not None:
        query = query.where(_MEDIA.camera == camera)
    return (await transaction.execute(query)).mappings().all()


def _listed() -> Select[Any]:
    has_content = exists().where(_CONTENTS.sha256 == _MEDIA.sha256).label("has_content")
    return select(alarm_media, has_content)


async def hold(transaction: Transaction, sha256: str, *, until: datetime, held_by: str) -> bool:
    """Let a picture's age begin only then; returns whether there is such a picture."""
    changed = await transaction.execute(
        update(alarm_media)
        .where(_MEDIA.sha256 == sha256)
        .values(counts_from=until, held_by=held_by)
        .returning(_MEDIA.clip_id)
    )
    return changed.first() is not None


async def events_of(transaction: Transaction, clip_id: UUID) -> Sequence[str]:
    """Return the events that a clip is about."""
    query = select(alarm_media_events.c.event_id).where(
        alarm_media_events.c.clip_id == str(clip_id)
    )
    return (await transaction.execute(query.distinct())).scalars().all()


async def oldest_of(transaction: Transaction, kind: MediaKind) -> datetime | None:
    """Return since when the oldest picture of a kind counts."""
    known = select(func.min(_MEDIA.counts_from)).where(_MEDIA.kind == kind)
    loose = select(func.min(_CONTENTS.received_at)).where(_CONTENTS.kind == kind, _is_loose())
    found = [(await transaction.execute(query)).scalar_one() for query in (known, loose)]
    return min((at for at in found if at is not None), default=None)


async def forget_of(
    transaction: Transaction, kind: MediaKind, *, until: datetime, limit: int
) -> int:
    """Delete pictures of a kind that counted until then, contents that nobody named included."""
    query = select(_MEDIA.clip_id).where(_MEDIA.kind == kind, _MEDIA.counts_from <= until)
    over = (await transaction.execute(query.limit(limit))).scalars().all()
    if over:
        linked = alarm_media_events.c
        await transaction.execute(
            delete(alarm_media_events).where(linked.kind == kind, linked.clip_id.in_(over))
        )
        await transaction.execute(
            delete(alarm_media).where(_MEDIA.kind == kind, _MEDIA.clip_id.in_(over))
        )
    loose = select(_CONTENTS.sha256).where(
        _CONTENTS.kind == kind, _CONTENTS.received_at <= until, _is_loose()
    )
    gone = (await transaction.execute(loose.limit(limit))).scalars().all()
    if gone:
        await transaction.execute(delete(alarm_media_contents).where(_CONTENTS.sha256.in_(gone)))
    if over or gone:
        transaction.announce(TOPIC)
    return max(len(over), len(gone))


def _is_loose() -> ColumnElement[bool]:
    return ~exists().where(_MEDIA.sha256 == _CONTENTS.sha256)
