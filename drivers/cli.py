"""The command ``menshen sim``: a simulated device, as a technician starts it."""

import asyncio
import dataclasses
import json
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from drivers.control import ControlServer
from drivers.registry import simulated_line, simulator_module, simulator_names

sim = typer.Typer(add_completion=False, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="A simulator of `menshen sim --list`.")]
List = Annotated[bool, typer.Option("--list", help="List the simulators.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Link = Annotated[Path | None, typer.Option("--port", help="A link to the serial port it makes.")]
Tcp = Annotated[str, typer.Option(help="HOST:PORT to listen on instead; port 0 is any.")]
Baud = Annotated[int, typer.Option(min=300, max=921_600, help="For --paced.")]
Paced = Annotated[bool, typer.Option(help="Bytes take as long as on a real line.")]
UnitId = Annotated[list[int] | None, typer.Option(min=1, max=247, help="Repeat for several.")]
Fault = Annotated[list[str] | None, typer.Option(help="KIND or KIND:PROBABILITY; repeatable.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Control = Annotated[str, typer.Option(help="HOST:PORT of the control port, on loopback.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="SETTING=VALUE; repeatable.")]


@sim.command()
def run(
    driver: Name = "",
    *,
    listing: List = False,
    as_json: Json = False,
    port: Link = None,
    tcp: Tcp = "",
    baud: Baud = 9600,
    paced: Paced = False,
    unit_id: UnitId = None,
    fault: Fault = None,
    seed: Seed = 1,
    control: Control = "",
    setting: Set = None,
) -> None:
    """Run a simulated device until Ctrl-C; prints one JSON line when it listens."""
    if listing:
        _list(as_json=as_json)
        return
    try:
        simulator = _make(
            driver, [*(setting or []), *(f"unit_id={n}" for n in unit_id or [])], seed
        )
        with ExitStack() as stack:
            ready: dict[str, Any] = {"driver": driver}
            set_fault = _no_faults
            act = simulator.act
            if hasattr(simulator, "serve"):
                server_loop = _ServerLoop(simulator)
                ready["tcp"] = server_loop.serve(*_address(tcp or "127.0.0.1:0"))
                act = server_loop.act
            else:
                line = simulated_line().SimulatedLine(
                    simulator.stations, baudrate=baud if paced else None, seed=seed
                )
                stack.callback(line.stop)
                for entry in fault or []:
                    kind, _, probability = entry.partition(":")
                    line.set_fault({"kind": kind, "probability": float(probability or 1)})
                set_fault = line.set_fault
                if tcp:
                    ready["tcp"] = line.start_tcp(*_address(tcp))
                else:
                    ready["port"] = line.start_serial(port)
            ready |= {"control": None, "token": None}
            if control:
                server = ControlServer(
                    *_address(control), state=simulator.state, act=act, set_fault=set_fault
                )
                stack.callback(server.stop)
                ready |= {"control": server.url, "token": server.token}
            ended = _end_on_signals()
            typer.echo(json.dumps(ready))
            # Without a time-out a signal would not wake this thread on every system.
            while not ended.wait(timeout=1.0):
                pass
    except (ValueError, OSError) as error:
        raise typer.TyperException(str(error)) from error


def _list(*, as_json: bool) -> None:
    rows = []
    for name in simulator_names():
        simulator = simulator_module(name).Simulator
        is_line = not hasattr(simulator, "serve")
        rows.append(
            {
                "driver": name,
                "kind": getattr(simulator, "KIND", name),
                "transports": list(getattr(simulator, "TRANSPORTS", ("tcp",))),
                "faults": sorted(simulated_line().FAULTS) if is_line else [],
            }
        )
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['driver']:18} {row['kind']:12} {', '.join(row['transports'])}")


def _make(name: str, assignments: Sequence[str], seed: int) -> Any:  # noqa: ANN401 - by name
    """Make a simulator from ``SETTING=VALUE`` words.

    Raises:
        ValueError: No such simulator or setting, or a value that does not fit.
    """
    simulator = simulator_module(name).Simulator
    hints = get_type_hints(simulator.Settings)
    known = {field.name for field in dataclasses.fields(simulator.Settings)}
    values: dict[str, Any] = {"seed": seed} if "seed" in known else {}
    for assignment in assignments:
        setting, equals, value = assignment.partition("=")
        if setting not in known or not equals:
            raise ValueError(
                f"{assignment!r} is no setting of {name}; write one as SETTING=VALUE: "
                f"{', '.join(sorted(known))}"
            )
        hint = hints[setting]
        if hint in (int, float, str):
            values[setting] = hint(value)
        else:
            values.setdefault(setting, []).append(int(value) if "int" in str(hint) else value)
    return simulator(simulator.Settings(**values))


def _address(text: str) -> tuple[str, int]:
    host, _, number = text.rpartition(":")
    if not host or not number.isdecimal() or int(number) > 65_535:
        raise ValueError(f"{text!r} is no address: write HOST:PORT, for example 127.0.0.1:0")
    return host, int(number)


class _ServerLoop:
    """Runs a simulator that is a server of its own, in a loop and thread of its own."""

    def __init__(self, simulator: Any) -> None:  # noqa: ANN401 - by name
        self._simulator, self._loop = simulator, asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True).start()

    def serve(self, host: str, port: int) -> str:
        """Listen and return the URL."""
        serving = self._simulator.serve(host, port)
        return str(asyncio.run_coroutine_threadsafe(serving, self._loop).result())

    def act(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Act in the simulator's own thread."""

        async def do() -> Mapping[str, Any]:
            done: Mapping[str, Any] = self._simulator.act(name, arguments)
            return done

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result()


def _no_faults(_: Mapping[str, Any]) -> dict[str, Any]:
    raise ValueError("this simulator's faults are actions")


def _end_on_signals() -> threading.Event:
    """Return what is set when the process is to end; from now on no signal kills it midway."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended
