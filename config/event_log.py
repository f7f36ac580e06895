"""A line of the log for each event, by its trace: what a person follows from gate to screen."""

import logging
from collections.abc import Iterable

from config.contract.events import Event
from config.tracing import trace_of


def log_events(logger: logging.Logger, what: str, events: Iterable[Event]) -> None:
    """Say of each event what became of it: its type and identifiers, nothing of its data.

    Args:
        logger: Whoever did it; at the level ``debug``.
        what: ``is durable``, for one.
        events: Any.
    """
    for event in events:
        logger.debug(
            "event %s %s: %s %s %d",
            event.id,
            what,
            event.type,
            event.event_class.value,
            event.sequence,
            extra={"trace": trace_of(event.data)},
        )
