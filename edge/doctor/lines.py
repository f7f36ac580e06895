"""What hangs on the machine: serial ports and cameras."""

import os
from collections.abc import Iterator
from pathlib import Path

import serial

from config.cameras import CameraEntry
from config.doctor.findings import Finding, Level
from config.site import BusEntry
from edge.vision.errors import CameraError
from edge.vision.source import open_source


def try_port(bus: BusEntry) -> Finding:
    """Open a line as a driver would, and let it go again."""
    check = f"port {bus.id}"
    try:
        # Exclusive, so that a program that has it already is found and not disturbed.
        if "://" in bus.port or os.name != "posix":
            line = serial.serial_for_url(bus.port, baudrate=bus.baudrate, timeout=1.0)
        else:
            line = serial.Serial(bus.port, baudrate=bus.baudrate, timeout=1.0, exclusive=True)
        line.close()
    except (OSError, ValueError) as error:
        return Finding(
            check, Level.PROBLEM, f"{bus.port}: {_reason(error)}", _port_advice(bus.port)
        )
    return Finding(check, Level.OK, f"{bus.port} opens at {bus.baudrate} baud")


def try_camera(camera: CameraEntry) -> Finding:
    """Fetch one picture."""
    check = f"camera {camera.id}"
    try:
        source = open_source(camera.url)
        try:
            image, _ = source.read()
        finally:
            source.close()
    except CameraError as error:
        advice = "look at its address, its cable and its password in the site file"
        return Finding(check, Level.PROBLEM, str(error), advice)
    height, width = image.shape[:2]
    return Finding(check, Level.OK, f"a picture of {width}x{height} arrived")


def list_ports() -> Iterator[Finding]:
    """Yield the serial ports that are plugged in, by a name that stays."""
    by_id = Path("/dev/serial/by-id")
    for path in sorted(by_id.iterdir()) if by_id.is_dir() else []:
        if os.access(path, os.R_OK | os.W_OK):
            yield Finding("ports", Level.OK, str(path))
        else:
            advice = _port_advice(str(path))
            yield Finding("ports", Level.WARNING, f"{path}: no permission", advice)


def _port_advice(port: str) -> str:
    path = Path(port)
    if "://" in port:
        return "look at the address and the network cable of the serial server"
    if not path.exists():
        return "plug it in; `ls /dev/serial/by-id` shows what is there, by a name that stays"
    if os.name == "posix" and not os.access(path, os.R_OK | os.W_OK):
        return f"allow this user to open it, for example: sudo usermod -aG {path.group()} $USER"
    return "end the program that has it (`fuser -v` names it)"


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return str(error) if number is None else os.strerror(number)
