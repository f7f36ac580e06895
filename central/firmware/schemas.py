"""What is said about controller boards, their images and roll-outs."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from central.commands.schemas import Why
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from config.contract.identifiers import Sha256, Slug

Action = Literal["update", "roll_back"]
DEVICE_COUNT_MAX: Final = 10_000


class _Wish(BaseModel):
    """What is asked for; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class ImageView(BaseModel):
    """An image that was verified when it came.

    Attributes:
        sha256: Of the file.
        name: Of the file, as it was uploaded.
        hw: Type of board that it is for.
        image: MCUboot's hash, by which boards name it.
        key_hash: SHA-256 of the public key that signed it.
        uploaded_by: The operator's name of then.
        is_used: By a roll-out that is not over: it cannot be deleted.
    """

    sha256: Sha256
    name: str
    version: str
    hw: int
    security_counter: int
    image: Sha256
    key_hash: Sha256
    size_bytes: int
    uploaded_by: str
    uploaded_at: AwareDatetime
    is_used: bool


class ImageList(BaseModel):
    """Images, the newest first."""

    items: list[ImageView]


class Identity(BaseModel):
    """Who a board is; see ``BoardIdentified``. Attributes: at: when it said so."""

    model: str
    hw: int
    revision: str
    serial_number: str
    version: str
    image: Sha256
    is_confirmed: bool
    other_version: str | None
    other_image: Sha256 | None
    is_claimed: bool
    at: AwareDatetime


class BoardUpdate(BaseModel):
    """The newest update or rollback of a board, as its node tells of it.

    Attributes:
        rollout_id: None where it is none of central's, as one from the command line.
        stage: Of one that goes on.
        size_bytes: Of the image; 0 where it is not said.
        outcome: None while it goes on.
        running: The version that ran then; empty where nobody knew.
        at: When the node said so.
    """

    update_id: UUID
    rollout_id: UUID | None = None
    stage: UpdateStage | None = None
    sent_bytes: int = 0
    size_bytes: int = 0
    outcome: UpdateOutcome | None = None
    reason: UpdateReason | None = None
    running: str = ""
    detail: str = ""
    at: AwareDatetime


class BoardView(BaseModel):
    """A controller board of the site file.

    Attributes:
        node: Its terminal.
        is_online: Whether that is heard: what follows is stale where it is not.
        identity: None until it has said who it is.
        is_safe: In its safe state, as far as is known.
        safe_entered_at: When it last entered it; None where the board does not know.
        safe_left_at: When it last left it.
        faults: What it says is wrong with it.
        is_fire: Its fire input is active.
        held_until: It was told to wait for a node that restarts.
    """

    device: str
    node: str
    is_online: bool
    identity: Identity | None = None
    is_safe: bool = False
    safe_entered_at: AwareDatetime | None = None
    safe_left_at: AwareDatetime | None = None
    faults: tuple[str, ...] = ()
    is_fire: bool = False
    held_until: AwareDatetime | None = None
    update: BoardUpdate | None = None


class BoardList(BaseModel):
    """Boards, by device."""

    items: list[BoardView]


class LeftOut(StrEnum):
    """Why a board is not updated by a roll-out."""

    NOT_A_BOARD = "not_a_board"
    """The site file has no such board."""
    NOT_IDENTIFIED = "not_identified"
    """It has not said yet who it is."""
    OTHER_HW = "other_hw"
    NOT_NEWER = "not_newer"
    """It runs this image already."""
    LOWER_VERSION = "lower_version"
    """It runs a newer one."""
    NO_OTHER_IMAGE = "no_other_image"
    """There is nothing to go back to."""
    NODE_AWAY = "node_away"
    IN_ANOTHER = "in_another"
    """Another roll-out that is not over has it."""


class WantedPreview(_Wish):
    """A question: what would a roll-out do.

    Attributes:
        image: SHA-256 of the file; for ``update`` alone.
        devices: In the order in which they are updated; none are all boards of the image's type.
    """

    action: Action = "update"
    image: Sha256 | None = None
    devices: Annotated[tuple[Slug, ...], Field(max_length=DEVICE_COUNT_MAX)] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.action == "update") != (self.image is not None):
            raise ValueError("an update has an image, and a rollback has none")
        if self.action == "roll_back" and not self.devices:
            raise ValueError("a rollback names its boards")
        if len(set(self.devices)) < len(self.devices):
            raise ValueError("each board once")
        return self


class WantedRollout(WantedPreview):
    """A roll-out to be made.

    Attributes:
        wait_h: So long each board may wait for a time when it may be updated; then it is not.
        failures_max: So many boards may fail before it halts.
        starts: At once; otherwise it waits until it is started.
    """

    reason: Why
    wait_h: Annotated[int, Field(ge=1, le=24)] = 12
    failures_max: Annotated[int, Field(ge=0, le=100)] = 0
    starts: bool = False


class WantedStart(_Wish):
    """A start, or going on after a pause or a halt.

    Attributes:
        retries: After a halt, boards that failed are tried again; otherwise they are passed over.
    """

    reason: Why
    retries: bool = False


class WantedStop(_Wish):
    """A pause or the end of a roll-out."""

    reason: Why


class PlannedBoard(BaseModel):
    """A board that a roll-out would update. Attributes: stage: from 0. before: what it runs."""

    device: str
    node: str
    stage: int
    before: str


class LeftOutBoard(BaseModel):
    """A board that a roll-out would leave out."""

    device: str
    node: str
    why: LeftOut


class RolloutPreview(BaseModel):
    """What a roll-out would do now.

    Attributes:
        version: That is wanted; empty for a rollback.
        stages: Count of boards of each.
        boards: In their order.
    """

    version: str
    stages: list[int]
    boards: list[PlannedBoard]
    left_out: list[LeftOutBoard]


class RolloutState(StrEnum):
    """How a roll-out stands."""

    READY = "ready"
    """It was not started yet."""
    RUNNING = "running"
    PAUSED = "paused"
    """By a person; boards that are under way end."""
    HALTED = "halted"
    """By itself, since boards failed; boards that are under way end."""
    DONE = "done"
    CANCELLED = "cancelled"


class BoardState(StrEnum):
    """How a board of a roll-out stands."""

    LEFT_OUT = "left_out"
    WAITING = "waiting"
    ASKED = "asked"
    """Its node was told and has not answered yet."""
    UNDER_WAY = "under_way"
    """Its node has taken it on; ``step`` says what is done."""
    CONFIRMED = "confirmed"
    WENT_BACK = "went_back"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """It had not begun when the roll-out was cancelled."""


class RolloutBoard(BaseModel):
    """A board of a roll-out.

    Attributes:
        stage: From 0; -1 where it is left out.
        why: Of ``LeftOut`` or of ``UpdateReason``; None where all is well.
        before: The version that ran.
        step: Of one that is under way; None where its node has not said.
        running: The version that runs afterwards; empty where nobody knows.
        detail: One line for whoever looks into it.
        is_passed_over: The roll-out went on in spite of its failure.
    """

    device: str
    node: str
    number: int
    stage: int
    state: BoardState
    why: str | None
    before: str
    update_id: UUID | None
    asked_at: AwareDatetime | None
    until: AwareDatetime | None
    step: UpdateStage | None
    sent_bytes: int
    size_bytes: int
    running: str
    detail: str
    is_passed_over: bool
    ended_at: AwareDatetime | None


class RolloutSummary(BaseModel):
    """A roll-out.

    Attributes:
        image: SHA-256 of the file; None for a rollback.
        version: That is wanted; empty for a rollback.
        stage: That goes on, from 0; the last one where all are over.
        stages: Count of boards of each.
        counts: Of boards by ``BoardState``; states without any are left out.
        created_by, changed_by: Operators' names of then.
        halted_device, halted_why: Whose failure halted it.
    """

    rollout_id: UUID
    action: Action
    image: Sha256 | None
    version: str
    state: RolloutState
    reason: str
    wait_h: int
    failures_max: int
    created_by: str
    created_at: AwareDatetime
    changed_by: str
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    halted_device: str | None
    halted_why: str | None
    stage: int
    stages: list[int]
    counts: dict[BoardState, int]


class RolloutView(RolloutSummary):
    """A roll-out with its boards, in their order; those that it leaves out are the last."""

    boards: list[RolloutBoard]


class RolloutList(BaseModel):
    """Roll-outs, the newest first."""

    items: list[RolloutSummary]
