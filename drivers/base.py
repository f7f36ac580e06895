"""What every driver is: capabilities, observations, and the error tree.

::

    DriverError                   something on the wire; a door must not open because of it
    +-- DeviceUnreachableError    no answer, or no line: their wire or power; a retry is sensible
    +-- ProtocolViolationError    noise or their bug: what came is not an answer; a retry is
    sensible
    +-- CommandRejectedError      the device understood and refuses: do not retry

Our own mistakes are ``ValueError`` and ``TypeError`` and are not caught.
"""

import dataclasses
from collections.abc import Sequence
from enum import Enum, StrEnum
from typing import Protocol, runtime_checkable


class DriverError(Exception):
    """Base of everything that a far end can cause."""


class DeviceUnreachableError(DriverError):
    """No answer within the time, or the line is gone. A retry is sensible."""


class ProtocolViolationError(DriverError):
    """What arrived is not an answer: noise, or the device's own mistake. A retry is sensible."""


class CommandRejectedError(DriverError):
    """The device understood the command and refuses it. Do not retry.

    Attributes:
        code: The device's own code (a Modbus exception code, a result register), or None.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Observation:
    """Base of what a poll can find. Observations report changes; an idle poll is quiet."""


@dataclasses.dataclass(frozen=True, slots=True)
class InputChanged(Observation):
    """A digital input changed. Attributes: channel: 0-based."""

    channel: int
    active: bool


class GateState(StrEnum):
    """What a gate's own controller says it is doing."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    BLOCKED = "blocked"
    FAULT = "fault"
    EMERGENCY_OPEN = "emergency_open"
    SELF_TEST = "self_test"


@dataclasses.dataclass(frozen=True, slots=True)
class GateStateChanged(Observation):
    """The gate's controller reports another state."""

    state: GateState


class Side(Enum):
    """The two ways through a gate, named as on its terminals."""

    IN = "in"
    OUT = "out"


@dataclasses.dataclass(frozen=True, slots=True)
class PassageCounted(Observation):
    """The gate's passage counter grew. Attributes: count: 1 or more, since the last poll."""

    side: Side
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class FaultsChanged(Observation):
    """The gate's faults changed. Attributes: faults: all that stand now, by name."""

    faults: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TamperChanged(Observation):
    """The housing was opened or closed."""

    active: bool


class GateMode(Enum):
    """How one side of a gate treats people."""

    CONTROLLED = "controlled"
    FREE = "free"
    FORBIDDEN = "forbidden"


@dataclasses.dataclass(frozen=True, slots=True)
class CommandReceipt:
    """A command that was read back. Attributes: attempts: times it was sent, from 1."""

    attempts: int


@runtime_checkable
class Driver(Protocol):
    """One device on a line. Every method may raise ``DriverError``; one call at a time."""

    async def start(self) -> None:
        """Write the set-up; called at start and whenever the device comes back."""
        ...

    async def poll(self) -> Sequence[Observation]:
        """Return what changed since the last successful poll; the first reports all."""
        ...


@runtime_checkable
class PassageGate(Protocol):
    """A turnstile or speed gate with two sides."""

    async def access(self, side: Side) -> CommandReceipt:
        """Let one person through; returns when the device confirmed it by read-back.

        Raises:
            CommandRejectedError: The gate refuses (fault, forbidden side).
            DriverError: The gate did not confirm: whether it opened is unknown.
        """
        ...

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """Set how a side treats people; idempotent, read back."""
        ...


@runtime_checkable
class OutputBoard(Protocol):
    """A board of relays."""

    async def set_output(self, channel: int, *, on: bool) -> CommandReceipt:
        """Switch a relay; 0-based; read back."""
        ...

    async def pulse_output(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """Close a relay that opens again by itself, even when this process dies meanwhile."""
        ...
