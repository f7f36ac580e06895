"""``menshen device test``: a conformance run, to be read, kept and signed."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from drivers.bus import Bus
from drivers.conformance.report import Report, Step
from drivers.conformance.run import NETWORK_SCHEMES, run
from drivers.registry import simulator_module
from drivers.simulation import Simulation, Wiring, fault_of
from edge.bench.line_options import (
    Baud,
    Json,
    Parity,
    Port,
    Setting,
    Stopbits,
    checked_parity,
    driver_settings,
)
from edge.bench.live_line import Line
from edge.bench.report_page import report_page

Driver = Annotated[str, typer.Argument(help="A driver of `menshen device drivers`.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Start its simulator, test that.")]
Transport = Annotated[str, typer.Option(help="Of the simulator: serial, tcp, dial, udp, ...")]
Fault = Annotated[
    list[str] | None,
    typer.Option(help="KIND or KIND:PROBABILITY of the simulated line; repeatable."),
]
Seed = Annotated[int, typer.Option(help="Of everything random in the simulator.")]
Commands = Annotated[
    bool, typer.Option("--commands", help="Try what moves something or opens a door, too.")
]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Keep the report: FILE.json or FILE.html.")
]


def conform(
    driver: Driver,
    *,
    port: Port = "",
    baud: Baud = 9600,
    parity: Parity = "N",
    stopbits: Stopbits = 1,
    setting: Setting = None,
    simulated: Simulated = False,
    transport: Transport = "",
    fault: Fault = None,
    seed: Seed = 1,
    commands: Commands = False,
    report: ReportFile = None,
    as_json: Json = False,
) -> None:
    """Prove that a device and its driver understand each other; exit code 0 only if they do."""
    if bool(port) == simulated:
        raise typer.BadParameter("give the device's --port, or --simulated")
    if fault and not simulated:
        raise typer.BadParameter("--fault is for --simulated: real faults come by themselves")
    if report is not None and report.suffix not in (".json", ".html"):
        raise typer.BadParameter(f"--report is FILE.json or FILE.html, not {report}")
    try:
        settings = driver_settings(driver, setting or [])
        say = None if as_json else _say
        if simulated:
            done = simulated_report(
                driver,
                settings,
                transport=transport,
                faults=dict(fault_of(word) for word in fault or []),
                seed=seed,
                say=say,
            )
        else:
            parity = checked_parity(parity)
            if not port.startswith(NETWORK_SCHEMES):
                Line(port=port, baudrate=baud, parity=parity, stopbits=stopbits).check()
            line = {"baudrate": baud, "parity": parity, "stopbits": stopbits}
            done = asyncio.run(_test(driver, port, settings, line, has_commands=commands, say=say))
        if report is not None:
            _keep(done, report)
    except (ValueError, TypeError, OSError) as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps(done.as_json(), ensure_ascii=False))
    else:
        _conclude(done, report)
    raise typer.Exit(0 if done.passed else 1)


def simulated_report(
    driver: str,
    settings: Mapping[str, Any],
    *,
    transport: str = "",
    faults: Mapping[str, float | None] | None = None,
    seed: int = 1,
    say: Any = None,  # noqa: ANN401 - see run
) -> Report:
    """Test a driver against its own simulator.

    Raises:
        ValueError: No such driver, setting, transport or fault.
    """
    with TemporaryDirectory(prefix="menshen-") as folder:
        # A link: the number of a pseudo-terminal that was pulled is given to the next who asks.
        link = Path(folder) / driver if transport in ("", "serial") else None
        wiring = Wiring(transport=transport, link=link, faults=faults or {}, seed=seed)
        return _simulated_report(driver, settings, wiring, say)


def _simulated_report(
    driver: str,
    settings: Mapping[str, Any],
    wiring: Wiring,
    say: Any,  # noqa: ANN401 - see run
) -> Report:
    simulator = simulator_module(driver).Simulator
    with Simulation(driver, {}, wiring) as simulation:
        line = {"baudrate": getattr(simulator, "BAUDRATE", 9600)}
        given = {**getattr(simulator, "DRIVER_SETTINGS", {}), **settings}
        port = simulation.driver_port
        return asyncio.run(_test(driver, port, given, line, simulation=simulation, say=say))


async def _test(
    driver: str,
    port: str,
    settings: Mapping[str, Any],
    line: Mapping[str, Any],
    *,
    simulation: Simulation | None = None,
    has_commands: bool = False,
    say: Any = None,  # noqa: ANN401 - see run
) -> Report:
    bus = Bus(port, **line)
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        return await run(
            driver,
            bus,
            settings,
            began_at=began_at,
            simulation=simulation,
            has_commands=has_commands,
            say=say,
        )
    finally:
        await bus.close()


def _keep(done: Report, path: Path) -> None:
    if path.suffix == ".json":
        text = json.dumps(done.as_json(), ensure_ascii=False, indent=1)
    else:
        text = report_page(done)
    path.write_text(text, encoding="utf-8")


def _say(step: Step) -> None:
    mark = "-" if step.is_skipped else "ok" if step.passed else "FAILED"
    typer.echo(f"{mark:7}{step.name}{f': {step.finding}' if step.finding else ''}")


def _conclude(done: Report, path: Path | None) -> None:
    for finding in done.findings:
        typer.echo(f"       {finding}")
    typer.echo(f"{done.driver} at {done.port}: {'passed' if done.passed else 'FAILED'}")
    if path is not None:
        typer.echo(f"report: {path}")
