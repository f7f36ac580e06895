"""The far end of a wire: what every simulator is, and what a hand can do to it.

A simulator hears every byte on its line and decides itself whether it is addressed; the line that
it is put on (``line.SimulatedLine``) brings the ports, the pace and the faults, for all alike.
"""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Final

FOREIGN_FRAME: Final = bytes.fromhex("63 03 02 00 2A C0 53")
"""A Modbus unit 99 answers somebody."""
TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


class FarEnd:
    """One simulated device, or several of a kind on one line. Override what it does.

    Attributes:
        KIND: What it is: ``turnstile``, ``reader``, ``fire_panel``, ``meter``, ...
        TRANSPORTS: Of ``serial``, ``tcp`` (it listens), ``dial`` (it connects to us), ``udp``,
            ``modbus-tcp``, ``http``.
        BAUDRATE: What it speaks on a serial line.
        DRIVER_SETTINGS: Settings of its driver that fit its own defaults.
        ACTIONS: What a hand can do: a name, and its arguments with an example value each. Each is a
            method ``do_<name>`` with these arguments by keyword.
        STIMULI: For the conformance run: actions with arguments, and the name of the observation
            that its driver must report then; in this order.
        STEP_S: How often time is let pass when nothing else happens.
        ANSWERS: Whether it says anything. One that never does is deaf when the line is mute.
        is_datagram: Each call of ``receive_data`` has one datagram, and each frame becomes one.
        push_to: Over UDP, where unasked frames go; None is to whoever spoke last.
    """

    KIND: ClassVar[str] = ""
    TRANSPORTS: ClassVar[tuple[str, ...]] = ("serial", "tcp")
    BAUDRATE: ClassVar[int] = 9600
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {}
    ACTIONS: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    STIMULI: ClassVar[tuple[tuple[str, Mapping[str, Any], str], ...]] = ()
    STEP_S: ClassVar[float] = 0.01
    ANSWERS: ClassVar[bool] = True
    push_to: tuple[str, int] | None = None
    is_datagram: bool = False

    def receive_data(self, data: bytes) -> list[bytes]:
        """Take bytes from the line; returns the answers to what is now complete, a frame each."""
        return []

    def step(self, dt_s: float) -> list[bytes]:
        """Let time pass; returns what it says unasked, a frame each."""
        return []

    def let_go(self) -> None:
        """End what outlives it, when its line ends; idempotent."""

    def foreign_frame(self, reply: bytes) -> bytes:
        """Return sound traffic of somebody else, that the driver must pass over."""
        return FOREIGN_FRAME

    def state(self) -> dict[str, Any]:
        """Return its state, for people and tests; JSON values only."""
        return {}

    def act(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a hand can do; what is not given has the example's value.

        Raises:
            ValueError: No such action, or an argument is wrong; one line.
        """
        if name not in self.ACTIONS:
            raise ValueError(f"no action {name!r}; there are: {', '.join(self.ACTIONS)}")
        examples = self.ACTIONS[name]
        for argument in arguments:
            if argument not in examples:
                raise ValueError(
                    f"{name} has no argument {argument!r}; it has: {', '.join(examples) or 'none'}"
                )
        values = {
            argument: _converted(argument, arguments.get(argument, example), example)
            for argument, example in examples.items()
        }
        method = getattr(self, f"do_{name}")
        if extra := set(values) - set(inspect.signature(method).parameters):
            raise TypeError(f"do_{name} lacks {extra}")
        return dict(method(**values) or {})


def _converted(name: str, value: object, example: object) -> object:
    """Return a value in its example's type; forms and command lines give text.

    Raises:
        ValueError: It is none.
    """
    wanted = type(example)
    if isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool):
        return value
    try:
        if wanted is bool:
            return TRUTHS[str(value).lower()]
        if wanted is int and not isinstance(value, bool):
            return int(str(value))
        if wanted is float and not isinstance(value, bool):
            return float(str(value))
    except (KeyError, ValueError):
        pass
    raise ValueError(f"{name} is {wanted.__name__} (for example {example!r}), not {value!r}")
