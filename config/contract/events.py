"""Events: CloudEvents 1.0 with one model of data per type.

To add an event: one class derived from ``EventData``, here or in a file of its area. Events are
facts in the past tense. They hold identifiers, never names or pictures; a picture is a separate
blob, named by its hash.

Source: CloudEvents 1.0.2, sections "Required attributes" and "Extension context attributes".
"""

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, ValidationError

from config.contract.access import (
    CredentialKind,
    DenialReason,
    Direction,
    DoorCommandOutcome,
    DoorState,
)
from config.contract.access_events import (
    AreaFactRecorded,
    AreasForgivenRecorded,
    AssistanceRequested,
    CodeUsedRecorded,
    DoorForcedOpen,
    DoorOpenTooLong,
    DoorSecured,
    DuressDetected,
    PassbackDetected,
    RefusalsRepeated,
    TailgatingDetected,
    UnauthorisedPassage,
    UnnamedCountRecorded,
    VisitorArrived,
    WrongWayPassage,
)
from config.contract.alarms_events import IntrusionChanged, PanicPressed
from config.contract.board_events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardHeld,
    BoardIdentified,
    BoardSafeStateEntered,
    BoardUpdateEnded,
    BoardUpdateProgressed,
    NeighbourLost,
    NeighbourReturned,
)
from config.contract.command_events import CommandAnswered, CommandAskedHere
from config.contract.event_base import EVENT_TYPES, EventClass, EventData
from config.contract.fire_events import (
    DutyCheckAnswered,
    FireConfirmed,
    FireDrillChanged,
    FireEnded,
    FireOutputClosed,
    FirePanelChanged,
    FirePathChanged,
    FirePointChanged,
    FireReleaseAnswered,
    FireReleaseClosed,
    FireTestChanged,
)
from config.contract.identifiers import Frozen, Sha256, Slug
from config.contract.money_events import (
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    ChargeVoided,
    TillClosed,
    TillOpened,
)
from config.contract.patrol_events import CheckpointScanned
from config.contract.video_events import ClipKept, ClipsLost, RecordingChecked

__all__ = [
    "BATCH_CONTENT_TYPE",
    "EVENT_TYPES",
    "GO_AHEAD",
    "AccessDenied",
    "AccessGranted",
    "AccessNotTaken",
    "AccessTaken",
    "AreaFactRecorded",
    "AreasForgivenRecorded",
    "AssistanceRequested",
    "BoardFireInputChanged",
    "BoardHealthChanged",
    "BoardHeld",
    "BoardIdentified",
    "BoardSafeStateEntered",
    "BoardUpdateEnded",
    "BoardUpdateProgressed",
    "ChargePending",
    "ChargeRecorded",
    "ChargeReleased",
    "ChargeVoided",
    "CheckpointScanned",
    "ClipKept",
    "ClipsLost",
    "ClockQuality",
    "CodeUsedRecorded",
    "CommandAnswered",
    "CommandAskedHere",
    "ConsideredCandidate",
    "DeviceLost",
    "DeviceReturned",
    "DoorCommandAnswered",
    "DoorFaultChanged",
    "DoorForcedOpen",
    "DoorOpenTooLong",
    "DoorSecured",
    "DoorStateChanged",
    "DoorTampered",
    "DuressDetected",
    "DutyCheckAnswered",
    "Event",
    "EventClass",
    "EventData",
    "FaceEvidence",
    "FireConfirmed",
    "FireDrillChanged",
    "FireEnded",
    "FireOutputClosed",
    "FirePanelChanged",
    "FirePathChanged",
    "FirePointChanged",
    "FireReleaseAnswered",
    "FireReleaseClosed",
    "FireTestChanged",
    "IntrusionChanged",
    "JournalDropped",
    "JournalUnwritable",
    "LivenessEvidence",
    "NeighbourLost",
    "NeighbourReturned",
    "NodeStarted",
    "PanicPressed",
    "PassbackDetected",
    "PayerIdentified",
    "RecordingChecked",
    "RefusalsRepeated",
    "ReplicaAgeChanged",
    "TailgatingDetected",
    "TillClosed",
    "TillOpened",
    "UnauthorisedPassage",
    "UnnamedCountRecorded",
    "VisitorArrived",
    "WrongWayPassage",
]  # fmt: skip

BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"


class ClockQuality(StrEnum):
    """How far a node trusts its own wall clock."""

    SYNCHRONISED = "synchronised"
    UNSURE = "unsure"


class ConsideredCandidate(Frozen):
    """Somebody enrolled who was considered; another person than the one at the gate, perhaps."""

    holder_id: str
    similarity: float


class LivenessEvidence(Frozen):
    """What presentation attack detection said.

    Attributes:
        score: 0 is certainly an attack, 1 certainly live; None where nothing could be measured.
        reason: One short line.
        signals: What was measured, by name.
        look_count: Frames that were looked at.
    """

    score: Annotated[float, Field(ge=0, le=1)] | None = None
    reason: str = ""
    signals: dict[str, float] = Field(default_factory=dict)
    look_count: int = 0


class FaceEvidence(Frozen):
    """What a face decision was made on.

    Attributes:
        similarity: Of the best candidate, larger is more alike; None when the gallery was empty.
        threshold: The similarity that was demanded.
        margin: Similarity of the best less that of the second person; None with fewer than two.
        gallery_size: People searched.
        frame_count: Frames that were considered.
        network: Hash of the network that made the templates.
        liveness: What was found; ``off`` says plainly that nobody looked.
        frame_to_decision_ms: From the capture of the deciding frame to the decision.
        step_up_threshold: From here to ``threshold`` a card is asked for; None where it never is.
        frames_combined: Frames whose mean was compared; 1 is a single one.
        dropped: Frames that were not good enough, by the reason.
        candidates: Who was considered, best first; shown to auditors alone.
        liveness_evidence: Behind ``liveness``; None when it is off.
        cover: What hid the face; None where nothing was seen to, or a clear face needed no look.
    """

    similarity: float | None
    threshold: float
    margin: float | None
    gallery_size: int
    frame_count: int
    network: Sha256
    liveness: Literal["off", "live", "attack", "unsure"] = "off"
    frame_to_decision_ms: float
    step_up_threshold: float | None = None
    frames_combined: Annotated[int, Field(ge=1)] = 1
    dropped: dict[str, int] = Field(default_factory=dict)
    candidates: tuple[ConsideredCandidate, ...] = ()
    liveness_evidence: LivenessEvidence | None = None
    cover: Literal["mask", "dark_glasses", "cap", "sun_behind"] | None = None


class AccessGranted(
    EventData, type_name="menshen.access.granted.v1", event_class=EventClass.ACCESS
):
    """A person may pass. Whether anybody passed is another fact.

    Attributes:
        decision_id: Ties granted, command and passage together.
        holder_id: None for request-to-exit and for an operator's command, whose id this is then.
        confirms: The doubtful decision about a face that this card settled.
        credential_to_decision_ms: From what was shown (of a face: the capture of the deciding
            frame) to the decision, waiting for those before included; None where nothing was.
        crop: Hash of the picture of the face, a blob of its own that expires and may be absent.
    """

    decision_id: UUID
    access_point: Slug
    direction: Direction
    holder_id: str | None
    credential: CredentialKind
    face: FaceEvidence | None = None
    crop: Sha256 | None = None
    confirms: UUID | None = None
    credential_to_decision_ms: float | None = None


class AccessDenied(EventData, type_name="menshen.access.denied.v1", event_class=EventClass.ACCESS):
    """A person may not pass, and why."""

    decision_id: UUID
    access_point: Slug
    direction: Direction
    reason: DenialReason
    holder_id: str | None = None
    credential: CredentialKind
    face: FaceEvidence | None = None
    crop: Sha256 | None = None


class PayerIdentified(
    EventData, type_name="menshen.money.payer_identified.v1", event_class=EventClass.MONEY
):
    """What a charge paid by face rests on. Of a face that did not pay nothing is told.

    There is no picture: who consents to pay by face agrees to numbers, and to nothing else.

    Attributes:
        decision_id: As in the charge.
        confirmed: ``silence``: nobody said *not me* in the moment for it. ``yes``: a key, or a name
            that was chosen. ``pin``: the person's PIN.
    """

    decision_id: UUID
    charge_id: UUID
    till: Slug
    holder_id: str
    credential: CredentialKind
    face: FaceEvidence
    confirmed: Literal["silence", "yes", "pin"]


class AccessTaken(EventData, type_name="menshen.access.passed.v1", event_class=EventClass.ACCESS):
    """Somebody passed, as the gate counted; ``decision_id`` is None when nobody was granted."""

    decision_id: UUID | None
    access_point: Slug
    direction: Direction
    count: Annotated[int, Field(ge=1)] = 1


class AccessNotTaken(
    EventData, type_name="menshen.access.not_passed.v1", event_class=EventClass.ACCESS
):
    """The gate was opened for a person and closed again without a passage."""

    decision_id: UUID
    access_point: Slug
    direction: Direction


class DoorCommandAnswered(
    EventData, type_name="menshen.door.command_answered.v1", event_class=EventClass.ACCESS
):
    """How the gate answered the command of a decision.

    Attributes:
        elapsed_ms: From the decision (its durable record included) to the read-back.
        attempts: How often the command was sent; the nonce makes repetition harmless.
    """

    decision_id: UUID
    access_point: Slug
    device: Slug
    outcome: DoorCommandOutcome
    elapsed_ms: float
    attempts: int


class DoorStateChanged(
    EventData, type_name="menshen.door.state_changed.v1", event_class=EventClass.TELEMETRY
):
    """A door or gate reports another state of itself."""

    device: Slug
    state: DoorState


class DoorFaultChanged(
    EventData, type_name="menshen.door.fault_changed.v1", event_class=EventClass.ALARM
):
    """The faults that a door reports of itself changed; an empty list says that all are gone."""

    device: Slug
    faults: tuple[str, ...]


class DoorTampered(EventData, type_name="menshen.door.tampered.v1", event_class=EventClass.ALARM):
    """The tamper contact of a door opened or closed again."""

    device: Slug
    active: bool


class DeviceLost(EventData, type_name="menshen.device.lost.v1", event_class=EventClass.ALARM):
    """A device or camera stopped answering; what it said before is stale from now on."""

    device: Slug
    detail: str


class DeviceReturned(
    EventData, type_name="menshen.device.returned.v1", event_class=EventClass.ALARM
):
    """A lost device answers again."""

    device: Slug
    absence_s: float


class ReplicaAgeChanged(
    EventData, type_name="menshen.replica.age_changed.v1", event_class=EventClass.ALARM
):
    """What the node knows of people and rules became older than the site allows, or current again.

    Attributes:
        age_h: Since central last confirmed it.
        effect: The site's degraded rule, which holds while it is outdated.
    """

    is_outdated: bool
    age_h: Annotated[float, Field(ge=0)]
    effect: str


class NodeStarted(EventData, type_name="menshen.node.started.v1", event_class=EventClass.TELEMETRY):
    """A node's process began."""

    version: str
    pipeline: str
    pipeline_missing: tuple[str, ...] = ()
    """Files of the site's pipeline that the node lacks; it takes cards only meanwhile."""


GO_AHEAD: Final = frozenset(
    event_type.type_name for event_type in (DuressDetected, PanicPressed, IntrusionChanged)
)
"""Types that wait, as fires, behind nothing else that a node tells: somebody is in danger."""


class JournalUnwritable(
    EventData, type_name="menshen.journal.unwritable.v1", event_class=EventClass.ALARM
):
    """The journal could not be written for a while; recorded once it could be again.

    Attributes:
        unrecorded_count: Decisions made meanwhile by the site's policy, which no journal holds.
    """

    unrecorded_count: int
    duration_s: float


class JournalDropped(
    EventData, type_name="menshen.journal.dropped.v1", event_class=EventClass.ALARM
):
    """A full journal let a range of unsent events go: the tombstone that counts the loss."""

    dropped_class: EventClass
    first_sequence: int
    last_sequence: int


class Event(Frozen):
    """One CloudEvent.

    Attributes:
        source: ``/site/node`` or ``/site/node/point``.
        epoch: Made with the journal; a wiped or replaced terminal starts another.
        sequence: Gapless per node, epoch and class, from 1.
        data: As the type's model dumps it; a type that is not known here is kept as it came.

    Attributes that are not known here are kept, too: a newer node tells them.
    """

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    time: AwareDatetime
    subject: str
    datacontenttype: Literal["application/json"] = "application/json"
    epoch: UUID
    event_class: Annotated[EventClass, Field(alias="class")]
    sequence: Annotated[int, Field(ge=1, le=2**31 - 1)]
    clockquality: ClockQuality
    data: dict[str, JsonValue]

    def parsed(self) -> EventData | None:
        """Return the data as its model, or None when type or data are not known here.

        What a newer node says beside what is known here is passed over.
        """
        model = EVENT_TYPES.get(self.type)
        try:
            return None if model is None else model.model_validate(self.data, extra="ignore")
        except ValidationError:
            return None
