"""A door command that came over a broker becomes an operator's ordinary one, or nothing.

Off until an operator who may send commands has named the access points; the command is theirs, and
ends with their right to it. What is retained, old, repeated too often or of another form is left
undone: a broker repeats what it keeps to whoever comes next.
"""

import json
import logging
import time
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from central.audit.notes import Note
from central.commands import repository
from central.connectors.settings import DoorGrant
from central.database import Transaction
from central.operator_tables import users
from central.roles import ROLES
from central.security import RateLimit
from central.services import Services
from config.contract.commands import LIFETIME, NodeCommand, OpenOnce
from config.contract.identifiers import new_id

_log = logging.getLogger("central.mqtt")
PRESS: Final = b"PRESS"
AGE_MAX: Final = timedelta(seconds=10)
SIZE_BYTES_MAX: Final = 200
COUNT: Final = 6
WINDOW_S: Final = 60.0
REASON: Final = "MQTT"


def is_fresh(payload: bytes, *, is_retained: bool, now: datetime) -> bool:
    """Return whether a message is a command of now.

    Args:
        payload: ``PRESS``, or ``{"command": "open", "at": ISO 8601}``, which is old after 10 s.
        is_retained: The broker kept it: then it is nobody's wish of now.
        now: Aware UTC.
    """
    if is_retained or len(payload) > SIZE_BYTES_MAX:
        return False
    if payload == PRESS:
        return True
    try:
        said = json.loads(payload)
        at = datetime.fromisoformat(said["at"])
        return bool(said["command"] == "open" and abs(now - at) <= AGE_MAX)
    except (ValueError, TypeError, KeyError):
        return False


class DoorCommands:
    """Takes commands of one connection."""

    def __init__(self, services: Services, doors: DoorGrant) -> None:
        """Take those for the access points of ``doors``."""
        self._services, self._doors = services, doors
        self._limit = RateLimit(count=COUNT, window_s=WINDOW_S)

    async def take(self, access_point: str, payload: bytes, *, is_retained: bool) -> bool:
        """Take a message; returns whether it became a command."""
        now = self._services.now()
        if access_point not in self._doors.access_points:
            return False
        if not is_fresh(payload, is_retained=is_retained, now=now):
            _log.warning("a command for %s is old, retained or of another form", access_point)
            return False
        if self._limit.take(access_point, now_s=time.monotonic()):
            _log.warning("more commands for %s than are taken", access_point)
            return False
        async with self._services.database.write() as transaction:
            return await self._send(transaction, access_point, now=now)

    async def _send(self, transaction: Transaction, access_point: str, *, now: datetime) -> bool:
        points = {point.id: point.node for point in self._services.settings.site.access_point}
        query = select(users).where(users.c.user_id == self._doors.user_id)
        user = (await transaction.execute(query)).first()
        may = (
            user is not None
            and user.deactivated_at is None
            and "commands.send" in ROLES.get(user.role, frozenset())
        )
        if user is None or not may or access_point not in points:
            _log.warning("nobody may command %s in whose name it was allowed", access_point)
            return False
        command = NodeCommand(
            id=new_id(),
            node=points[access_point],
            what=OpenOnce(access_point=access_point),
            asked_by=user.user_id,
            reason=REASON,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        await repository.add(transaction, command, username=user.username)
        transaction.note(
            Note(
                actor=f"user:{user.user_id}",
                action="mqtt_command",
                objects=(f"command:{command.id}", f"access_point:{access_point}"),
            )
        )
        return True
