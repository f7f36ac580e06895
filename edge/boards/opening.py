"""The boards of a node, put together with its journal, its keys and what goes before an update."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.money import CanteenPlan
from config.crypto.international import INTERNATIONAL
from config.crypto.keys import SigningKey
from config.crypto.suites import suite_of
from config.site import Site
from edge.access.doorkeeper import Doorkeeper
from edge.boards.doubts import doubts, is_board
from edge.boards.images import Images
from edge.boards.records import Records
from edge.boards.station import BoardStation
from edge.boards.store import UpdatesStore
from edge.central_client import CentralClient
from edge.fire.station import FireStation
from edge.identity import Identity
from edge.journal import Journal
from edge.opening import zone_of
from firmware_bridge.signing import KeySigner

_log = logging.getLogger("edge.boards")

FILE: Final = "boards.sqlite3"
IMAGES: Final = "board-images"
_BOARD_KEY: Final = b"menshen board key v1"


def open_boards(
    whole: Site,
    identity: Identity,
    *,
    key: SigningKey,
    central: CentralClient,
    journal: Journal,
    fire: FireStation,
    doorkeeper: Doorkeeper,
    plan: Callable[[], CanteenPlan | None],
    folder: Path,
    now: Callable[[], datetime],
) -> BoardStation:
    """Return what tends the boards of a node; nothing is opened yet.

    Args:
        whole: The site with all of its nodes.
        identity: Of this node.
        key: With which its boards were claimed; it is never locked.
        central: Has the images.
        journal: Keeps what happens.
        fire: Knows of fires.
        doorkeeper: Knows of lockdowns.
        plan: Of the canteen.
        folder: The node's state folder.
        now: Wall clock, aware UTC.

    Raises:
        SiteError: The site's time zone is none.
    """

    def has_fire() -> bool:
        return bool(fire.book.released()) or any(each.is_active for each in fire.book.fires)

    for doubt in _doubts(whole, identity.node):
        _log.warning("site file: %s", doubt)
    return BoardStation(
        whole.for_node(identity.node),
        signer=KeySigner(_key_for_boards(key)),
        records=Records(UpdatesStore(folder / FILE), journal, now=now),
        images=Images(central, folder / IMAGES),
        recorder=journal,
        boards_elsewhere=boards_by_node(whole),
        has_fire=has_fire,
        is_locked_down=lambda: bool(doorkeeper.world.state.lockdowns),
        plan=plan,
        zone=zone_of(whole),
        now=now,
    )


def _key_for_boards(key: SigningKey) -> Ed25519PrivateKey:
    """Return what signs for boards: they verify Ed25519 alone, whatever the site's suite is."""
    suite, secret = suite_of(key), key.private_bytes_raw()
    if suite is not INTERNATIONAL:
        secret = suite.derive(secret, salt=None, info=_BOARD_KEY, size_bytes=len(secret))
    return INTERNATIONAL.signing_key(secret)


def boards_by_node(site: Site) -> Mapping[str, tuple[str, ...]]:
    """Return the devices that have a safe state, by node."""
    nodes = {bus.id: bus.node for bus in site.bus}
    found: dict[str, tuple[str, ...]] = {}
    for device in site.device:
        if is_board(device.driver):
            node = nodes[device.bus]
            found[node] = (*found.get(node, ()), device.id)
    return found


def _doubts(site: Site, node: str) -> list[str]:
    """Return what may not be wanted; of wrong settings whoever uses them says more."""
    try:
        return [doubt.message for doubt in doubts(site, node=node)]
    except ValueError:
        return []
