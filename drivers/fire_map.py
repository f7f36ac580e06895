"""Fire panels' points in Modbus registers or bits, described by a profile. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from drivers.base import PointCondition

FUNCTIONS: Final = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
BIT_FUNCTIONS: Final = (1, 2)
REGISTER_COUNT_MAX, BIT_COUNT_MAX = 80, 800
REGISTER_BITS: Final = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """Points that stand one after the other.

    Attributes:
        names: Of each point.
        stride: Registers or bits from one point to the next.
        bits: The bit of each condition; in a bit range its offset within the point.
    """

    function: int
    address: int
    names: tuple[str, ...]
    stride: int
    bits: Mapping[PointCondition, int]
    kind: str = ""

    @property
    def count(self) -> int:
        """Registers or bits that are read."""
        return len(self.names) * self.stride

    def conditions(self, items: Sequence[int]) -> dict[str, tuple[PointCondition, ...]]:
        """Return every point's conditions, sorted.

        Args:
            items: Registers, or bits as 0 and 1.
        """
        found = {}
        for index, name in enumerate(self.names):
            own = items[index * self.stride : (index + 1) * self.stride]
            if self.function not in BIT_FUNCTIONS:
                own = [own[0] >> bit & 1 for bit in range(REGISTER_BITS)]
            found[name] = tuple(sorted(c for c, bit in self.bits.items() if own[bit]))
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """A register or coil that makes the panel do something."""

    function: int
    address: int
    value: int


@dataclasses.dataclass(frozen=True, slots=True)
class FireMap:
    """A panel. Attributes: commands: by name, as ``silence`` or ``reset``."""

    ranges: tuple[Range, ...]
    commands: Mapping[str, Command]


def fire_map(profile: Mapping[str, Any]) -> FireMap:
    """Return the map of a profile.

    Raises:
        ValueError: It is none; the message says which table.
    """
    tables = profile.get("range", [])
    if not isinstance(tables, list) or not tables:
        raise ValueError("the profile has no [[range]]")
    ranges = tuple(
        part for number, table in enumerate(tables, start=1) for part in _ranges(number, table)
    )
    names = [name for one in ranges for name in one.names]
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the profile has point {repeated!r} twice")
    commands = {}
    for name, table in dict(profile.get("command", {})).items():
        try:
            commands[name] = Command(
                {"coil": 5, "holding": 6}[table["function"]], table["address"], table["value"]
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"command {name!r} needs function (coil or holding), address and value"
            ) from error
    return FireMap(ranges, commands)


def _ranges(number: int, table: Mapping[str, Any]) -> Iterable[Range]:
    where = f"range {number}"
    try:
        function = FUNCTIONS[table["function"]]
        bits = {PointCondition(name): int(bit) for name, bit in table["bits"].items()}
        address, count = int(table["address"]), int(table.get("count", 1))
        pattern = str(table["point"])
    except KeyError as error:
        raise ValueError(f"{where}: {error} is missing, or not one that is known") from error
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{where}: {error}") from error
    is_bits = function in BIT_FUNCTIONS
    stride = int(table.get("stride", max(bits.values()) + 1 if is_bits else 1))
    bit_max = stride if is_bits else REGISTER_BITS
    if not bits or not all(0 <= bit < bit_max for bit in bits.values()):
        raise ValueError(f"{where}: bits are 0..{bit_max - 1}")
    if not 1 <= count <= 10_000 or stride < 1 or not 0 <= address <= 0xFFFF:
        raise ValueError(f"{where}: address, count or stride is out of range")
    if count > 1 and "{n}" not in pattern:
        raise ValueError(f"{where}: several points need {{n}} in their name")
    first = int(table.get("first", 1))
    per_exchange = max(1, (BIT_COUNT_MAX if is_bits else REGISTER_COUNT_MAX) // stride)
    for begin in range(0, count, per_exchange):
        indices = range(begin, min(count, begin + per_exchange))
        names = tuple(pattern.replace("{n}", str(first + index)) for index in indices)
        kind = str(table.get("kind", ""))
        yield Range(function, address + begin * stride, names, stride, bits, kind)
