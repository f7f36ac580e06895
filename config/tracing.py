"""One identifier for all that came of one thing: of a person before a gate, or of a request.

At a terminal it is the decision's own: every event of a passage carries it (``decision_id``), so
whoever has an event has the trace. Between programs it travels as ``traceparent``.

Source: W3C Trace Context (2021-11-23), sections 3.2 "traceparent Header" and 3.2.2 "format".
"""

import contextlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Final
from uuid import UUID

HEADER: Final = "traceparent"
TRACE: ContextVar[str] = ContextVar("trace", default="")
"""32 lower-case hexadecimal digits; empty outside of any."""
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NONE: Final = frozenset({"0" * 32, "0" * 16})


def new_trace() -> str:
    """Return the identifier of something that begins here."""
    return secrets.token_hex(16)


def trace_of(data: Mapping[str, object]) -> str:
    """Return the trace that an event's data belong to; empty where it names no decision."""
    decision = data.get("decision_id")
    try:
        return UUID(decision).hex if isinstance(decision, str) else ""
    except ValueError:
        return ""


def traceparent(trace: str) -> str:
    """Return the header for a request that belongs to a trace."""
    return f"00-{trace}-{secrets.token_hex(8)}-00"


def read_traceparent(text: str | None) -> str | None:
    """Return the trace of a header; None where there is none, or it is of another form."""
    found = _FORM.fullmatch(text or "")
    if found is None:
        return None
    version, trace, parent, _, more = found.groups()
    if version == "ff" or {trace, parent} & _NONE or (version == "00" and more):
        return None
    return trace


@contextlib.contextmanager
def traced(trace: str) -> Iterator[None]:
    """Let everything that is logged while inside, in this task, belong to a trace."""
    token = TRACE.set(trace)
    try:
        yield
    finally:
        TRACE.reset(token)
