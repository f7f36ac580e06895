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
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from drivers.board_capabilities import HeartbeatKept as HeartbeatKept
from drivers.board_capabilities import Signs as Signs
from drivers.board_observations import BoardFaultsChanged as BoardFaultsChanged
from drivers.board_observations import BoardIdentity as BoardIdentity
from drivers.board_observations import FireInputChanged as FireInputChanged
from drivers.board_observations import SafeStateChanged as SafeStateChanged
from drivers.observations import AccessReported as AccessReported
from drivers.observations import CredentialKind as CredentialKind
from drivers.observations import CredentialRead as CredentialRead
from drivers.observations import DoorMonitorChanged as DoorMonitorChanged
from drivers.observations import DutyAnswered as DutyAnswered
from drivers.observations import FaultsChanged as FaultsChanged
from drivers.observations import GateState as GateState
from drivers.observations import GateStateChanged as GateStateChanged
from drivers.observations import InputChanged as InputChanged
from drivers.observations import KeysPressed as KeysPressed
from drivers.observations import Observation as Observation
from drivers.observations import PassageCounted as PassageCounted
from drivers.observations import PointChanged as PointChanged
from drivers.observations import PointCondition as PointCondition
from drivers.observations import PositionChanged as PositionChanged
from drivers.observations import PowerFaultChanged as PowerFaultChanged
from drivers.observations import ReadingChanged as ReadingChanged
from drivers.observations import SecureChannelChanged as SecureChannelChanged
from drivers.observations import Side as Side
from drivers.observations import TamperChanged as TamperChanged
from drivers.observations import WeightChanged as WeightChanged
from drivers.observations import WeightUnit as WeightUnit
from drivers.receipts import PRINTER_FAULTS as PRINTER_FAULTS
from drivers.receipts import Receipt as Receipt
from drivers.receipts import ReceiptText as ReceiptText


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


class GateMode(Enum):
    """How one side of a gate treats people."""

    CONTROLLED = "controlled"
    FREE = "free"
    FORBIDDEN = "forbidden"


@dataclasses.dataclass(frozen=True, slots=True)
class CommandReceipt:
    """A command that was read back.

    Attributes:
        attempts: Times it was sent, from 1.
        acknowledged_at_s: When the device's own answer to it had come, before it was read back;
            monotonic seconds. None where a device answers nothing to a command itself.
    """

    attempts: int
    acknowledged_at_s: float | None = None


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
class TimedPassageGate(PassageGate, Protocol):
    """A gate that can be told for how long to stay open for one person; most cannot."""

    async def access_for(self, side: Side, *, access_time_s: float) -> CommandReceipt:
        """Let one person through, who has this long; see ``PassageGate.access``.

        Args:
            side: Which way.
            access_time_s: 1 or more, in whole seconds, rounded up.
        """
        ...


@runtime_checkable
class TwoSidedGate(PassageGate, Protocol):
    """A gate whose sides can be set in one step, and that can be told to stand open."""

    async def set_modes(
        self, modes: Mapping[Side, GateMode], *, stands_open: bool
    ) -> CommandReceipt:
        """Set how sides treat people; idempotent, read back.

        Args:
            modes: Of some sides; the others stay as they are.
            stands_open: Keep it open, too, and not only for who walks up: as soon as the gate can
                be told, and without waiting for it. False ends that.
        """
        ...


@runtime_checkable
class FireContact(Protocol):
    """A gate that reports the fire panel's contact at it, as an ``InputChanged``."""

    @property
    def fire_contact(self) -> int:
        """Its channel, where active is a fire; -1 where it has none."""
        ...


@runtime_checkable
class Releasable(Protocol):
    """A turnstile or barrier that can stand open for everybody, both ways, as at a fire."""

    async def release(self) -> CommandReceipt:
        """Open and stay open; idempotent, may be repeated; read back where the device can be."""
        ...

    async def end_release(self) -> CommandReceipt:
        """Treat people as before; nothing moves that somebody could stand under."""
        ...


@runtime_checkable
class SpeaksUnasked(Protocol):
    """A device that reports by itself; what it says is to be taken at once, not at a next poll."""

    @property
    def heard_at_s(self) -> float:
        """When its last sound frame arrived, monotonic."""
        ...

    async def wait(self, *, timeout_s: float) -> None:
        """Return when there is something to poll, or the time is over; for one task at a time."""
        ...


@runtime_checkable
class DutyCheckable(Protocol):
    """A fire panel that asks its operator for a sign of life."""

    async def check_duty(self, minutes: int) -> None:
        """Ask; the answer is a ``DutyAnswered`` within so many minutes, 1..255.

        Raises:
            DriverError: The panel did not acknowledge.
        """
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


@runtime_checkable
class CredentialReader(Protocol):
    """A device that people show credentials to; reports ``CredentialRead``."""

    @property
    def credential_kinds(self) -> frozenset[CredentialKind]:
        """What it may read; no other kind ever comes from it."""
        ...


@runtime_checkable
class ContactInputs(Protocol):
    """A board whose free inputs the site may give a meaning to; reports ``InputChanged``."""

    @property
    def free_inputs(self) -> frozenset[int]:
        """0-based channels that mean nothing to the driver itself."""
        ...


@runtime_checkable
class Scale(Protocol):
    """A device that weighs what lies on it; reports ``WeightChanged``."""

    @property
    def says_motion(self) -> bool:
        """Whether it says itself that its load moves; otherwise two equal weights are stable."""
        ...


@runtime_checkable
class TareableScale(Scale, Protocol):
    """A scale that can be told to tare. The others are tared at their own key."""

    async def tare(self) -> CommandReceipt:
        """Take off what lies on it now; returns when the scale says net zero.

        Raises:
            CommandRejectedError: The load moves, or the scale does not do it.
            DriverError: It did not confirm: whether it tared is unknown.
        """
        ...

    async def clear_tare(self) -> CommandReceipt:
        """Weigh gross again; idempotent, see ``tare``."""
        ...

    async def zero(self) -> CommandReceipt:
        """Take the empty pan as zero, as far as the scale allows it; see ``tare``."""
        ...


@runtime_checkable
class DoorControl(Protocol):
    """A controller, terminal or locker board that opens doors by number."""

    async def access_door(self, door: int) -> CommandReceipt:
        """Open a door momentarily; 0-based; returns when the device confirmed it.

        Raises:
            CommandRejectedError: The device refuses.
            DriverError: It did not confirm: whether the door opened is unknown.
        """
        ...


@runtime_checkable
class LockOpenControl(Protocol):
    """A controller or terminal that can be told to keep a door open, as at a fire."""

    @property
    def door_count(self) -> int:
        """Doors that it has; they are numbered from 0."""
        ...

    async def lock_open_door(self, door: int) -> CommandReceipt:
        """Open a door and keep it open; idempotent; read back where the device can be.

        Raises:
            CommandRejectedError: The device refuses.
            DriverError: It did not confirm: whether the door stands open is unknown.
        """
        ...

    async def end_lock_open_door(self, door: int) -> CommandReceipt:
        """Have a door treat people as before; idempotent, see ``lock_open_door``."""
        ...


@runtime_checkable
class PanTiltZoom(Protocol):
    """A camera's moving head. It stops by itself after ``duration_s``, whatever is lost."""

    async def move(self, *, pan: float, tilt: float, zoom: float, duration_s: float) -> None:
        """Move with these speeds, each -1..1 (right, up and tele are positive), then stop.

        Returns when the movement has begun. Another call replaces it.

        Args:
            pan: Speed.
            tilt: Speed.
            zoom: Speed.
            duration_s: 0.1..60.

        Raises:
            DriverError: The head did not take it.
        """
        ...

    async def stop(self) -> None:
        """Stop; repeated until it surely arrived."""
        ...


@runtime_checkable
class PresetHead(Protocol):
    """A camera's head that has positions stored in it."""

    async def call_preset(self, number: int) -> CommandReceipt:
        """Drive to a stored position.

        Raises:
            ValueError: No such head stores a position under this number.
            DriverError: The head did not take it.
        """
        ...


@runtime_checkable
class Display(Protocol):
    """Something that shows people a text or a number."""

    async def show(self, text: str) -> CommandReceipt:
        """Show this instead of what stood there.

        Raises:
            ValueError: The display cannot show it; the message says what it can.
        """
        ...


@runtime_checkable
class LineDisplay(Display, Protocol):
    """A display of whole lines, as the customer's at a till; ``show`` takes them, one per line."""

    @property
    def row_count(self) -> int:
        """Lines that it has."""
        ...

    @property
    def column_count(self) -> int:
        """Characters of a line; a Chinese one takes two."""
        ...

    def can_show(self, text: str) -> bool:
        """Whether every character is one of its own and the lines fit; asks nobody."""
        ...


@runtime_checkable
class ReceiptPrinter(Protocol):
    """A printer of receipts; reports ``FaultsChanged`` with what ``PRINTER_FAULTS`` names."""

    async def print_receipt(self, receipt: Receipt) -> CommandReceipt:
        """Print and cut; returns when the printer says that it has done so.

        Raises:
            CommandRejectedError: It cannot print now (no paper, cover open); nothing was printed.
            DriverError: It did not confirm: whether all of it was printed is unknown.
        """
        ...


@runtime_checkable
class Closeable(Protocol):
    """A driver that owns more than turns on its line: a connection, a server, a supervisor."""

    async def close(self) -> None:
        """Let go of it; idempotent."""
        ...


@runtime_checkable
class AddressChangeable(Protocol):
    """A device whose address on its line is set over that line."""

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """Give the device another address, which is read back there.

        Raises:
            ValueError: It is no address of such a device.
            DriverError: The device did not take it, or whether it did is not known.
        """
        ...
