"""The command ``menshen sim``: a simulated device, as a technician starts it."""

import dataclasses
import json
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from drivers.control import ControlServer
from drivers.registry import simulated_line, simulator_module, simulator_names
from drivers.simulation import Simulation, Wiring, fault_of
from drivers.site_simulation import SiteSimulation, site_with_ports

sim = typer.Typer(add_completion=False, rich_markup_mode=None)

SITE = "site"
Name = Annotated[str, typer.Argument(help="A simulator of `menshen sim --list`.")]
List = Annotated[bool, typer.Option("--list", help="List the simulators.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Link = Annotated[Path | None, typer.Option("--port", help="A link to the serial port it makes.")]
Tcp = Annotated[str, typer.Option(help="HOST:PORT to listen on instead; port 0 is any.")]
Dial = Annotated[str, typer.Option(help="HOST:PORT to dial in to, where the driver listens.")]
Udp = Annotated[str, typer.Option(help="HOST:PORT to take datagrams on.")]
ModbusTcp = Annotated[str, typer.Option(help="HOST:PORT to be a Modbus TCP server on.")]
Baud = Annotated[
    int | None,
    typer.Option(min=300, max=921_600, help="Who opens the port with another one gets garbage."),
]
Paced = Annotated[bool, typer.Option(help="Bytes take as long as on a real line.")]
UnitId = Annotated[list[int] | None, typer.Option(min=1, max=247, help="Repeat for several.")]
Fault = Annotated[list[str] | None, typer.Option(help="KIND or KIND:PROBABILITY; repeatable.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Control = Annotated[str, typer.Option(help="HOST:PORT of the control port, on loopback.")]
SiteFile = Annotated[
    Path | None, typer.Argument(help="With `site`: the site file whose hardware to simulate.")
]
WriteSite = Annotated[
    Path | None,
    typer.Option(help="With `site`: write the site file again, with the simulated ports."),
]
Photo = Annotated[
    list[str] | None, typer.Option(help="With `site`: NAME=PATH of a person; repeatable.")
]
Folder = Annotated[Path | None, typer.Option(help="With `site`: where the links to ports go.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="SETTING=VALUE; repeatable.")]


@sim.command()
def run(
    driver: Name = "",
    site_file: SiteFile = None,
    *,
    listing: List = False,
    as_json: Json = False,
    port: Link = None,
    tcp: Tcp = "",
    dial: Dial = "",
    udp: Udp = "",
    modbus_tcp: ModbusTcp = "",
    baud: Baud = None,
    paced: Paced = False,
    unit_id: UnitId = None,
    fault: Fault = None,
    seed: Seed = 1,
    control: Control = "",
    setting: Set = None,
    write_site: WriteSite = None,
    photo: Photo = None,
    folder: Folder = None,
) -> None:
    """Run a simulated device until Ctrl-C; prints one JSON line when it listens.

    `menshen sim site FILE` runs all the hardware of a site.
    """
    if listing:
        _list(as_json=as_json)
        return
    if not driver:
        raise typer.BadParameter("name a simulator of `menshen sim --list`, or `site FILE`")
    if driver == SITE:
        with TemporaryDirectory(prefix="menshen-") as place:
            _run_site(
                site_file, folder or Path(place), control, write_site, photo or [], paced, seed
            )
        return
    wanted = {"serial": "", "tcp": tcp, "dial": dial, "udp": udp, "modbus-tcp": modbus_tcp}
    try:
        wiring = _wiring(driver, wanted, port=port, baud=baud, paced=paced, fault=fault, seed=seed)
        settings = _assigned(driver, [*(setting or []), *(f"unit_id={n}" for n in unit_id or [])])
        with ExitStack() as stack:
            simulation = stack.enter_context(Simulation(driver, settings, wiring))
            key = "port" if simulation.transport == "serial" else "tcp"
            ready: dict[str, Any] = {"driver": driver, key: simulation.address}
            ready |= {"driver_port": simulation.driver_port, "control": None, "token": None}
            if control:
                server = ControlServer(
                    *_address(control),
                    state=simulation.state,
                    act=simulation.act,
                    set_fault=simulation.set_fault,
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


def _run_site(
    site_file: Path | None,
    folder: Path,
    control: str,
    write_site: Path | None,
    photos: Sequence[str],
    paced: bool,
    seed: int,
) -> None:
    if site_file is None:
        raise typer.BadParameter("name the site file: menshen sim site FILE")
    if not site_file.is_file():
        raise typer.BadParameter(f"there is no site file {site_file}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            site = SiteSimulation(site_file, folder, photos=photos, is_paced=paced, seed=seed)
            stack.callback(site.close)
            ready: dict[str, Any] = {"driver": SITE, "ports": site.ports, "cameras": site.cameras}
            ready |= {"control": None, "token": None}
            server = ControlServer(
                *_address(control or "127.0.0.1:0"),
                state=site.state,
                act=site.act,
                set_fault=site.set_fault,
            )
            stack.callback(server.stop)
            ready |= {"control": server.url, "token": server.token}
            if write_site is not None:
                text = site_with_ports(site_file, site.ports, site.cameras)
                write_site.write_text(text, encoding="utf-8")
            ended = _end_on_signals()
            typer.echo(json.dumps(ready))
            while not ended.wait(timeout=1.0):
                pass
    except (ValueError, TypeError, OSError) as error:
        raise typer.TyperException(str(error)) from error


def _wiring(
    driver: str,
    wanted: Mapping[str, str],
    *,
    port: Path | None,
    baud: int | None,
    paced: bool,
    fault: Sequence[str] | None,
    seed: int,
) -> Wiring:
    """Return how the simulator is reached: what is asked for, or what it has first.

    Raises:
        ValueError: An address or a probability is none, or two ways are asked for.
    """
    given = {transport: address for transport, address in wanted.items() if address}
    if len(given) + (port is not None) > 1:
        raise ValueError("a simulator is reached one way: give one of --port, --tcp, --dial, ...")
    simulator = simulator_module(driver).Simulator
    offered = tuple(getattr(simulator, "TRANSPORTS", ("http",)))
    transport, address = next(iter(given.items()), ("serial" if port else offered[0], ""))
    if transport == "tcp" and "http" in offered:
        transport = "http"
    host, number = _address(address) if address else ("127.0.0.1", 0)
    usual_baud = getattr(simulator, "BAUDRATE", 9600) if paced else None
    return Wiring(
        transport=transport,
        host=host,
        port=number,
        link=port,
        baudrate=baud or usual_baud,
        is_paced=paced,
        faults=dict(fault_of(word) for word in fault or []),
        seed=seed,
    )


def _assigned(name: str, words: Sequence[str]) -> dict[str, Any]:
    """Return ``SETTING=VALUE`` words as settings; one that is given again has several values.

    Raises:
        ValueError: A word is none.
    """
    values: dict[str, Any] = {}
    known = {field.name for field in dataclasses.fields(simulator_module(name).Simulator.Settings)}
    for word in words:
        setting, equals, value = word.partition("=")
        if setting not in known or not equals:
            raise ValueError(
                f"{word!r} is no setting of {name}; write one as SETTING=VALUE: "
                f"{', '.join(sorted(known))}"
            )
        values[setting] = [*values[setting], value] if setting in values else [value]
    return {setting: v[0] if len(v) == 1 else v for setting, v in values.items()}


def _list(*, as_json: bool) -> None:
    rows = []
    for name in simulator_names():
        simulator = simulator_module(name).Simulator
        rows.append(
            {
                "driver": name,
                "kind": getattr(simulator, "KIND", name),
                "transports": list(getattr(simulator, "TRANSPORTS", ("http",))),
                "faults": sorted(simulated_line().FAULTS),
            }
        )
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['driver']:18} {row['kind']:12} {', '.join(row['transports'])}")


def _address(text: str) -> tuple[str, int]:
    host, _, number = text.rpartition(":")
    if not host or not number.isdecimal() or int(number) > 65_535:
        raise ValueError(f"{text!r} is no address: write HOST:PORT, for example 127.0.0.1:0")
    return host, int(number)


def _end_on_signals() -> threading.Event:
    """Return what is set when the process is to end; from now on no signal kills it midway."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended
