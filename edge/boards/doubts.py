"""What the site file says of controller boards that works as written and may not be wanted."""

import dataclasses
from collections.abc import Iterator

from config.site import DeviceEntry, Site
from drivers.base import HeartbeatKept
from drivers.registry import driver_class, make_settings

NONE = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Doubt:
    """One of them. Attributes: message: one line. advice: what to do."""

    message: str
    advice: str


def is_board(driver: str) -> bool:
    """Return whether devices of a driver have a safe state; of one that is not known, no."""
    try:
        return hasattr(driver_class(driver), HeartbeatKept.heartbeat.__name__)
    except ValueError:
        return False


def doubts(site: Site, *, node: str = "") -> Iterator[Doubt]:
    """Yield what may not be wanted.

    Args:
        site: The whole site.
        node: Whose boards are looked at; empty is all.

    Raises:
        ValueError: A board's settings are wrong.
    """
    buses = {bus.id for bus in site.bus if node in ("", bus.node)}
    boards = [each for each in site.device if each.bus in buses and is_board(each.driver)]
    if not boards:
        return
    if not site.boards.keys:
        yield Doubt(
            "no controller board takes an image: nobody's are taken here",
            "put the public key of whoever signs them into [boards] keys",
        )
    if not site.boards.claims and site.boards.hold_s > 0:
        yield Doubt(
            "boards that nobody has claimed do not wait for a node that restarts as planned",
            "set [boards] claims = true, or claim them by hand",
        )
    if len(site.node) > 1 and any(each.link is None for each in site.node):
        yield Doubt(
            "no node hears that another one, whose boards are in their safe state, is gone",
            "give every [[node]] a link",
        )
    for device in boards:
        yield from _of_board(device, site)


def _of_board(device: DeviceEntry, site: Site) -> Iterator[Doubt]:
    where = f"board {device.id}"
    settings = make_settings(device.driver, driver_class(device.driver).Settings, device.settings)
    watchdog_s = getattr(settings, "watchdog_s", None)
    if watchdog_s == 0:
        yield Doubt(
            f"{where} never goes into its safe state, whatever becomes of its node",
            "set its watchdog_s, 0.5..60",
        )
    elif watchdog_s is not None and watchdog_s >= site.boards.hold_s > 0:
        yield Doubt(
            f"{where} waits for {watchdog_s:g} s anyhow, a planned restart is given no more",
            "set [boards] hold_s above its watchdog_s",
        )
    # A unit whose answer was lost is left alone for twice its time-out.
    rare_s = getattr(settings, "beat_s", 0.0) + 2 * getattr(settings, "timeout_s", 0.0)
    if watchdog_s and watchdog_s <= rare_s:
        yield Doubt(
            f"{where} goes into its safe state as soon as one answer of it is lost",
            f"set its watchdog_s above {rare_s:g} s, or its timeout_s lower",
        )
    if getattr(settings, "fire_input", NONE) != NONE and not any(
        entry.device == device.id for entry in site.fire_input
    ):
        yield Doubt(
            f"a fire at the input of {where} is told, and releases nothing but its own outputs",
            "name it as the device of a [[fire_input]]",
        )
    outputs = {o.channel for z in site.fire_zone for o in z.outputs if o.device == device.id}
    by_itself = {*getattr(settings, "fire_on", ()), *getattr(settings, "fire_off", ())}
    if alone := sorted(by_itself - outputs):
        yield Doubt(
            f"{where} switches output {', '.join(map(str, alone))} for a fire at its own input, and"
            " for no fire of the site",
            "name it among the outputs of a fire_zone",
        )
