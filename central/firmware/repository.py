"""Images and boards in the database. Who changes them has taken its turn first."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, insert, select, update

from central.database import FIRMWARE_LOCK, Transaction
from central.firmware import board_book, rollout_rows
from central.firmware.board_book import Known
from central.firmware.rollout_rows import TOPIC, is_wanted_by
from central.firmware.schemas import ImageView
from central.firmware.tables import boards, firmware_images, rollouts
from config.board_image import BoardImage
from config.contract.events import BoardUpdateProgressed, Event

BOARD_COUNT_MAX: Final = 1_000
"""Of one node: what it tells of more is not kept, since all that is kept is read for each list."""
_IMAGES, _BOARDS, _ROLLOUTS = firmware_images.c, boards.c, rollouts.c


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else changes images, boards or roll-outs."""
    await transaction.take_turn(FIRMWARE_LOCK)


# ---- images


async def add_image(
    transaction: Transaction,
    image: BoardImage,
    content: bytes,
    *,
    name: str,
    uploaded_by: str,
    now: datetime,
) -> bool:
    """Keep a verified image; returns whether it is new. One that is kept stays as it is."""
    sha256 = image.sha256.hex()
    known = await transaction.execute(select(_IMAGES.sha256).where(_IMAGES.sha256 == sha256))
    if known.first() is not None:
        return False
    await transaction.execute(
        insert(firmware_images).values(
            sha256=sha256,
            name=name,
            version=str(image.version),
            hw=image.hw,
            security_counter=image.security_counter,
            image=image.hash.hex(),
            key_hash=(image.key_hash or b"").hex(),
            size_bytes=image.size_bytes,
            content=content,
            uploaded_by=uploaded_by,
            uploaded_at=now,
        )
    )
    transaction.announce(TOPIC)
    return True


async def images(transaction: Transaction) -> list[ImageView]:
    """Return all images, the newest first."""
    order = (_IMAGES.uploaded_at.desc(), _IMAGES.sha256)
    return [_view(row) for row in await transaction.execute(_listed().order_by(*order))]


async def image_of(transaction: Transaction, sha256: str) -> ImageView | None:
    """Return one image."""
    row = (await transaction.execute(_listed().where(_IMAGES.sha256 == sha256))).first()
    return None if row is None else _view(row)


def _listed() -> Select[Any]:
    columns = [column for column in _IMAGES if column is not _IMAGES.content]
    return select(*columns, _is_used().label("is_used"))


def _is_used() -> ColumnElement[bool]:
    return exists().where(_ROLLOUTS.image == _IMAGES.sha256, _ROLLOUTS.ended_at.is_(None))


def _view(row: Row[Any]) -> ImageView:
    return ImageView(**{name: getattr(row, name) for name in ImageView.model_fields})


async def remove_image(transaction: Transaction, sha256: str) -> None:
    """Delete an image."""
    await transaction.execute(delete(firmware_images).where(_IMAGES.sha256 == sha256))
    transaction.announce(TOPIC)


async def content_for(transaction: Transaction, sha256: str, *, node: str) -> bytes | None:
    """Return an image that a node is to put onto a board just now; None where it is not."""
    query = select(_IMAGES.content).where(
        _IMAGES.sha256 == sha256, is_wanted_by(node, image=sha256)
    )
    content: bytes | None = (await transaction.execute(query)).scalar_one_or_none()
    return content


# ---- boards


async def note_events(
    transaction: Transaction, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Note what a node tells of its boards and their updates, whatever comes late."""
    told = [(event, fact) for event in events if (fact := board_book.fact_of(event)) is not None]
    if not told:
        return
    await take_turn(transaction)
    before = await _known_of(transaction, node, {fact.device for _, fact in told})
    after = dict(before)
    for event, fact in sorted(told, key=lambda item: (item[0].time, item[0].sequence)):
        known = after.get(fact.device, Known())
        learnt = after[fact.device] = board_book.learnt(known, event, fact, now=now)
        # How far an update was is no news once it is further; its end is, whenever it is told.
        if learnt is not known or not isinstance(fact, BoardUpdateProgressed):
            await rollout_rows.note_fact(transaction, node, fact, now=now)
    room = BOARD_COUNT_MAX - await _board_count(transaction, node) if after.keys() - before else 0
    for device, known in after.items():
        if device not in before:
            room -= 1
            if room < 0:
                continue
            values = {"device": device, "node": node, "body": known.model_dump_json()}
            await transaction.execute(insert(boards).values(values))
        elif known is not before[device]:
            here = (_BOARDS.device == device, _BOARDS.node == node)
            body = known.model_dump_json()
            await transaction.execute(update(boards).where(*here).values(body=body))
    transaction.announce(TOPIC)


async def _board_count(transaction: Transaction, node: str) -> int:
    query = select(func.count()).select_from(boards).where(_BOARDS.node == node)
    return int((await transaction.execute(query)).scalar_one())


async def _known_of(
    transaction: Transaction, node: str, devices: Iterable[str]
) -> dict[str, Known]:
    query = select(boards).where(_BOARDS.node == node, _BOARDS.device.in_(list(devices)))
    rows = await transaction.execute(query)
    return {row.device: Known.model_validate_json(row.body) for row in rows}


async def known_boards(transaction: Transaction) -> Mapping[tuple[str, str], Known]:
    """Return what is known of boards, by device and node."""
    rows = await transaction.execute(select(boards))
    return {(row.device, row.node): Known.model_validate_json(row.body) for row in rows}
