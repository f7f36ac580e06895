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


class EmergencyReleased(
    EventData, type_name="menshen.emergency.released.v1", event_class=EventClass.ALARM
):
    """One person let people through in an emergency; somebody else has to sign within 24 hours.

    Attributes:
        act: ``level_opened`` or ``level_lifted``.
        subject: Which level.
        act_id: On the list of what is to be signed.
        user_id: The operator.
    """

    act: str
    subject: str
    act_id: str
    user_id: str


class NodeRevoked(EventData, type_name="menshen.node.revoked.v1", event_class=EventClass.ALARM):
    """An operator shut a terminal out, as after a theft.

    Attributes:
        node: Which one.
        user_id: The operator.
    """

    node: str
    user_id: str


Stated = JournalConflicted | EmergencyReleased | NodeRevoked
