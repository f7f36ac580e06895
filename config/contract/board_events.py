"""What nodes tell of controller boards: who they are, their safe state, and their updates."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Sha256, Slug


class BoardIdentified(
    EventData, type_name="menshen.board.identified.v1", event_class=EventClass.TELEMETRY
):
    """A board said who it is: at its start, at the node's start, and whenever that changed.

    Attributes:
        hw: Number of the board's type; images name it.
        image: SHA-256 of the running image, as MCUboot has it.
        is_confirmed: Whether it stays at the next start.
        other_version, other_image: Of the other slot; None where it is empty.
        is_claimed: By this node.
    """

    device: Slug
    model: str
    hw: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    revision: str = ""
    serial_number: str
    version: str
    image: Sha256
    is_confirmed: bool
    other_version: str | None = None
    other_image: Sha256 | None = None
    is_claimed: bool = False


class BoardSafeStateEntered(
    EventData, type_name="menshen.board.safe_state_entered.v1", event_class=EventClass.ALARM
):
    """A board did not hear its node for the configured time and went into its safe state.

    Attributes:
        entered_at: By the board's own count of time; None where it has restarted since.
        left_at: When it was over; None where it stands. The node tells of it when it is back.
    """

    device: Slug
    entered_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None


class BoardFireInputChanged(
    EventData, type_name="menshen.board.fire_input_changed.v1", event_class=EventClass.FIRE
):
    """The fire input of a board became active, or is over; the board released by itself."""

    device: Slug
    is_active: bool


class BoardHealthChanged(
    EventData, type_name="menshen.board.health_changed.v1", event_class=EventClass.ALARM
):
    """A board says what is wrong with it. Attributes: faults: all that stand; none is well."""

    device: Slug
    faults: tuple[str, ...]


class BoardHeld(EventData, type_name="menshen.board.held.v1", event_class=EventClass.TELEMETRY):
    """A node that restarts as planned told a board to wait for it. Attributes: held_s: at most."""

    device: Slug
    held_s: float


class NeighbourLost(
    EventData, type_name="menshen.node.neighbour_lost.v1", event_class=EventClass.ALARM
):
    """Another node is not heard on the site link any more: its boards go into their safe state.

    Attributes:
        boards: Devices of the other node that have a safe state.
    """

    node: Slug
    boards: tuple[Slug, ...] = ()


class NeighbourReturned(
    EventData, type_name="menshen.node.neighbour_returned.v1", event_class=EventClass.ALARM
):
    """It is heard again."""

    node: Slug


class UpdateStage(StrEnum):
    """What is done to a board now."""

    WAITS = "waits"
    """A fire, a lockdown, a quiet time, or another update on the line."""
    UPLOADS = "uploads"
    RESTARTS = "restarts"
    PROVES = "proves"
    GOES_BACK = "goes_back"


class UpdateOutcome(StrEnum):
    """How an update or a rollback ended."""

    CONFIRMED = "confirmed"
    WENT_BACK = "went_back"
    """The board runs what it ran before."""
    REFUSED = "refused"
    """Nothing was sent; the reason says why."""
    FAILED = "failed"
    """Broken off; the board runs what it ran before, or nobody knows: ``running`` says so."""


class UpdateReason(StrEnum):
    """Why an update was not confirmed."""

    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    NOT_SIGNED = "not_signed"
    WRONG_KEY = "wrong_key"
    OTHER_BOARD = "other_board"
    DOWNGRADE = "downgrade"
    TOO_LARGE = "too_large"
    NO_KEYS = "no_keys"
    """The site file names nobody whose images are taken."""
    NO_OTHER_IMAGE = "no_other_image"
    """There is nothing to go back to."""
    NOT_NOW = "not_now"
    """A fire, a lockdown or a quiet time until the command's end."""
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    """The board itself refuses."""
    NOT_BACK = "not_back"
    """It did not answer after the restart."""
    OTHER_IMAGE_RUNS = "other_image_runs"
    NOT_HEALTHY = "not_healthy"
    CANCELLED = "cancelled"
    NOT_HERE = "not_here"
    IMAGE_MISSING = "image_missing"
    """Central has it no more, or gave another."""


class BoardUpdateProgressed(
    EventData, type_name="menshen.board.update_progressed.v1", event_class=EventClass.TELEMETRY
):
    """An update goes on: at each new stage, and every few seconds of the upload."""

    update_id: UUID
    device: Slug
    stage: UpdateStage
    sent_bytes: int = 0
    size_bytes: int = 0


class BoardUpdateEnded(
    EventData, type_name="menshen.board.update_ended.v1", event_class=EventClass.ALARM
):
    """An update or rollback is over; told once.

    Attributes:
        image: SHA-256 of the file that was wanted (MCUboot's hash for a rollback).
        running: The version that runs now; empty where nobody knows.
        detail: One clear line for whoever looks into it, with no name in it.
    """

    update_id: UUID
    device: Slug
    outcome: UpdateOutcome
    reason: UpdateReason | None = None
    image: Sha256
    running: str = ""
    detail: str = ""
    uploaded_bytes: int = 0
    took_s: float = 0.0
