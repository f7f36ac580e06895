"""The access vocabulary: directions, credential kinds and the reasons of a refusal.

Source: names follow ONVIF Access Control and Door Control Service Specifications where they have
    one.
"""

from enum import StrEnum
from typing import Final


class Direction(StrEnum):
    """Which way an access point leads, seen from the protected side."""

    IN = "in"
    OUT = "out"


class CredentialKind(StrEnum):
    """What a person shows."""

    FACE = "face"
    CARD = "card"
    PIN = "pin"
    """Never alone: it proves who said to be somebody, it finds nobody."""
    QR = "qr"
    """A signed code of a visitor or a new hire, see ``contract.visitor_code``."""
    NONE = "none"
    """Nothing: request-to-exit and free egress."""


class DenialReason(StrEnum):
    """Why a person was not let through. A door's own trouble is a fault, never a denial."""

    UNKNOWN_FACE = "unknown_face"
    """A good picture of a face that no enrolled person resembles enough: a stranger."""
    DOUBTFUL_FACE = "doubtful_face"
    """Two enrolled people resemble the picture nearly equally, or are known to be confusable."""
    WEAK_FACE = "weak_face"
    """Somebody enrolled resembles the picture, too little for the face alone: a card decides."""
    LIVENESS_UNSURE = "liveness_unsure"
    """Whether a living face was seen could not be told (too dark, no network): a card decides."""
    PRESENTATION_ATTACK = "presentation_attack"
    """Several signals say that a photograph, a screen or a mask was held up."""
    UNKNOWN_CARD = "unknown_card"
    HOLDER_INACTIVE = "holder_inactive"
    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    NOT_PERMITTED_HERE = "not_permitted_here"
    RECOGNITION_UNAVAILABLE = "recognition_unavailable"
    """This node lacks the files of the site's recognition pipeline, so it takes cards only."""
    JOURNAL_UNWRITABLE = "journal_unwritable"
    """The decision cannot be recorded and the site's policy is to refuse then."""
    WRONG_PIN = "wrong_pin"
    UNKNOWN_CODE = "unknown_code"
    """A QR code that is damaged, of another site, or not signed by central."""
    CODE_USED = "code_used"
    CODE_NOT_HERE = "code_not_here"
    """A one-time code away from its home access point while used codes are not shared."""
    LOCKDOWN = "lockdown"
    CLOSED_FOR_NOW = "closed_for_now"
    """A temporary rule closes the access point, for everybody or for this person."""
    OUT_OF_SCHEDULE = "out_of_schedule"
    REPLICA_OUTDATED = "replica_outdated"
    """Central has not been heard for too long, and the site lets only some people pass then."""
    FIRST_PERSON_NEEDED = "first_person_needed"
    """Nobody who may open the area has arrived today."""
    PASSBACK = "passback"
    """The person is known to be elsewhere than where the access point begins."""
    AREA_FULL = "area_full"
    INTERLOCK = "interlock"
    """Another door of the group is open or about to be."""
    WRONG_CREDENTIAL = "wrong_credential"
    """What is wanted here the person does not have."""
    CREDENTIAL_NEEDED = "credential_needed"
    """What was shown is good and not enough: more is asked for."""
    TOO_MANY_REFUSALS = "too_many_refusals"
    """So many were refused here of late that a second credential is asked for."""
    ESCORT_NEEDED = "escort_needed"
    """The person waits for somebody who may escort."""
    AWAITING_SECOND_PERSON = "awaiting_second_person"
    CANNOT_PAY = "cannot_pay"
    """A canteen lane: the meal is not served now, or is paid already, or cannot be paid here."""
    LANE_BUSY = "lane_busy"
    """A canteen lane: somebody is on their way, and a gate does not say whom it counts."""


FACE_DOUBTS: Final = frozenset(
    {DenialReason.DOUBTFUL_FACE, DenialReason.WEAK_FACE, DenialReason.LIVENESS_UNSURE}
)
"""The machine's doubts about a face: a card settles them."""
STEP_UP_REASONS: Final = FACE_DOUBTS | {
    DenialReason.CREDENTIAL_NEEDED,
    DenialReason.TOO_MANY_REFUSALS,
    DenialReason.ESCORT_NEEDED,
    DenialReason.AWAITING_SECOND_PERSON,
}
"""Nobody was refused yet: something more is asked for, and the next attempt may settle it."""


class CropClass(StrEnum):
    """What a picture of a face was taken for; the site says how long each kind is kept."""

    ADMITTED = "admitted"
    DOUBTFUL = "doubtful"
    """A card was asked for: perhaps a member of staff, perhaps nobody known."""
    REFUSED = "refused"


def crop_class(reason: DenialReason | None) -> CropClass:
    """Return the kind of picture that a decision leaves; None is a person admitted."""
    if reason is None:
        return CropClass.ADMITTED
    return CropClass.DOUBTFUL if reason in STEP_UP_REASONS else CropClass.REFUSED


class DoorCommandOutcome(StrEnum):
    """How the door answered a command."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class DoorState(StrEnum):
    """The state that a door or gate reports of itself; ``unknown`` when it does not answer."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    BLOCKED = "blocked"
    FAULT = "fault"
    EMERGENCY_OPEN = "emergency_open"
    SELF_TEST = "self_test"
    UNKNOWN = "unknown"
