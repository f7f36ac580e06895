"""The tables of who is inside, of what was forgiven, and of roll-calls."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

forgiven = Table(
    "forgiven",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("holder_id", String(36)),
    Column("access_point", String(63)),
    Column("forgiven_by", String(64), nullable=False, comment="the operator's name of then"),
    comment="whose place, or which point's refusals, an operator forgave; nobody is everybody",
)

area_facts = Table(
    "area_facts",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject", String(64), primary_key=True, comment="a holder, or an area"),
    Column("counted_by", String(63), primary_key=True, comment="of counts, the node; else empty"),
    Column("area", String(63), index=True, comment="null outside, and where nobody knows"),
    Column("body", Text, nullable=False, comment="the fact as JSON"),
    comment="the last fact of each person and of each node's count, in the order of facts",
)

roll_calls = Table(
    "roll_calls",
    metadata,
    Column("roll_call_id", String(36), primary_key=True),
    Column("cause", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column(
        "started_by",
        String(64),
        nullable=False,
        comment="the operator's name of then; empty for a fire",
    ),
    Column("state", Text, nullable=False, comment="KeptState as JSON: areas, silent nodes"),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(64)),
    Column("people_count", Integer, comment="at the end"),
    Column("missing_count", Integer, comment="at the end"),
    comment="who was inside when a building was evacuated, and who was found",
)

roll_call_people = Table(
    "roll_call_people",
    metadata,
    Column(
        "roll_call_id", ForeignKey("roll_calls.roll_call_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("holder_id", String(64), index=True),
    Column(
        "name",
        String(200),
        nullable=False,
        comment="as a guard wrote it; empty where there is a holder",
    ),
    Column("area", String(63), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("node", String(63), nullable=False),
    Column("is_found", Boolean, nullable=False),
    comment="the list of a roll-call, under pseudonyms",
)

roll_call_marks = Table(
    "roll_call_marks",
    metadata,
    Column("mark_id", String(36), primary_key=True),
    Column(
        "roll_call_id",
        ForeignKey("roll_calls.roll_call_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("is_safe", Boolean, nullable=False),
    Column(
        "marked_by",
        String(64),
        nullable=False,
        comment="the operator's name of then; empty where a credential was shown",
    ),
    Column("access_point", String(63), nullable=False),
    comment="who was said to be safe, by whom and when; marks are only added",
)
