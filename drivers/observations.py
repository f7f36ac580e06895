"""What a poll of a device can find. Drivers import it from ``drivers.base``, with all else."""

import dataclasses
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum, StrEnum


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
    """A device's own faults changed. Attributes: faults: all that stand now, by name."""

    faults: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TamperChanged(Observation):
    """The housing was opened or closed."""

    active: bool


class CredentialKind(StrEnum):
    """What somebody showed to a reader."""

    EM4100 = "em4100"
    WIEGAND = "wiegand"
    CARD_UID = "card_uid"
    IBUTTON = "ibutton"
    QR = "qr"
    PIN = "pin"
    FACE = "face"
    """Another terminal's own recognition."""

    @property
    def can_be_cloned(self) -> bool:
        """Whether a copy answers like the original: a number that is only read proves nothing."""
        return self is not CredentialKind.FACE


@dataclasses.dataclass(frozen=True, slots=True)
class CredentialRead(Observation):
    """Somebody showed a credential.

    Attributes:
        number: As the reader gives it, canonical: hexadecimal digits in upper case, or text.
        bit_length: Of a Wiegand number, whose leading zeros count.
        reader: 0-based, of a device with several.
    """

    kind: CredentialKind
    number: str = dataclasses.field(repr=False)
    bit_length: int | None = None
    reader: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class KeysPressed(Observation):
    """Keys of a reader's keypad, as they came; who asks for a PIN collects them.

    Attributes:
        digits: ``0``..``9``, ``*`` and ``#``.
        reader: 0-based, of a device with several.
    """

    digits: str = dataclasses.field(repr=False)
    reader: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class PowerFaultChanged(Observation):
    """A device says that its supply failed, or is back."""

    active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SecureChannelChanged(Observation):
    """The encryption between us and a reader was established or lost."""

    active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class AccessReported(Observation):
    """A controller or terminal decided by itself and says so afterwards.

    Attributes:
        index: The device's own number of the event, rising.
        door: 0-based.
        device_time: As the device's clock has it, without a zone; None if it sent none.
        reason: The device's own word or code.
    """

    index: int
    door: int
    is_granted: bool
    kind: CredentialKind | None
    number: str = dataclasses.field(default="", repr=False)
    device_time: datetime | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DoorMonitorChanged(Observation):
    """A door, a locker's or a barrier's contact changed. Attributes: door: 0-based."""

    door: int
    is_open: bool


class PointCondition(StrEnum):
    """What a fire panel can say of one of its points; several at once."""

    FIRE = "fire"
    PREALARM = "prealarm"
    FAULT = "fault"
    DISABLED = "disabled"
    SUPERVISORY = "supervisory"
    STARTED = "started"
    FEEDBACK = "feedback"
    DELAYED = "delayed"
    TEST = "test"
    POWER_FAULT = "power_fault"
    MAINS_FAULT = "mains_fault"
    BATTERY_FAULT = "battery_fault"
    LINE_FAULT = "line_fault"
    CENTRE_FAULT = "centre_fault"
    MANUAL = "manual"
    RESET = "reset"
    TAMPER = "tamper"
    BURGLARY = "burglary"
    PANIC = "panic"


@dataclasses.dataclass(frozen=True, slots=True)
class PointChanged(Observation):
    """A point of a fire or alarm panel has other conditions now; none is normal.

    Attributes:
        point: The panel's own address of it, stable, as text.
        conditions: All that stand now, sorted.
        text: The panel's own description, or empty.
        kind: What it is (smoke detector, manual call point, ...), or empty.
    """

    point: str
    conditions: tuple[PointCondition, ...]
    text: str = ""
    kind: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DutyAnswered(Observation):
    """Somebody at a fire panel answered a duty check. Attributes: operator: the panel's number."""

    operator: int


@dataclasses.dataclass(frozen=True, slots=True)
class ReadingChanged(Observation):
    """A meter shows another value.

    Attributes:
        quantity: What is measured, in words_with_underscores; phases as ``_l1``.
        unit: ``kWh``, ``V``, ``A``, ``kW``, ``m3``, ``Hz``, ...; empty for a ratio.
    """

    quantity: str
    value: Decimal
    unit: str


class WeightUnit(StrEnum):
    """What a scale counts in."""

    KILOGRAM = "kg"
    GRAM = "g"
    TONNE = "t"
    POUND = "lb"


@dataclasses.dataclass(frozen=True, slots=True)
class WeightChanged(Observation):
    """A scale says another weight. One counts when it was said twice in a row; before, it moves.

    Attributes:
        weight_kg: What the scale displays, its tare taken off where it has one; exact, never a
            float. None while it is overloaded, not sure, or no two frames in a row are equal.
        is_stable: The load stands still. Only a stable weight may be sold by.
        is_net: A tare is taken off, as far as the protocol says it.
        unit: As sent. A weight in pounds is converted exactly.
    """

    weight_kg: Decimal | None
    is_stable: bool
    is_net: bool = False
    is_overload: bool = False
    unit: WeightUnit = WeightUnit.KILOGRAM

    @property
    def weight_g(self) -> int | None:
        """The weight in whole grams; a half goes to the even one, as GB/T 8170 rounds."""
        if self.weight_kg is None:
            return None
        return int((self.weight_kg * 1000).to_integral_value(ROUND_HALF_EVEN))

    @property
    def sellable_g(self) -> int | None:
        """Whole grams that may be sold by; None unless stable, above zero and not too heavy."""
        weight_g = self.weight_g
        is_sound = self.is_stable and not self.is_overload
        return weight_g if is_sound and weight_g is not None and weight_g > 0 else None


@dataclasses.dataclass(frozen=True, slots=True)
class PositionChanged(Observation):
    """A camera's head stands elsewhere; in the device's own units, see its driver."""

    pan: float
    tilt: float
    zoom: float
