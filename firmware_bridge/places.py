"""Where a board is: on a port that somebody names, or on a line of the site file."""

import contextlib
import dataclasses
import os
import re
from collections.abc import AsyncIterator
from typing import Final

from config.site import DeviceEntry, Site
from drivers.base import DriverError
from drivers.bus import Bus
from drivers.ports import users_of
from drivers.registry import driver_class, make_settings
from firmware_bridge.board_settings import BoardSettings
from firmware_bridge.client import BoardClient
from firmware_bridge.signing import Signer

BAUDRATE: Final = 115_200
ADDRESS_MAX: Final = 247
_PORT: Final = re.compile(r"/|\\|\A(?i:com)\d+\Z")
_WITH_ADDRESS: Final = re.compile(r"\A(?P<port>.+)@(?P<address>\d{1,3})\Z")


class NotThereError(Exception):
    """No board answers, or its port cannot be used: one line that says what to do."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a board is.

    Attributes:
        name: As whoever asks calls it.
        port: See ``drivers.transport.open_transport``.
        address: 1..247 on a line with several boards, 0 alone.
        hw: Number of its type, where the site says so; 0 is not known.
    """

    name: str
    port: str
    baudrate: int = BAUDRATE
    parity: str = "N"
    stopbits: int = 1
    address: int = 0
    timeout_s: float = 0.5
    attempt_count: int = 3
    hw: int = 0

    @property
    def line(self) -> str:
        """The line that it is on, whichever of its names was used."""
        return os.path.realpath(self.port) if "://" not in self.port else self.port


def place_of(
    text: str, *, site: Site | None = None, baudrate: int = BAUDRATE, address: int = 0
) -> Place:
    """Return the place that somebody names.

    Args:
        text: A port, a port with an address (``/dev/ttyUSB0@5``), or a device of the site.
        site: Where devices are looked up.
        baudrate: Of a port that is named.
        address: Of a port that is named without one.

    Raises:
        ValueError: It names nothing; one line.
    """
    if (found := _WITH_ADDRESS.match(text)) is not None:
        port, address = found["port"], int(found["address"])
    else:
        port = text
    if not 0 <= address <= ADDRESS_MAX:
        raise ValueError(f"a board's address is 1..{ADDRESS_MAX}, or 0 alone, not {address}")
    if _PORT.search(port):
        return Place(name=text, port=port, baudrate=baudrate, address=address)
    if site is None:
        raise ValueError(
            f"{text!r} is no port: write one as /dev/ttyUSB0 or udp://HOST:1337, or name a device"
            " and its site file with --site"
        )
    places = {place.name: place for place in site_places(site)}
    if text not in places:
        known = ", ".join(places) or "none"
        raise ValueError(f"the site has no board {text!r}; there are: {known}")
    return places[text]


def site_places(site: Site) -> list[Place]:
    """Return the boards of a site, each once, in the file's order.

    Raises:
        ValueError: A driver or setting is wrong; one line.
    """
    buses = {bus.id: bus for bus in site.bus}
    places: dict[tuple[str, int], Place] = {}
    for device in site.device:
        settings, bus = _settings(device), buses[device.bus]
        if settings is None:
            continue
        place = Place(
            name=device.id,
            port=bus.port,
            baudrate=bus.baudrate,
            parity=bus.parity,
            stopbits=bus.stopbits,
            address=settings.address,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
            hw=settings.hw,
        )
        places.setdefault((bus.port, settings.address), place)
    return list(places.values())


def _settings(device: DeviceEntry) -> BoardSettings | None:
    """Return the settings of a device that is a board; None of another."""
    found = driver_class(device.driver).Settings
    if not (isinstance(found, type) and issubclass(found, BoardSettings)):
        return None
    settings = make_settings(device.driver, found, device.settings)
    return settings if isinstance(settings, BoardSettings) else None


@contextlib.asynccontextmanager
async def opened(place: Place, *, signer: Signer | None = None) -> AsyncIterator[BoardClient]:
    """Open the line of a board for this alone; closed at the end."""
    bus = Bus(place.port, baudrate=place.baudrate, parity=place.parity, stopbits=place.stopbits)
    try:
        yield BoardClient(
            bus,
            address=place.address,
            timeout_s=place.timeout_s,
            attempt_count=place.attempt_count,
            signer=signer,
        )
    finally:
        await bus.close()


async def knock(client: BoardClient, place: Place) -> None:
    """See that the board is there, before anything is begun.

    Raises:
        NotThereError: It is not.
    """
    try:
        await client.identity()
    except DriverError as error:
        raise NotThereError(_why(client, place, error)) from error


def _why(client: BoardClient, place: Place, error: DriverError) -> str:
    problem = client.line.bus.problem
    if problem is None:
        where = f"on {place.port}" + (f" at address {place.address}" if place.address else "")
        if client.line.is_datagram:
            return f"no board answers {where}: is it powered, and on this network?"
        return (
            f"no board answers {where}: is it powered, and are port, address and baud rate"
            f" ({place.baudrate}) right?"
        )
    if "another program" not in problem:
        return problem
    users = ", ".join(f"{user.program} (process {user.pid})" for user in users_of(place.port))
    return (
        f"port {place.port} is used by {users or 'another program'}: if that is this site's node,"
        " update the board in the console, page Boards; otherwise end that program"
    )
