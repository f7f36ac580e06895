"""``menshen device swap``: a new piece of hardware takes the place of a broken one."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from config.site import BusEntry, DeviceEntry, SiteError, load_site
from drivers.base import AddressChangeable, Closeable, Driver, DriverError, Observation
from drivers.bus import Bus
from drivers.registry import create, driver_class, make_settings

ADDRESS: Final = "unit_id"

SiteFile = Annotated[Path, typer.Argument(help="The site file.")]
DeviceId = Annotated[str, typer.Argument(help="The place: a device's id in the site file.")]
Factory = Annotated[
    int | None,
    typer.Option("--from", min=1, max=247, help="The address that the new device has now."),
]
PortHere = Annotated[
    str, typer.Option("--port", help="Where the line is plugged in here, if not as in the file.")
]


def swap(
    site: SiteFile, device: DeviceId, *, factory_address: Factory = None, port: PortHere = ""
) -> None:
    """Give a new device the address and settings of the one that it replaces, and try it.

    The place keeps its id, and so its history.
    """
    try:
        entry, line = _place(site, device)
        bus = Bus(
            port or line.port,
            baudrate=line.baudrate,
            parity=line.parity,
            stopbits=line.stopbits,
            reply_time_s_max=line.reply_time_s_max,
        )
        found = asyncio.run(_swap(bus, entry, factory_address))
    except (SiteError, ValueError, DriverError) as error:
        raise typer.TyperException(str(error)) from error
    typer.echo(f"{device}: the new {entry.driver} answers and is set up")
    for observation in found:
        typer.echo(f"    {observation}")
    typer.echo(f"{device} keeps its id and its history; nothing else is to be done")


def _place(path: Path, device: str) -> tuple[DeviceEntry, BusEntry]:
    site = load_site(path)
    entry = next((one for one in site.device if one.id == device), None)
    if entry is None:
        known = ", ".join(one.id for one in site.device)
        raise ValueError(f"{path} has no device {device!r}; there are: {known}")
    return entry, next(line for line in site.bus if line.id == entry.bus)


async def _swap(bus: Bus, entry: DeviceEntry, factory_address: int | None) -> list[Observation]:
    try:
        if factory_address is not None:
            await _readdress(bus, entry, factory_address)
        return await _tried(create(entry.driver, bus, entry.settings))
    finally:
        await bus.close()


async def _readdress(bus: Bus, entry: DeviceEntry, factory_address: int) -> None:
    wanted = _address(entry)
    if wanted == factory_address:
        return
    settings: dict[str, Any] = {**entry.settings, ADDRESS: factory_address}
    replacement = create(entry.driver, bus, settings)
    if not isinstance(replacement, AddressChangeable):
        raise ValueError(
            f"the address of a {entry.driver} is set on the device itself: set it to {wanted},"
            " then run this again without --from"
        )
    try:
        if await _is_there(create(entry.driver, bus, entry.settings)):
            raise ValueError(f"somebody answers at address {wanted} already: unplug the old device")
        await replacement.change_address(wanted)
    finally:
        await _close(replacement)


def _address(entry: DeviceEntry) -> int:
    settings = make_settings(entry.driver, driver_class(entry.driver).Settings, entry.settings)
    wanted = getattr(settings, ADDRESS, None)
    if not isinstance(wanted, int):
        raise ValueError(f"a {entry.driver} has no address: run this without --from")
    return wanted


async def _is_there(driver: Driver) -> bool:
    try:
        await driver.poll()
    except DriverError:
        return False
    finally:
        await _close(driver)
    return True


async def _tried(driver: Driver) -> list[Observation]:
    try:
        await driver.start()
        return list(await driver.poll())
    finally:
        await _close(driver)


async def _close(driver: Driver) -> None:
    if isinstance(driver, Closeable):
        await driver.close()
