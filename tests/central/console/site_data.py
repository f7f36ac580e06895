"""A building at work, in the contract's own models, for the pages to show."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from config.contract.access import (
    CredentialKind,
    DenialReason,
    Direction,
    DoorCommandOutcome,
    DoorState,
)
from config.contract.access_events import RefusalsRepeated
from config.contract.events import (
    AccessDenied,
    AccessGranted,
    AccessTaken,
    ClockQuality,
    DoorCommandAnswered,
    Event,
    EventData,
    FaceEvidence,
    LivenessEvidence,
)
from config.contract.identifiers import new_id
from config.contract.nodes import DeviceStatus, NodeStatus

Json = dict[str, Any]
EPOCH = UUID("0192a1b2-0000-7000-8000-000000000001")
SITE: Json = {
    "id": "demo",
    "name": {"zh-CN": "门神演示大楼", "en": "Menshen demo building"},
    "time_zone": "Asia/Shanghai",
    "access_points": {
        "east": {"zh-CN": "东通道", "en": "East lane"},
        "west": {"zh-CN": "西通道", "en": "West lane"},
    },
    "crop_lifetime_h": {"admitted": 24, "doubtful": 12, "refused": 0},
}


def evidence(similarity: float) -> FaceEvidence:
    """Return what a decision on a face was made on."""
    return FaceEvidence(
        similarity=similarity,
        threshold=0.55,
        step_up_threshold=0.47,
        margin=0.21,
        gallery_size=128,
        frame_count=3,
        frames_combined=2,
        dropped={"blurred": 3, "turned_away": 1},
        network="0" * 64,
        liveness="unsure",
        liveness_evidence=LivenessEvidence(
            score=0.44,
            reason="the signals leave a doubt",
            signals={"live_pair": 0.44, "cohesion": 0.12, "blinks": 1},
            look_count=4,
        ),
        frame_to_decision_ms=84.2,
    )


class Story:
    """Events in the order in which they reach central; each takes the next position."""

    def __init__(self, *, node: str = "gate-1", at: datetime | None = None) -> None:
        self.at = at or datetime.now(UTC)
        self._node, self._position = node, 0

    def stored(self, data: EventData, *, name: str | None = None, after_s: float = 0.4) -> Json:
        """Return one more event as central stores and shows it."""
        self.at += timedelta(seconds=after_s)
        self._position += 1
        subject = str(getattr(data, "access_point", None) or getattr(data, "device", self._node))
        event = Event(
            id=new_id(),
            source=f"/demo/{self._node}",
            type=data.type_name,
            time=self.at,
            subject=subject,
            epoch=EPOCH,
            event_class=data.event_class,
            sequence=self._position,
            clockquality=ClockQuality.SYNCHRONISED,
            data=data.model_dump(mode="json"),
        )
        return {
            "position": self._position,
            "received_at": self.at.isoformat(),
            "node": self._node,
            "event": event.model_dump(mode="json", by_alias=True),
            "holder_name": name,
        }

    def granted(
        self, name: str, *, point: str = "east", crop: str | None = None, age_h: float = 0
    ) -> Json:
        """Return that a person was granted passage by their face, some hours ago."""
        self.at -= timedelta(hours=age_h)
        self.decision = new_id()
        data = AccessGranted(
            decision_id=self.decision,
            access_point=point,
            direction=Direction.IN,
            holder_id=str(new_id()),
            credential=CredentialKind.FACE,
            face=evidence(0.712),
            crop=crop,
        )
        return self.stored(data, name=name, after_s=7)

    def doubted(self, *, point: str = "east") -> Json:
        """Return that a card was asked for, because the face leaves a doubt."""
        stored = self.denied(DenialReason.WEAK_FACE, point=point)
        self.doubt = UUID(stored["event"]["data"]["decision_id"])
        return stored

    def settled(self, name: str, *, point: str = "east") -> Json:
        """Return that a card settled the last doubt."""
        self.decision = new_id()
        data = AccessGranted(
            decision_id=self.decision,
            access_point=point,
            direction=Direction.IN,
            holder_id=str(new_id()),
            credential=CredentialKind.CARD,
            confirms=self.doubt,
        )
        return self.stored(data, name=name, after_s=4)

    def answered(self, outcome: DoorCommandOutcome, *, point: str = "east") -> Json:
        """Return how the gate answered the last grant."""
        data = DoorCommandAnswered(
            decision_id=self.decision,
            access_point=point,
            device=f"gate-{point}",
            outcome=outcome,
            elapsed_ms=61.8,
            attempts=1,
        )
        return self.stored(data)

    def passed(self, *, point: str = "east") -> Json:
        """Return that the last granted person passed."""
        data = AccessTaken(decision_id=self.decision, access_point=point, direction=Direction.IN)
        return self.stored(data, after_s=1.6)

    def refused_often(self, *, point: str = "east") -> Json:
        """Return that so many were refused that a second credential is asked for."""
        return self.stored(RefusalsRepeated(access_point=point, count=5))

    def denied(self, reason: DenialReason, *, point: str = "east") -> Json:
        """Return that somebody was refused."""
        is_card = reason is DenialReason.UNKNOWN_CARD
        data = AccessDenied(
            decision_id=new_id(),
            access_point=point,
            direction=Direction.IN,
            reason=reason,
            credential=CredentialKind.CARD if is_card else CredentialKind.FACE,
            face=None if is_card else evidence(0.31),
        )
        return self.stored(data, after_s=9)


def make_device(
    name: str, state: DoorState | None, *, is_current: bool = True, since: datetime
) -> DeviceStatus:
    """Return a gate of one lane and its exit."""
    lane = name.removeprefix("gate-")
    return DeviceStatus(
        device=name,
        kind="speed_gate",
        access_points=(lane,),
        is_current=is_current,
        state=state,
        since=since,
    )


def make_node(
    name: str, devices: tuple[DeviceStatus, ...], *, is_online: bool = True, **more: object
) -> Json:
    """Return a node as central shows it; ``more`` goes into its status."""
    now = datetime.now(UTC)
    fields: Json = {
        "at": now,
        "version": "0.1.0",
        "epoch": EPOCH,
        "clockquality": ClockQuality.SYNCHRONISED,
        "replica_version": 41,
        "last_sequences": {"access": 120, "telemetry": 33},
        "unsent_count": 0,
        "is_journal_writable": True,
        "pipeline": "builtin",
        "gallery_size": 128,
        "devices": devices,
        **more,
    }
    return {
        "node": name,
        "is_online": is_online,
        "last_seen_at": now.isoformat(),
        "status": NodeStatus(**fields).model_dump(mode="json"),
        "gaps": [],
        "losses": [],
    }
