"""People as the decision sees them, of the records that central tells."""

from config.contract.access import CredentialKind
from config.contract.nodes import HolderRecord
from edge.access.decision import Person


def person_of(record: HolderRecord) -> Person:
    """Return the person of a record."""
    allowed, profiles = record.access_points, record.profiles
    held = {
        CredentialKind.FACE: record.templates,
        CredentialKind.CARD: record.cards,
        CredentialKind.PIN: record.pin,
    }
    return Person(
        holder_id=record.holder_id,
        is_active=record.is_active,
        masked_name=record.masked_name,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        access_points=None if allowed is None else frozenset(allowed),
        confusable_with=frozenset(record.confusable_with),
        profiles=None if profiles is None else frozenset(profiles),
        kinds=frozenset(kind for kind, what in held.items() if what),
        needs_escort=record.needs_escort,
        may_escort=record.may_escort,
        is_first_person=record.is_first_person,
        is_passback_exempt=record.is_passback_exempt,
        has_extended_access_time=record.has_extended_access_time,
        cancelled_codes=frozenset(record.cancelled_codes),
    )
