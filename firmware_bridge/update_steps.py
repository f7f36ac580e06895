"""What an update asks of a board, sees of it, and tells of itself. Pure; time is in seconds."""

import dataclasses
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from config.board_image import BoardImage
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from firmware_bridge.refusals import ACCESS_DENIED, BOARD, IMAGE, OS, ImageRefusal, Refusal

NOT_NOW: Final = ((BOARD, Refusal.FIRE), (BOARD, Refusal.BUSY))
"""Refusals that pass by themselves: a fire that the gateway does not know of yet, for one."""
IN_PASSING: Final = (
    (BOARD, Refusal.OTHER_START),
    (BOARD, Refusal.COUNTER_USED),
    (OS, ACCESS_DENIED),
)
"""Refusals after a restart, or of what another overtook: the board is looked at, and told again."""
REFUSALS: Final[Mapping[tuple[int, int], UpdateReason]] = {
    (IMAGE, ImageRefusal.NOT_AN_IMAGE): UpdateReason.NOT_AN_IMAGE,
    (IMAGE, ImageRefusal.NEWER_RUNS): UpdateReason.DOWNGRADE,
    (IMAGE, ImageRefusal.TOO_LARGE): UpdateReason.TOO_LARGE,
}
"""What a board's refusals of an image say, by group and rc; see docs/board.md, section 5."""

ADVICE: Final = {
    UpdateReason.NOT_AN_IMAGE: "give the .bin that imgtool sign wrote",
    UpdateReason.DOWNGRADE: "take an image with a higher version and security counter",
    UpdateReason.TOO_LARGE: "take the image that was made for it",
    UpdateReason.REJECTED: "read its log, and try again when that is put right",
}


class Step(Enum):
    """What is to be done next with the board."""

    LOOK = auto()
    """Ask who it is and what it runs."""
    PAUSE = auto()
    """Do nothing for a moment."""
    UPLOAD = auto()
    ERASE = auto()
    """Empty the other slot."""
    MARK = auto()
    """Put the image in the other slot on trial at the next start."""
    RESET = auto()
    PROVE = auto()
    """Ask everything once, as ``Proof`` wants it."""
    CONFIRM = auto()
    END = auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """What stands in one of a board's two slots.

    Attributes:
        hash: As MCUboot has it, 32 bytes.
        is_pending: It is on trial, or stays, at the next start.
    """

    hash: bytes
    version: str
    is_confirmed: bool = False
    is_pending: bool = False
    is_bootable: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a board said of itself at one time.

    Attributes:
        counter: The highest security counter that it ever confirmed.
        slot_size_bytes: Longest image; None where it does not say.
        boot: Number of this start.
        other: None where the other slot is empty, or holds no whole image.
        trial_s: After which the board takes back by itself what nobody confirmed; None: unknown.
    """

    serial_number: str
    hw: int
    counter: int
    slot_size_bytes: int | None
    boot: int
    running: Slot
    other: Slot | None
    trial_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What a board shall run. Attributes: image: None is a rollback, to what the other slot has."""

    image: BoardImage | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRules:
    """How long an update has for what.

    Attributes:
        prove_s: So long a board must be well with an image before it is confirmed.
        update_s_max: What is not over by then is given up, and goes back.
        begin_s_max: It begins within that time or not at all; None: as ``update_s_max``.
        back_s_max: Longest restart, with the swap of two slots.
        settle_s: So long after a restart a board may be unwell without being sent back.
        silent_s_max: So long a board may be silent, or get no byte further, before its trial.
        trial_s: After which a board takes back what nobody confirmed, where it does not say.
    """

    prove_s: float = 10.0
    update_s_max: float = 1800.0
    begin_s_max: float | None = None
    back_s_max: float = 90.0
    settle_s: float = 15.0
    silent_s_max: float = 120.0
    trial_s: float = 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class UpdateProgress:
    """Where an update is. Whoever keeps it can go on from it after a restart of the process.

    Attributes:
        target: MCUboot's hash of the image that is put on trial; empty as long as nobody knows.
        sent_bytes, size_bytes: Of the upload; 0 for a rollback.
        is_in_service: The board does what it did before, for it must not be restarted now.
    """

    stage: UpdateStage
    target: bytes = b""
    sent_bytes: int = 0
    size_bytes: int = 0
    is_in_service: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """How an update or a rollback ended.

    Attributes:
        reason: None where it was confirmed.
        detail: One line that says what to do; empty where it was confirmed.
        running: The version that runs now; empty where nobody knows.
        target: MCUboot's hash of the image that was wanted; empty where nobody knows.
        uploaded_bytes: Sent and taken by the board, over all attempts of this call.
    """

    outcome: UpdateOutcome
    reason: UpdateReason | None = None
    detail: str = ""
    running: str = ""
    target: bytes = b""
    uploaded_bytes: int = 0
    took_s: float = 0.0
