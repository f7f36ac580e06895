"""Where things stand, as the site file says: what begins together in one room may have one cause.

Central keeps it in the database at its start, since alarms are raised by parts that know no site.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import insert, select, update

from central.alarms.sources import Key
from central.alarms.tables import alarm_settings
from central.database import Transaction
from config.site import Site
from config.site_fire import FireInputEntry

_NAME: Final = "rooms"
PLACE_LENGTH_MAX: Final = 80


class Rooms(BaseModel):
    """Where things stand.

    Attributes:
        of: By kind of subject and identifier: the ``zone`` of the site file.
        points: Which points of panels belong to which fire zone.
    """

    model_config = ConfigDict(frozen=True)

    of: dict[str, dict[str, str]] = {}
    points: tuple[FireInputEntry, ...] = ()

    def place(self, key: Key) -> str:
        """Return where a source is: its room or fire zone, or the terminal that tells of it."""
        if key.subject_kind == "zone":
            return f"fire:{key.subject_id}"[:PLACE_LENGTH_MAX]
        device, _, point = key.subject_id.partition("/")
        if point:
            # A panel hangs at the entrance; its points are all over the building.
            zones = [each.zone for each in self.points if each.has(device, point)]
            return f"fire:{zones[0]}"[:PLACE_LENGTH_MAX] if zones else terminal(key.node)
        room = self.of.get(key.subject_kind, {}).get(key.subject_id)
        return f"room:{room}"[:PLACE_LENGTH_MAX] if room else terminal(key.node)


def terminal(node: str | None) -> str:
    """Return the place of what stands in no room: its terminal, or central."""
    return node or "central"


def rooms_of(site: Site) -> Rooms:
    """Return where the things of a site stand; an access point is where its gate is."""
    devices = {each.id: each.zone for each in site.device}
    found = {
        "device": devices | {each.id: devices.get(each.device, "") for each in site.panic_button},
        "access_point": {each.id: devices.get(each.device, "") for each in site.access_point},
        "camera": {each.id: each.zone for each in site.camera},
        "checkpoint": {each.id: each.zone for each in site.checkpoint},
    }
    named = {
        kind: {name: room for name, room in rooms.items() if room} for kind, rooms in found.items()
    }
    return Rooms(of=named, points=site.fire_input)


async def kept_rooms(transaction: Transaction) -> Rooms:
    """Return where things stand, as central last started with it."""
    query = select(alarm_settings.c.body).where(alarm_settings.c.name == _NAME)
    body: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return Rooms() if body is None else Rooms.model_validate_json(body)


async def keep_rooms(transaction: Transaction, rooms: Rooms) -> None:
    """Keep where things stand."""
    body = rooms.model_dump_json()
    changed = await transaction.execute(
        update(alarm_settings)
        .where(alarm_settings.c.name == _NAME)
        .values(body=body)
        .returning(alarm_settings.c.name)
    )
    if changed.first() is None:
        await transaction.execute(insert(alarm_settings).values(name=_NAME, body=body))
