"""Values in Modbus registers, described by data: types, word orders, scales, plausible ranges.

Pure: what to read in how few exchanges, and what the words mean.
"""

import dataclasses
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

FUNCTIONS: Final = {"holding": 3, "input": 4}
FORMATS: Final = {
    "u16": (1, ">H"),
    "s16": (1, ">h"),
    "u32": (2, ">I"),
    "s32": (2, ">i"),
    "u64": (4, ">Q"),
    "float32": (2, ">f"),
    "float64": (4, ">d"),
    "bcd32": (2, ""),
}
"""Number of registers and how their bytes are read, the first register first."""
ORDERS: Final = ("big", "little")
"""Of the registers of one value: ``little`` has the lowest first. Bytes are always big-endian."""
READ_COUNT_MAX: Final = 80
"""Eastron meters refuse more (SDM630 protocol); others bear it."""
GAP_MAX: Final = 8
"""Registers that are read although nobody wants them, rather than asking twice."""
FLOAT_DIGITS: Final = 7


class ImplausibleError(Exception):
    """A value that the device cannot have measured; the message says which and why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value.

    Attributes:
        quantity: What it is; see ``base.ReadingChanged``.
        function: ``holding`` or ``input``.
        address: Of its first register, from 0.
        scale: The words times this is the value in ``unit``.
        least: Below it, the value is implausible.
        most: Above it, too.
    """

    quantity: str
    address: int
    function: str = "input"
    type: str = "u16"
    order: str = "big"
    scale: Decimal = Decimal(1)
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(f"{self.quantity}: function is one of {', '.join(FUNCTIONS)}")
        if self.type not in FORMATS:
            raise ValueError(f"{self.quantity}: type is one of {', '.join(FORMATS)}")
        if self.order not in ORDERS:
            raise ValueError(f"{self.quantity}: order is one of {', '.join(ORDERS)}")
        if not 0 <= self.address <= 0xFFFF - self.count + 1:
            raise ValueError(f"{self.quantity}: address is 0..65535, not {self.address}")

    @property
    def count(self) -> int:
        """How many registers it has."""
        return FORMATS[self.type][0]

    def value(self, words: Sequence[int]) -> Decimal:
        """Return the value of its registers.

        Raises:
            ImplausibleError: It cannot have been measured.
        """
        ordered = words if self.order == "big" else tuple(reversed(words))
        raw = struct.pack(f">{len(ordered)}H", *ordered)
        if self.type == "bcd32":
            digits = raw.hex()
            if not digits.isdecimal():
                raise ImplausibleError(f"{self.quantity}: {raw.hex(' ').upper()} is no BCD number")
            number = Decimal(digits)
        else:
            (plain,) = struct.unpack(FORMATS[self.type][1], raw)
            if isinstance(plain, float) and not math.isfinite(plain):
                raise ImplausibleError(f"{self.quantity} is {plain}")
            is_float = isinstance(plain, float)
            number = Decimal(f"{plain:.{FLOAT_DIGITS}g}") if is_float else Decimal(plain)
        value = number * self.scale
        if self.least is not None and value < self.least:
            raise ImplausibleError(f"{self.quantity} is {value} {self.unit}, below {self.least}")
        if self.most is not None and value > self.most:
            raise ImplausibleError(f"{self.quantity} is {value} {self.unit}, above {self.most}")
        return value + 0  # a negative zero is none


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Points that are read in one exchange."""

    function: int
    address: int
    count: int
    points: tuple[Point, ...]

    def values(self, registers: Sequence[int]) -> dict[str, Decimal]:
        """Return the values by quantity.

        Raises:
            ImplausibleError: One cannot have been measured; then none is believed.
        """
        found = {}
        for point in self.points:
            begin = point.address - self.address
            found[point.quantity] = point.value(registers[begin : begin + point.count])
        return found


def batches(points: Iterable[Point]) -> list[Batch]:
    """Return in how few exchanges all points can be read."""
    made: list[list[Point]] = []
    for point in sorted(points, key=lambda p: (FUNCTIONS[p.function], p.address)):
        if made and _fits(made[-1], point):
            made[-1].append(point)
        else:
            made.append([point])
    return [_batch(group) for group in made]


def _fits(group: Sequence[Point], point: Point) -> bool:
    end = max(p.address + p.count for p in group)
    return (
        point.function == group[0].function
        and point.address - end <= GAP_MAX
        and point.address + point.count - group[0].address <= READ_COUNT_MAX
    )


def _batch(group: Sequence[Point]) -> Batch:
    begin, end = group[0].address, max(p.address + p.count for p in group)
    return Batch(FUNCTIONS[group[0].function], begin, end - begin, tuple(group))


def encode(point: Point, value: Decimal) -> list[int]:
    """Return the registers that hold a value: the far end's side.

    Raises:
        ValueError: They cannot.
    """
    number = value / point.scale
    _, code = FORMATS[point.type]
    try:
        if point.type == "bcd32":
            raw = bytes.fromhex(f"{int(number):08d}")
        else:
            raw = struct.pack(code, float(number) if code in (">f", ">d") else int(number))
    except (struct.error, OverflowError, ValueError) as error:
        raise ValueError(f"{point.quantity} cannot be {value} {point.unit}") from error
    words = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]
    return words if point.order == "big" else words[::-1]


def points_of(profile: Mapping[str, Any]) -> tuple[Point, ...]:
    """Return the points of a profile's ``[[point]]`` tables.

    Raises:
        ValueError: A table is none; the message says which.
    """
    tables = profile.get("point", [])
    if not isinstance(tables, list) or not tables:
        raise ValueError("the profile has no [[point]]")
    known = {field.name for field in dataclasses.fields(Point)}
    points = []
    for number, table in enumerate(tables, start=1):
        if unknown := set(table) - known:
            raise ValueError(f"point {number} has no {', '.join(sorted(unknown))}")
        numbers = {
            key: Decimal(str(table[key])) for key in ("scale", "least", "most") if key in table
        }
        try:
            points.append(Point(**{**table, **numbers}))
        except TypeError as error:
            raise ValueError(f"point {number} needs quantity and address") from error
    names = [point.quantity for point in points]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the profile has {', '.join(sorted(repeated))} twice")
    return tuple(points)
