"""``menshen device list`` and ``drivers``: what is plugged in, and what can be spoken to."""

import dataclasses
import json
from importlib import import_module

import typer

from drivers.ports import Port, ports
from drivers.registry import driver_class, names, simulator_module
from edge.bench.line_options import Json


def list_ports(*, as_json: Json = False) -> None:
    """List the serial ports with their stable names, what is likely on them, and who uses them."""
    found = ports()
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(port) for port in found], ensure_ascii=False))
        return
    for port in found:
        typer.echo(port_line(port))
    if not found:
        typer.echo("no serial port: plug an adapter in; in a virtual machine or container pass it")


def port_line(port: Port) -> str:
    """Return a port's line, for people."""
    device = "" if port.device == port.name else f"  [{port.device}]"
    usb = f"  {port.usb}" if port.usb else ""
    return f"{port.name}{device}{usb}  {port.likely}; {_use(port)}"


def _use(port: Port) -> str:
    if port.users is None:
        return "whether it is in use cannot be seen here"
    if not port.users:
        return "free"
    return "used by " + ", ".join(f"{user.program} (pid {user.pid})" for user in port.users)


def list_drivers(*, as_json: Json = False) -> None:
    """List the drivers with their kinds and transports."""
    rows = [_driver_row(name) for name in names()]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        transports = ", ".join(row["transports"]) or "-"
        typer.echo(f"{row['driver']:18} {row['kind'] or '-':12} {transports:24} {row['summary']}")


def _driver_row(name: str) -> dict[str, str | list[str]]:
    module = import_module(str(driver_class(name).__module__))
    summary = (module.__doc__ or "").strip().partition("\n")[0]
    try:
        simulator = simulator_module(name).Simulator
    except ValueError:  # a driver from outside need not bring one
        return {"driver": name, "kind": "", "transports": [], "summary": summary}
    return {
        "driver": name,
        "kind": getattr(simulator, "KIND", ""),
        "transports": list(getattr(simulator, "TRANSPORTS", ("http",))),
        "summary": summary,
    }
