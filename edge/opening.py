"""Parts of a node that its doors are opened with: fires, the link to other nodes, the time zone."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.site import Site, SiteError
from edge.access.doorkeeper import Doorkeeper
from edge.access.rulebook import RuleBook
from edge.fire.station import FireStation
from edge.fire.store import FireStore
from edge.identity import Identity
from edge.journal import Journal
from edge.link import neighbours
from edge.link.neighbours import Neighbours

_log = logging.getLogger("edge.app")


async def open_fire(
    whole: Site,
    node: str,
    doorkeeper: Doorkeeper,
    *,
    rules: RuleBook,
    journal: Journal,
    folder: Path,
    on_change: Callable[[], None],
    now: Callable[[], datetime],
) -> FireStation:
    """Return the node's part in fires, which knows what it knew; nothing is started yet.

    Args:
        whole: The site with all of its nodes.
        node: This one.
        doorkeeper: Releases points for a fire.
        rules: Say in which zones a point is.
        journal: Keeps what happens.
        folder: The node's state folder.
        on_change: Called when the node's status is another; quick.
        now: Aware UTC.
    """

    def zones_of(point: str) -> frozenset[str]:
        known = rules.compiled.known(point)
        return frozenset() if known is None else known.fire_zones

    for warning in whole.fire_warnings:
        _log.warning("site file: %s", warning)
    fire = FireStation(
        whole,
        node,
        recorder=journal,
        take=doorkeeper.take,
        zones_of=zones_of,
        store=FireStore(folder),
        now=now,
        on_change=on_change,
    )
    await asyncio.to_thread(fire.recall)
    return fire


def open_link(
    whole: Site,
    identity: Identity,
    doorkeeper: Doorkeeper,
    *,
    rules: RuleBook,
    fires: FireStation,
    on_beat: Callable[[Mapping[str, float | None]], None] = lambda _: None,
) -> Neighbours | None:
    """Return the link to the site's other nodes; None where the site file has none."""
    addresses = {n.id: n.link_address for n in whole.node if n.link_address is not None}
    own = addresses.get(identity.node)
    listener = None if own is None or len(addresses) < 2 else neighbours.listen(own)
    if listener is None:
        return None
    return Neighbours(
        site=identity.site,
        node=identity.node,
        key=identity.signing_key,
        listener=listener,
        addresses=addresses,
        doorkeeper=doorkeeper,
        rules=rules,
        fires=fires,
        on_beat=on_beat,
    )


def zone_of(site: Site) -> ZoneInfo:
    """Return the site's time zone.

    Raises:
        SiteError: This machine knows none of this name.
    """
    name = site.site.time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SiteError(f"site.time_zone is no time zone of this machine: {name!r}") from error
