"""What a terminal's computer says of itself: its disk and its clock."""

from typing import Annotated

from pydantic import Field

from config.contract.identifiers import Frozen

Megabytes = Annotated[int, Field(ge=0)]


class DiskStatus(Frozen):
    """The disk below a terminal's state folder, in steps that make a report say something new.

    Attributes:
        free_mb: For the terminal.
        size_mb: Of the file system.
        is_short: Less is free than the site wants; ends when a fifth more is.
        used_mb: By the terminal, by what it is: journal, replica, clips, set_aside, other.
        written_mb_a_day: By the terminal's program, worked out from at least an hour; None before.
        card_years: For which the site's card lasts at that pace; None where the site does not say
            what it endures, or nothing is known yet.
    """

    free_mb: Megabytes
    size_mb: Megabytes
    is_short: bool = False
    used_mb: dict[str, int] = Field(default_factory=dict)
    written_mb_a_day: Megabytes | None = None
    card_years: Annotated[float, Field(ge=0)] | None = None


class ClockStatus(Frozen):
    """The terminal's wall clock beside the site's time.

    Attributes:
        source: ``time_server``, ``central`` or ``none``: what it was last compared with.
        offset_s: The source's time less the system's, when last compared.
        drift_s_a_day: By how much the system's clock runs away from the source, worked out from at
            least an hour; positive when it is slow. None before.
        stepped_s: By how much the system's clock was last set forward (back: negative) while the
            program ran; None where it was not.
        is_wrong: Offset or drift are beyond what the site allows.
    """

    source: str = "none"
    offset_s: float | None = None
    drift_s_a_day: float | None = None
    stepped_s: float | None = None
    is_wrong: bool = False
