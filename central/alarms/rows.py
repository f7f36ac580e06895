"""Sources and lines as rows of the database, and back."""

import dataclasses
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import Row, Select, select

from central.alarms.life import next_due
from central.alarms.lines import Line, Plan, Set, Source
from central.alarms.sources import Key
from central.alarms.tables import alarm_sources, alarms

_LINE_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Line))
_SHELF: Final = ("shelved_until", "shelved_by", "shelved_reason")
_SERVICE: Final = ("out_of_service_since", "out_of_service_by", "out_of_service_reason")


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """The newest that was heard of a source. Attributes: at: By the clock of its node."""

    at: datetime
    epoch: str | None = None
    event_class: str | None = None
    sequence: int | None = None


@dataclasses.dataclass(slots=True)
class Kept:
    """A source and its newest line, and what was done to them here.

    Attributes:
        pending: A raise of the past that may be over: ``at``, ``position`` and ``detail``.
        place: Of the line: its room, or its terminal.
        noted: To be written into the history of the line.
    """

    key: Key
    source: Source
    alarm_id: str | None = None
    heard: Heard | None = None
    pending: dict[str, Any] | None = None
    pending_at: datetime | None = None
    place: str = ""
    is_first_up: bool = False
    is_stale: bool = False
    event_position: int | None = None
    event_id: str | None = None
    detail: dict[str, JsonValue] = dataclasses.field(default_factory=dict)
    media: list[Any] = dataclasses.field(default_factory=list)
    is_new: bool = False
    is_changed: bool = False
    is_new_line: bool = False
    is_line_changed: bool = False
    raised_count: int = 0
    noted: list[dict[str, Any]] = dataclasses.field(default_factory=list)


def joined() -> Select[Any]:
    """Return the query of sources with their newest line, if there is one."""
    columns = [column for column in alarms.c if column.name not in _OF_SOURCE]
    return select(alarm_sources, *columns).outerjoin(
        alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id
    )


_OF_SOURCE: Final = frozenset(
    {"alarm_id", "source", "kind", "node", "subject_kind", "subject_id", "is_active"}
)


def kept_of(row: Row[Any]) -> Kept:
    """Return a row of ``joined``."""
    key = Key(row.kind, row.subject_kind, row.subject_id, row.node)
    line = None
    if row.version is not None:
        values = {name: getattr(row, name) for name in _LINE_FIELDS}
        line = Line(**values)
    source = Source(
        kind=key.kind_of,
        line=line,
        recent=tuple(datetime.fromisoformat(at) for at in row.recent),
        shelf=_set_of(row, shelf=True),
        out_of_service=_set_of(row, shelf=False),
        is_suppressed=bool(row.is_suppressed),
    )
    heard = None
    if row.changed_at is not None:
        heard = Heard(row.changed_at, row.epoch, row.event_class, row.sequence)
    return Kept(
        key,
        source,
        # Retention forgets lines, and not what they are about.
        alarm_id=None if line is None else row.alarm_id,
        heard=heard,
        pending=row.pending,
        pending_at=row.pending_at,
        place=row.place or "",
        is_first_up=bool(row.is_first_up),
        is_stale=bool(row.is_stale),
        event_position=row.event_position,
        event_id=row.event_id,
        detail=row.detail or {},
        media=row.media or [],
    )


def _set_of(row: Row[Any], *, shelf: bool) -> Set | None:
    at, by, reason = (getattr(row, name) for name in (_SHELF if shelf else _SERVICE))
    if at is None:
        return None
    return Set(at, by, reason, at if shelf else None)


def source_row(kept: Kept) -> dict[str, Any]:
    """Return what is kept of a source."""
    source, heard = kept.source, kept.heard
    shelf, out = source.shelf, source.out_of_service
    shelved = (None,) * 3 if shelf is None else (shelf.until, shelf.by, shelf.reason)
    served = (None,) * 3 if out is None else (out.at, out.by, out.reason)
    return {
        "source": kept.key.source,
        "kind": kept.key.kind,
        "node": kept.key.node,
        "subject_kind": kept.key.subject_kind,
        "subject_id": kept.key.subject_id,
        "is_active": source.is_active,
        "changed_at": None if heard is None else heard.at,
        "epoch": None if heard is None else heard.epoch,
        "event_class": None if heard is None else heard.event_class,
        "sequence": None if heard is None else heard.sequence,
        "pending": kept.pending,
        "pending_at": kept.pending_at,
        "recent": [at.isoformat() for at in source.recent],
        **dict(zip(_SHELF, shelved, strict=True)),
        **dict(zip(_SERVICE, served, strict=True)),
        "alarm_id": kept.alarm_id,
    }


def line_row(kept: Kept, *, version: int, plan: Plan) -> dict[str, Any]:
    """Return what is kept of the newest line of a source."""
    line, source = kept.source.line, kept.source
    if line is None:
        raise LookupError(kept.key.source)
    return {
        "alarm_id": kept.alarm_id,
        "version": version,
        "source": kept.key.source,
        "kind": kept.key.kind,
        "node": kept.key.node,
        "subject_kind": kept.key.subject_kind,
        "subject_id": kept.key.subject_id,
        "place": kept.place,
        **{name: getattr(line, name) for name in _LINE_FIELDS},
        "is_first_up": kept.is_first_up,
        "is_stale": kept.is_stale and line.closed_at is None,
        "is_suppressed": source.is_suppressed,
        "due_at": next_due(source, plan),
        "event_position": kept.event_position,
        "event_id": kept.event_id,
        "detail": kept.detail,
        "media": kept.media,
    }
