"""What to do about an alarm: as shipped (``procedures.toml``), or as the site says."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import resources
from typing import Any, Final, Literal

from sqlalchemy import Row, delete, insert, select

from central.alarms.kinds import KINDS, UNRAISED, Priority
from central.alarms.schemas import Procedure
from central.alarms.tables import alarm_procedures
from central.database import Transaction

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
_FILE: Final = resources.files("central.alarms") / "procedures.toml"
SHIPPED: Final[dict[str, dict[Language, str]]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
"""By kind and language; lines of plain text."""


def kind_of(key: str) -> str:
    """Return the kind of what a procedure is for: a kind, or one source."""
    return key.partition(":")[0]


async def procedure(transaction: Transaction, key: str) -> Procedure:
    """Return what to do: as the site wrote it for the source or its kind, or as shipped."""
    keys = [key, kind_of(key)]
    query = select(alarm_procedures).where(alarm_procedures.c.key.in_(keys))
    return _procedure(key, await transaction.execute(query))


async def all_procedures(transaction: Transaction) -> list[Procedure]:
    """Return one for each kind that something raises, then those of single sources."""
    rows = (await transaction.execute(select(alarm_procedures))).all()
    kinds = [kind for kind in KINDS if kind not in UNRAISED]
    # A site may have written one for a kind that there was in an earlier version.
    sources = sorted(r.key for r in rows if r.key not in KINDS and kind_of(r.key) in KINDS)
    return [_procedure(key, rows) for key in (*kinds, *sources)]


def _procedure(key: str, rows: Iterable[Row[Any]]) -> Procedure:
    """Return what holds: of the source first, then of its kind, then as shipped.

    Text and priority are each found by itself.
    """
    kind = kind_of(key)
    by_key = {row.key: row for row in rows}
    own = [by_key[name] for name in dict.fromkeys((key, kind)) if name in by_key]
    text = next((row for row in own if row.en), None)
    ranked = next((row for row in own if row.priority is not None), None)
    shipped = KINDS[kind].priority
    said: dict[Language, str] = SHIPPED[kind]
    if text is not None:
        said = {"zh-CN": text.zh_cn, "en": text.en}
    return Procedure(
        key=key,
        text=said,
        is_shipped=text is None,
        priority=shipped if ranked is None else ranked.priority,
        shipped_priority=shipped,
        has_own_priority=key in by_key and by_key[key].priority is not None,
        is_latched=KINDS[kind].is_latched,
        changed_by=None if text is None else text.changed_by,
        changed_at=None if text is None else text.changed_at,
    )


async def put_procedure(
    transaction: Transaction,
    key: str,
    *,
    text: Mapping[Language, str],
    priority: Priority | None,
    by: str,
    now: datetime,
) -> None:
    """Replace what the site says about a kind or a source; nothing at all takes it back."""
    await transaction.execute(delete(alarm_procedures).where(alarm_procedures.c.key == key))
    if priority is None and not any(text.values()):
        return
    await transaction.execute(
        insert(alarm_procedures).values(
            key=key,
            zh_cn=text.get("zh-CN", ""),
            en=text.get("en", ""),
            priority=priority,
            changed_by=by,
            changed_at=now,
        )
    )
