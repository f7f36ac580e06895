"""What a controller board tells of itself. Drivers import it from ``drivers.base``."""

import dataclasses

from drivers.observations import Observation


@dataclasses.dataclass(frozen=True, slots=True)
class BoardIdentity(Observation):
    """A board said who it is: at its first poll, after each start of it, and when that changed.

    Attributes:
        hw: Number of the board's type.
        image: SHA-256 of the running image as MCUboot has it, 64 hexadecimal digits.
        is_confirmed: It stays at the next start.
        other_version, other_image: Of the other slot; None where it is empty.
        is_claimed: By whoever signs for this driver; a board that somebody else has claimed is not.
    """

    model: str
    hw: int
    revision: str
    serial_number: str
    version: str
    image: str
    is_confirmed: bool
    other_version: str | None = None
    other_image: str | None = None
    is_claimed: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class SafeStateChanged(Observation):
    """A board went into its safe state, or left it; it says so when it is asked again.

    Attributes:
        ago_s: How long ago, by the board's own count of time; None where it has restarted since.
    """

    active: bool
    ago_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class BoardFaultsChanged(Observation):
    """What is wrong with a board itself. Attributes: faults: all that stand now, by name."""

    faults: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class FireInputChanged(Observation):
    """A board's fire input became active, or is over; the board acted before it was asked."""

    active: bool
