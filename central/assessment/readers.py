"""Which permission shows what of people: with the roles it says who may see a class of data."""

from collections.abc import Mapping
from typing import Final

from central.roles import ROLES

SHOWN_BY: Final[Mapping[str, frozenset[str]]] = {
    "crops": frozenset({"events.crops"}),
    "passages": frozenset({"events.read", "people.record", "canteen.evidence"}),
    "candidates": frozenset({"events.candidates"}),
    "alarms": frozenset({"events.read"}),
    "device_events": frozenset({"events.read"}),
    "money": frozenset({"canteen.read", "people.record"}),
    "whereabouts": frozenset({"muster.read"}),
    "alarm_list": frozenset({"alarms.read"}),
    "handovers": frozenset({"alarms.read"}),
    "alarm_snapshots": frozenset({"video.clips"}),
    "alarm_clips": frozenset({"video.clips"}),
    "roll_calls": frozenset({"muster.read"}),
    "patrols": frozenset({"patrol.read"}),
    # Numbers and pictures are shown to nobody; these see that there is a face, and of when.
    "leaver_faces": frozenset({"people.read", "people.record"}),
    "leaver_records": frozenset({"people.read", "people.record"}),
    "face_reviews": frozenset({"faces.review"}),
    "visitors": frozenset({"visits.read"}),
    "meals": frozenset({"canteen.read"}),
    "imports": frozenset({"people.write"}),
    "outside_repeats": frozenset(),
    "sessions": frozenset(),
    "invitations": frozenset({"users.read"}),
    "audit_log": frozenset({"audit.read"}),
    "consents": frozenset({"people.read", "people.record"}),
    "deletion_proofs": frozenset({"people.read", "people.record"}),
    "operators": frozenset({"users.read"}),
    "acts": frozenset({"access.read", "approvals.read"}),
    # Nobody reads a terminal's files through central.
    "terminal_clips": frozenset(),
    "terminal_patrol": frozenset(),
    "terminal_people": frozenset(),
    "terminal_journal": frozenset(),
    "terminal_whereabouts": frozenset(),
    "terminal_damaged_files": frozenset(),
}
"""By class of data; a test holds it against the table of retention and the permissions."""


def roles_that_see(name: str) -> list[str]:
    """Return the roles that may see a class of data, in the order of ``ROLES``."""
    return [role for role, may in ROLES.items() if may & SHOWN_BY[name]]
