"""Enrolment pictures that a site keeps, to make templates anew when its network changes.

Off unless the site file says ``keep_enrolment_pictures``. Kept is what templates are made of, the
face and a little around it: no background, no place and no time of the photograph. Each is
encrypted under a key of its own, bound to its holder. No node and no answer of the API holds one.
"""

import math
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import cv2
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, insert, select, update

from central.database import Transaction
from central.keys import KeyEncryptionKey, KeysError
from central.tables import enrolment_pictures
from config.contract.identifiers import new_id
from config.crypto.suite import NONCE_SIZE_BYTES
from models.face.types import Face, Image

KEY_VERSION: Final = 1
AROUND: Final = 1.0
"""Kept on each side of a face, in sizes of its box: another detector finds other boxes."""
FACE_PX_MAX: Final = 400
"""Larger faces are kept this large; every network's own input is smaller."""
JPEG_QUALITY: Final = 95


def cropped(image: Image, face: Face) -> bytes:
    """Return a JPEG of a face and what is around it.

    Args:
        image: Shape (height, width, 3), uint8, BGR.
        face: In pixels of the image.
    """
    box, (height, width) = face.box, image.shape[:2]
    left = max(0, math.floor(box.left - AROUND * box.width))
    top = max(0, math.floor(box.top - AROUND * box.height))
    right = min(width, math.ceil(box.right + AROUND * box.width))
    bottom = min(height, math.ceil(box.bottom + AROUND * box.height))
    part = image[top:bottom, left:right]
    scale = min(1.0, FACE_PX_MAX / max(box.width, box.height))
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


async def keep(
    transaction: Transaction,
    kek: KeyEncryptionKey,
    crops: Sequence[bytes],
    *,
    holder_id: str,
    review_id: str | None,
    now: datetime,
) -> None:
    """Keep pictures of one person, encrypted; with a review until a second person has looked."""
    rows = [
        {
            **_encrypted(kek, crop, holder_id=holder_id),
            "picture_id": str(new_id()),
            "holder_id": holder_id,
            "review_id": review_id,
            "created_at": now,
        }
        for crop in crops
    ]
    await transaction.execute_many(insert(enrolment_pictures), rows)


async def of_holder(transaction: Transaction, holder_id: str) -> list[Mapping[str, Any]]:
    """Return the pictures of a person's template, as they lie in the database, oldest first."""
    query = (
        select(enrolment_pictures)
        .where(
            enrolment_pictures.c.holder_id == holder_id, enrolment_pictures.c.review_id.is_(None)
        )
        .order_by(enrolment_pictures.c.picture_id)
    )
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


async def holders(transaction: Transaction) -> set[str]:
    """Return who has pictures kept of the template in force."""
    query = (
        select(enrolment_pictures.c.holder_id)
        .distinct()
        .where(enrolment_pictures.c.review_id.is_(None))
    )
    return set((await transaction.execute(query)).scalars())


async def of_review(transaction: Transaction, review_id: str) -> list[Mapping[str, Any]]:
    """Return the pictures that wait with a review, as they lie in the database."""
    query = select(enrolment_pictures).where(enrolment_pictures.c.review_id == review_id)
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


async def put_back(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make pictures that waited those of the person's template."""
    await transaction.execute_many(
        insert(enrolment_pictures), [{**row, "review_id": None} for row in rows]
    )


async def mark_failed(transaction: Transaction, holder_id: str, *, network: str) -> None:
    """Note that a network finds no face in a person's pictures: it is not asked again."""
    await transaction.execute(
        update(enrolment_pictures)
        .where(
            enrolment_pictures.c.holder_id == holder_id, enrolment_pictures.c.review_id.is_(None)
        )
        .values(failed_network=network)
    )


async def forget_failures(transaction: Transaction) -> None:
    """Let every picture be tried again."""
    await transaction.execute(update(enrolment_pictures).values(failed_network=None))


async def remove_all(transaction: Transaction) -> int:
    """Delete every picture that is kept; returns how many there were."""
    removed = await transaction.execute(
        delete(enrolment_pictures).returning(enrolment_pictures.c.picture_id)
    )
    return len(removed.all())


def decrypted(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> bytes:
    """Return a picture.

    Raises:
        KeysError: The key, the holder or the key version is another, or it is damaged.
    """
    holder_id, raw = str(row["holder_id"]), bytes(row["ciphertext"])
    key = kek.unwrap(row["wrapped_key"], purpose=_purpose(holder_id))
    nonce, ciphertext = raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:]
    try:
        return kek.suite.cipher(key).decrypt(
            nonce, ciphertext, _context(holder_id, row["key_version"])
        )
    except (InvalidTag, ValueError) as error:
        raise KeysError("a kept picture belongs to another record, or is damaged") from error


def renewed(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a picture that is encrypted anew, under a fresh key.

    Raises:
        KeysError: See ``decrypted``.
    """
    return _encrypted(kek, decrypted(kek, row), holder_id=str(row["holder_id"]))


def _encrypted(kek: KeyEncryptionKey, picture: bytes, *, holder_id: str) -> dict[str, Any]:
    key, nonce = secrets.token_bytes(kek.suite.cipher_key_size_bytes), os.urandom(NONCE_SIZE_BYTES)
    context = _context(holder_id, KEY_VERSION)
    return {
        "ciphertext": nonce + kek.suite.cipher(key).encrypt(nonce, picture, context),
        "wrapped_key": kek.wrap(key, purpose=_purpose(holder_id)),
        "key_version": KEY_VERSION,
    }


def _purpose(holder_id: str) -> str:
    return f"enrolment picture|{holder_id}"


def _context(holder_id: str, key_version: int) -> bytes:
    return f"menshen enrolment picture v1|{holder_id}|{key_version}".encode()
