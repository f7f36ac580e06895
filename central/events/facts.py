"""Events that central itself states."""

from config.contract.events import EventClass, EventData


class JournalConflicted(
    EventData, type_name="menshen.journal.conflicted.v1", event_class=EventClass.ALARM
):
    """A node sent another event under a key that one already had; both are kept.

    Two journals with one identity, a restored disk or a forgery look like this.
    """

    epoch: str
    conflicting_class: EventClass
    sequence: int
    content_hash: str
