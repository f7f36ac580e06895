"""Events that central itself states."""

from datetime import datetime

from pydantic import AwareDatetime

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


class BackupTried(EventData, type_name="menshen.backup.tried.v1", event_class=EventClass.ALARM):
    """A backup was restored into a throwaway place, to see whether it can be.

    Attributes:
        is_proved: It was restored, and every chain in it is whole.
        backup_made_at: None where it could not even be opened.
    """

    is_proved: bool
    tried_at: datetime
    backup_made_at: datetime | None = None


class IngestLimited(EventData, type_name="menshen.ingest.limited.v1", event_class=EventClass.ALARM):
    """A node sent more than a node may, for so long, and was told to wait; told when it is over.

    What was refused is counted as often as it was sent. Nothing is lost by it: it waits in the
    node's journal.

    Attributes:
        from_at, to_at: By central's clock.
        refused_count: Batches.
    """

    node: str
    from_at: AwareDatetime
    to_at: AwareDatetime
    refused_count: int
    refused_bytes: int


class CertificateExpiring(
    EventData, type_name="menshen.certificate.expiring.v1", event_class=EventClass.ALARM
):
    """A certificate is over within 30 days, and nothing renews it by itself.

    Attributes:
        certificate: ``server``, ``authority`` or ``provider_authority``.
        expires_at: Aware UTC.
    """

    certificate: str
    expires_at: AwareDatetime


class CertificateRenewed(
    EventData, type_name="menshen.certificate.renewed.v1", event_class=EventClass.ALARM
):
    """Central made a certificate of its own anew. Attributes: as of ``CertificateExpiring``."""

    certificate: str
    expires_at: AwareDatetime


Stated = (
    JournalConflicted
    | EmergencyReleased
    | NodeRevoked
    | BackupTried
    | IngestLimited
    | CertificateExpiring
    | CertificateRenewed
)
