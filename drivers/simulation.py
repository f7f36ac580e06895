"""A running simulator by name, on the wire that is wanted: for commands, tests and the bench."""

import asyncio
import contextlib
import dataclasses
import socket
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar, get_type_hints
from urllib.parse import urlsplit

from drivers.registry import fault_proxy, simulated_line, simulator_module

SCHEMES: Final = {
    "serial": "",
    "tcp": "socket://",
    "modbus-tcp": "modbus-tcp://",
    "udp": "udp://",
    "dial": "listen://",
    "http": "http://",
}
"""What a driver's port begins with, by the transport of a simulator."""
LOOPBACK: Final = "127.0.0.1"
_Result = TypeVar("_Result")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How a simulator is reached.

    Attributes:
        transport: One of the simulator's; empty is its first.
        host: To listen on, or to dial.
        port: 0 is any.
        link: For ``serial``: a link to the pseudo-terminal.
        baudrate: What the line has; None takes whatever a client sets, and costs no time.
        is_paced: Bytes take their time, if there is a baud rate.
        faults: Kinds and probabilities; None is the kind's usual one.
        seed: Of everything random.
    """

    transport: str = ""
    host: str = LOOPBACK
    port: int = 0
    link: Path | None = None
    baudrate: int | None = None
    is_paced: bool = False
    faults: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    seed: int = 1


def fault_of(word: str) -> tuple[str, float | None]:
    """Return ``KIND`` or ``KIND:PROBABILITY`` as two; no probability is the kind's usual one.

    Raises:
        ValueError: The probability is no number.
    """
    kind, colon, probability = word.partition(":")
    try:
        return kind.strip().replace("-", "_"), float(probability) if colon else None
    except ValueError as error:
        raise ValueError(f"--fault is KIND or KIND:PROBABILITY, not {word!r}") from error


class Simulation:
    """One simulator on a wire, until it is closed.

    Attributes:
        driver: Its name, and its driver's.
        transport: The one it is reached by.
        address: The path, ``HOST:PORT`` or URL of its end.
        driver_port: What a driver's bus opens to reach it.
        simulator: The simulator itself, its state in the open.
    """

    def __init__(
        self, driver: str, settings: Mapping[str, Any] | None = None, wiring: Wiring | None = None
    ) -> None:
        """Start it.

        Args:
            driver: Name of a simulator.
            settings: Of the simulator; texts are converted.
            wiring: How it is reached.

        Raises:
            ValueError: No such simulator, setting, transport or fault; one line.
            OSError: The address or the link cannot be used.
        """
        wiring = Wiring() if wiring is None else wiring
        self.driver = driver
        self.simulator: Any = make_simulator(driver, settings or {}, wiring.seed)
        offered = tuple(getattr(self.simulator, "TRANSPORTS", ("http",)))
        self.transport = wiring.transport or offered[0]
        if self.transport not in offered:
            raise ValueError(f"{driver} has no {self.transport}; it has: {', '.join(offered)}")
        self._line: Any = None
        self._loop: _ServerLoop | None = None
        if self.transport == "http":
            self._loop = _ServerLoop(self.simulator, wiring)
            self.address = self.driver_port = self._loop.url
        else:
            self._line = simulated_line().SimulatedLine(
                self.simulator, baudrate=wiring.baudrate, is_paced=wiring.is_paced, seed=wiring.seed
            )
            self.address = start_line(self._line, self.transport, wiring)
            self.driver_port = SCHEMES[self.transport] + self.address
        try:
            for kind, probability in wiring.faults.items():
                usual = simulated_line().FAULTS.get(kind)
                if probability is None and usual is not None:
                    probability = usual.probability
                self.set_fault(
                    {"kind": kind, "probability": 1.0 if probability is None else probability}
                )
        except ValueError:
            self.close()
            raise

    def state(self) -> dict[str, Any]:
        """Return the simulator's state."""
        if self._line is None:
            return dict(self.simulator.state())
        return dict(self._line.state(self.simulator))

    def act(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Let a hand do something.

        Raises:
            ValueError: No such action, or an argument is wrong; one line.
        """
        if self._loop is not None:
            return self._loop.act(name, arguments)
        return dict(self._line.act(self.simulator, name, arguments))

    def set_fault(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Switch a fault: ``kind``, ``on``, ``probability``; see ``SimulatedLine.set_fault``.

        Raises:
            ValueError: No such fault, or no probability.
        """
        if self._loop is not None:
            return self._loop.set_fault(arguments)
        return dict(self._line.set_fault(arguments))

    @property
    def active_faults(self) -> frozenset[str]:
        """The kinds that are on."""
        faults = self._line.faults if self._loop is None else self._loop.faults
        return frozenset(faults.active)

    @property
    def struck(self) -> Mapping[str, int]:
        """How often each fault that is or was on has struck until now."""
        faults = self._line.faults if self._loop is None else self._loop.faults
        return dict(faults.struck)

    def close(self) -> None:
        """End it; idempotent."""
        if self._loop is not None:
            self._loop.close()
        if self._line is not None:
            self._line.stop()

    def __enter__(self) -> "Simulation":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        self.close()


def start_line(line: Any, transport: str, wiring: Wiring) -> str:  # noqa: ANN401 - by name
    """Put a simulated line on its wire; returns its address.

    Raises:
        OSError: The address or the link cannot be used.
    """
    host, port = wiring.host, wiring.port
    match transport:
        case "serial":
            address = line.start_serial(wiring.link)
        case "tcp":
            address = line.start_tcp(host, port)
        case "modbus-tcp":
            address = line.start_modbus_tcp(host, port)
        case "udp":
            address = line.start_udp(host, port)
        case _:
            address = line.start_dialling(host, port or free_port())
    return str(address)


def make_simulator(name: str, settings: Mapping[str, Any], seed: int = 1) -> Any:  # noqa: ANN401 - by name
    """Make a simulator; texts become what its settings are.

    Raises:
        ValueError: No such simulator or setting, or a value that does not fit.
    """
    simulator = simulator_module(name).Simulator
    hints = get_type_hints(simulator.Settings)
    known = {field.name for field in dataclasses.fields(simulator.Settings)}
    values: dict[str, Any] = {"seed": seed} if "seed" in known else {}
    for setting, value in settings.items():
        if setting not in known:
            raise ValueError(
                f"{setting!r} is no setting of {name}; it has: {', '.join(sorted(known)) or 'none'}"
            )
        values[setting] = _converted(name, setting, value, hints[setting])
    return simulator(simulator.Settings(**values))


def _converted(name: str, setting: str, value: object, hint: object) -> object:
    """Return a setting's value in its type.

    Raises:
        ValueError: It is none.
    """
    is_several = hint not in (int, float, str, bool)
    if is_several:
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        item = int if "int" in str(hint) else str
        return tuple(_converted(name, setting, one, item) for one in values)
    try:
        if hint is bool and not isinstance(value, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return hint(value)  # type: ignore[operator]  # one of the four types above
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{name}: {setting} is {getattr(hint, '__name__', hint)}, not {value!r}"
        ) from error


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


class _ServerLoop:
    """Runs a simulator that is a server of its own, behind a faulty proxy, in a thread.

    Attributes:
        faults: Of the proxy.
    """

    def __init__(self, simulator: Any, wiring: Wiring) -> None:  # noqa: ANN401 - by name
        self._simulator, self._loop = simulator, asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="simulator", daemon=True
        )
        self._thread.start()
        module = fault_proxy()
        self.faults = simulated_line().Faults(wiring.seed)
        self._proxy: Any = None
        try:
            url = str(self._call(simulator.serve(LOOPBACK, 0)))
            parts = urlsplit(url)
            self._proxy = module.FaultyProxy(parts.hostname, parts.port, self.faults)
            host, port = self._call(self._proxy.serve(wiring.host, wiring.port))
        except BaseException:
            self.close()
            raise
        self.url = parts._replace(netloc=f"{host}:{port}").geturl()

    def act(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Act in the simulator's own thread."""

        async def do() -> dict[str, Any]:
            return dict(self._simulator.act(name, arguments))

        return self._call(do())

    def set_fault(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """See ``Simulation.set_fault``."""
        kind, on = str(arguments.get("kind", "")), bool(arguments.get("on", True))
        probability = arguments.get("probability")
        if kind == "unplug" and probability is None:
            self._loop.call_soon_threadsafe(self._proxy.unplug if on else self._proxy.replug)
        else:
            self.faults.set(kind, on=on, probability=1.0 if probability is None else probability)
        return {"faults": dict(self.faults.active)}

    def close(self) -> None:
        """End the servers and the loop; idempotent."""
        if self._loop.is_closed():
            return
        if self._proxy is not None:
            self._call(self._proxy.close())
        if hasattr(self._simulator, "close"):
            with contextlib.suppress(OSError):
                self._call(self._simulator.close())
        self._call(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _end_tasks() -> None:
    """End what still runs in this loop, and let its connections close."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    for _ in range(3):  # a transport closes in the turn after its writer
        await asyncio.sleep(0)
