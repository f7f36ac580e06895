"""Commands about cameras: made here, with permissions of their own, and never as bare commands."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from central.commands import repository as commands
from central.database import Transaction
from config.cameras import covering
from config.contract.commands import LIFETIME, NodeCommand
from config.contract.events import Event
from config.contract.identifiers import new_id
from config.contract.video_commands import KeepClip, VideoCommand
from config.pictures_wanted import Scene
from config.site import Site

CENTRAL: Final = "central"
"""Who asks where no operator does."""
FRESH: Final = timedelta(seconds=20)
"""What a camera remembers; older facts are history."""
ASKED_MAX: Final = 20
"""Clips that one batch of facts asks other nodes for: a flood is told by its first ones."""


async def ask(
    transaction: Transaction,
    node: str,
    what: VideoCommand,
    *,
    asked_by: str,
    username: str,
    reason: str,
    now: datetime,
    command_id: UUID | None = None,
) -> None:
    """Have a node do something about a camera."""
    command = NodeCommand(
        id=command_id or new_id(),
        node=node,
        what=what,
        asked_by=asked_by,
        reason=reason,
        issued_at=now,
        expires_at=now + LIFETIME,
    )
    await commands.add(transaction, command, username=username)


async def ask_other_nodes(
    transaction: Transaction, site: Site, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Have cameras of other nodes keep what they saw of a node's facts; asked once for each.

    The node's own cameras have done so already, without central.
    """
    if all(camera.node == node for camera in site.camera):
        return
    scene, asked = Scene(site), set[str]()
    for event in events:
        subjects = scene.subjects(event)
        if not subjects or abs(now - event.time) > FRESH:
            continue
        for camera in covering(site.camera, site.access_point, subjects):
            if camera.node == node or camera.clips == "off" or camera.id in asked:
                continue
            command_id = uuid5(event.id, camera.id)
            if len(asked) >= ASKED_MAX or await commands.find(transaction, command_id):
                continue
            asked.add(camera.id)
            what = KeepClip(
                camera=camera.id,
                clip_id=uuid5(command_id, CENTRAL),
                at=event.time,
                before_s=site.video.before_s,
                after_s=site.video.after_s,
                about=event.id,
                subjects=subjects[:8],
            )
            await ask(
                transaction,
                camera.node,
                what,
                asked_by=CENTRAL,
                username=CENTRAL,
                reason=event.type,
                now=now,
                command_id=command_id,
            )
