"""Serial ports of this machine: their stable names, what is likely on them, and who uses them.

A port's plain name changes with the order of plugging in. ``by-id`` names the adapter, wherever it
is plugged in; adapters without a serial number all have the same one, so for those ``by-path``,
which names the socket, is the stable one.

Source: USB ids as in the Linux drivers ch341, cp210x, ftdi_sio, pl2303 and xr_serial, and in the
public list usb.ids (versions unconfirmed). A chip does not say which levels its adapter has.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from serial.tools.list_ports import comports
from serial.tools.list_ports_common import ListPortInfo

CHIPS: Final = {
    (0x0403, 0x6001): "FTDI FT232R",
    (0x0403, 0x6010): "FTDI FT2232, two ports",
    (0x0403, 0x6011): "FTDI FT4232, four ports",
    (0x0403, 0x6014): "FTDI FT232H",
    (0x0403, 0x6015): "FTDI FT-X",
    (0x04E2, 0x1410): "Exar XR21V1410",
    (0x04E2, 0x1411): "Exar XR21B1411",
    (0x04E2, 0x1412): "Exar XR21V1412, two ports",
    (0x04E2, 0x1414): "Exar XR21V1414, four ports",
    (0x067B, 0x2303): "Prolific PL2303",
    (0x067B, 0x23A3): "Prolific PL2303GC",
    (0x10C4, 0xEA60): "Silicon Labs CP210x",
    (0x10C4, 0xEA70): "Silicon Labs CP2105, two ports",
    (0x10C4, 0xEA71): "Silicon Labs CP2108, four ports",
    (0x1A86, 0x5523): "WCH CH341",
    (0x1A86, 0x55D3): "WCH CH343",
    (0x1A86, 0x55D4): "WCH CH9102",
    (0x1A86, 0x7523): "WCH CH340",
}
BOARDS: Final = {
    0x0483: "a board or reader with an STM32 (or another device of its maker)",
    0x2341: "an Arduino board",
    0x239A: "an Adafruit board",
    0x2E8A: "a Raspberry Pi Pico",
    0x303A: "an Espressif board",
}
_WORDS: Final = {
    "485": "RS-485 adapter",
    "422": "RS-422 adapter",
    "uport": "MOXA converter",
    "scanner": "code scanner",
    "barcode": "code scanner",
    "rfid": "card reader",
    "reader": "card reader",
    "modem": "modem: no line to devices",
}


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """A process that has a port open."""

    pid: int
    program: str


@dataclasses.dataclass(frozen=True, slots=True)
class Port:
    """One serial port.

    Attributes:
        name: The stable one: write this into the site file.
        device: What the system calls it now.
        usb: Vendor and product, ``1A86:7523``; empty if it is not on USB.
        serial_number: Of the adapter; empty if it has none.
        likely: What it probably is, in words.
        users: Who has it open, as far as this user may see; None where that cannot be known.
    """

    name: str
    device: str
    usb: str
    serial_number: str
    likely: str
    users: tuple[User, ...] | None


def ports(
    *,
    found: Callable[[], Iterable[ListPortInfo]] = comports,
    dev: Path = Path("/dev"),
    proc: Path = Path("/proc"),
) -> list[Port]:
    """Return the serial ports of this machine, by name.

    Args:
        found: Lists what there is.
        dev: Has ``serial/by-id`` and ``serial/by-path``, where the system makes them.
        proc: Shows processes, where there is one.
    """
    users = _users(proc)
    listed = [
        Port(
            name=_stable_name(info, dev),
            device=info.device,
            usb="" if info.vid is None else f"{info.vid:04X}:{info.pid or 0:04X}",
            serial_number=info.serial_number or "",
            likely=likely(info),
            users=None if users is None else tuple(users.get(_real(info.device), ())),
        )
        for info in found()
    ]
    return sorted(listed, key=lambda port: port.name)


def users_of(port: str, *, proc: Path = Path("/proc")) -> tuple[User, ...]:
    """Return who has a port open, as far as this user may see; nobody where it cannot be known."""
    return tuple((_users(proc) or {}).get(_real(port), ()))


def likely(info: ListPortInfo) -> str:
    """Return what a port probably is, in words."""
    if info.vid is None:
        return "a port of this machine itself"
    said = " ".join(text for text in (info.manufacturer, info.product) if text)
    kind = next((words for key, words in _WORDS.items() if key in said.lower()), "")
    chip = CHIPS.get((info.vid, info.pid or 0)) or BOARDS.get(info.vid)
    if chip is None:
        chip = said or "an unknown USB device"
    elif not kind and info.vid not in BOARDS:
        kind = "USB adapter, RS-485, RS-232 or TTL"
    return f"{kind} ({chip})" if kind else chip


def _stable_name(info: ListPortInfo, dev: Path) -> str:
    folders = ["by-id", "by-path"] if info.serial_number else ["by-path", "by-id"]
    for folder in folders:
        with contextlib.suppress(OSError):
            for link in sorted((dev / "serial" / folder).iterdir()):
                if _real(str(link)) == _real(info.device):
                    return str(link)
    return str(info.device)


def _users(proc: Path) -> dict[str, list[User]] | None:
    """Return who has what open, by the file's path; None where nobody can know."""
    if not (proc / "self").exists():
        return None
    users: dict[str, list[User]] = {}
    for process in proc.iterdir():
        if not process.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile, or is not ours to look into
            program = (process / "comm").read_text("utf-8", "replace").strip()
            opened = {str(link.readlink()) for link in (process / "fd").iterdir()}
            for path in opened:
                if path.startswith("/") and not path.startswith("/proc"):
                    users.setdefault(path, []).append(User(int(process.name), program))
    return users


def _real(path: str) -> str:
    return str(Path(path).resolve()) if path.startswith("/") else path
