"""The configuration of the simulated board: its keys, their bounds, and what is delivered.

Source: docs/board.md, section 3, "Configuration".
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, Self

import cbor2

NO_FIRE_INPUT: Final = 255
SAFE_OFF, SAFE_ON, SAFE_AS_IT_IS = 0, 1, 2
FIRE_KEYS: Final = frozenset({"fire_in", "fire_inv", "fire_on", "fire_off"})


class OutOfBoundsError(Exception):
    """A key has a value that it cannot have. Attributes: the message names the key."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the board does by itself; the names are those of the wire.

    Attributes:
        wd: Ms without a heartbeat until the safe state; 0 is never.
        safe: What each output does then.
        fire_in, fire_inv: Channel of the fire input; whether an open contact signals the fire.
        fire_on, fire_off: Bits of outputs.
        inv: Bits of inputs that are active when open.
        deb: Ms that an input must be stable.
        trial: Ms after which an image that nobody confirmed restarts.
    """

    wd: int = 3000
    safe: tuple[int, ...]
    fire_in: int = NO_FIRE_INPUT
    fire_inv: bool = True
    fire_on: int = 0
    fire_off: int = 0
    inv: int = 0
    deb: int = 20
    trial: int = 300_000

    @classmethod
    def delivered(cls, output_count: int) -> Self:
        """Return what a board leaves its maker with."""
        return cls(safe=(SAFE_OFF,) * output_count)

    @classmethod
    def kept(cls, raw: bytes | None, *, input_count: int, output_count: int) -> Self:
        """Return what ``as_bytes`` wrote; what is delivered for None or another board's."""
        delivered = cls.delivered(output_count)
        try:
            return delivered.changed(cbor2.loads(raw) if raw else {}, input_count=input_count)
        except OutOfBoundsError:
            return delivered

    def as_bytes(self) -> bytes:
        """Return it as it is kept in the flash."""
        return cbor2.dumps(self.as_map())

    def changed(self, wanted: Mapping[str, Any], *, input_count: int) -> Self:
        """Return the configuration with the keys to change; keys that it does not know are none.

        Raises:
            OutOfBoundsError: A value is out of bounds, or of the wrong type.
        """
        output_count = len(self.safe)
        bounds = {
            "fire_on": range(1 << output_count),
            "fire_off": range(1 << output_count),
            "inv": range(1 << input_count),
            "deb": range(1001),
            "trial": range(10_000, 3_600_001),
        }
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            key = field.name
            if key not in wanted:
                continue
            value = wanted[key]
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if key == "fire_inv":
                is_sound = isinstance(value, bool)
            elif key == "safe":
                is_sound = isinstance(value, list) and len(value) == output_count
                is_sound = is_sound and all(type(one) is int and 0 <= one <= 2 for one in value)
                value = tuple(value) if is_sound else ()
            elif key == "wd":
                is_sound = is_number and (value == 0 or 500 <= value <= 60_000)
            elif key == "fire_in":
                is_sound = is_number and (0 <= value < input_count or value == NO_FIRE_INPUT)
            else:
                is_sound = is_number and value in bounds[key]
            if not is_sound:
                raise OutOfBoundsError(key)
            changes[key] = value
        made = dataclasses.replace(self, **changes)
        if made.fire_on & made.fire_off:
            raise OutOfBoundsError("fire_on")
        return made

    def as_map(self) -> dict[str, Any]:
        """Return it as it goes over the wire."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return values | {"safe": list(self.safe)}
