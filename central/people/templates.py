"""Templates: encrypted before they reach the database, each under a key of its own.

A person has one template for each network: one as a rule, two while the site changes its network.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, exists, func, insert, select

from central.consent.tables import terminal_faces
from central.database import FACES_LOCK, Transaction
from central.keys import KeyEncryptionKey, KeysError
from central.tables import enrolment_pictures, face_reviews, templates
from config.contract.identifiers import Frozen, new_id
from config.contract.trust import (
    TrustError,
    decrypt_template,
    encrypt_template,
)
from models.face.types import Embedding

KEY_VERSION: Final = 1
DTYPE: Final = np.dtype("<f4")
PICTURES_UNCOUNTED: Final = 2
"""What a gate is told of a template whose pictures nobody counted: the stricter of each kind."""


class EncryptedTemplate(Frozen):
    """One template as it is kept.

    Attributes:
        network: That made it; others cannot compare it.
        picture_count: Pictures whose mean it is; None where nobody counted.
    """

    network: str
    ciphertext: str
    wrapped_key: str
    key_version: int
    picture_count: int | None


def key_purpose(holder_id: str) -> str:
    """Return what a template's wrapped key is bound to."""
    return f"template|{holder_id}"


def encrypted(
    kek: KeyEncryptionKey,
    template: Embedding,
    *,
    holder_id: str,
    network: str,
    picture_count: int,
) -> EncryptedTemplate:
    """Encrypt a template under a fresh key, bound to its holder."""
    key = secrets.token_bytes(kek.suite.cipher_key_size_bytes)
    raw = np.asarray(template, dtype=DTYPE).tobytes()
    return EncryptedTemplate(
        network=network,
        ciphertext=encrypt_template(
            key, raw, holder_id=holder_id, key_version=KEY_VERSION, suite=kek.suite
        ),
        wrapped_key=kek.wrap(key, purpose=key_purpose(holder_id)),
        key_version=KEY_VERSION,
        picture_count=picture_count,
    )


def decrypted(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> Embedding:
    """Return a template, shape (dimension,), float32."""
    holder_id = str(row["holder_id"])
    raw = decrypt_template(
        kek.unwrap(row["wrapped_key"], purpose=key_purpose(holder_id)),
        row["ciphertext"],
        holder_id=holder_id,
        key_version=row["key_version"],
    )
    return np.frombuffer(raw, dtype=DTYPE).astype(np.float32)


def renewed(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a template that is encrypted anew, under a fresh key.

    Raises:
        KeysError: It cannot be opened.
    """
    holder_id = str(row["holder_id"])
    try:
        fresh = encrypted(
            kek, decrypted(kek, row), holder_id=holder_id, network=row["network"], picture_count=1
        )
    except TrustError as error:
        raise KeysError("a template belongs to another record, or is damaged") from error
    return {name: getattr(fresh, name) for name in ("ciphertext", "wrapped_key", "key_version")}


def counted(picture_count: int | None) -> int:
    """Return of how many pictures a template is to be taken to be."""
    return PICTURES_UNCOUNTED if picture_count is None else picture_count


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else changes a face, and before anything of the person is looked at.

    Else a template could be added to a person who is being removed.
    """
    await transaction.take_turn(FACES_LOCK)


async def others(
    transaction: Transaction, *, network: str, besides: str
) -> list[Mapping[str, Any]]:
    """Return the templates of everybody else that a network made."""
    query = select(templates).where(
        templates.c.network == network, templates.c.holder_id != besides
    )
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


async def count_of_others(transaction: Transaction, *, network: str, besides: str) -> int:
    """Return how many other people have templates, but none that a network made."""
    made = templates.alias()
    has_one = exists().where(made.c.holder_id == templates.c.holder_id, made.c.network == network)
    query = select(func.count(templates.c.holder_id.distinct())).where(
        templates.c.holder_id != besides, ~has_one
    )
    return int((await transaction.execute(query)).scalar_one())


async def replace(
    transaction: Transaction, holder_id: str, template: EncryptedTemplate, *, now: datetime
) -> str:
    """Make this the person's only template; open questions and pictures of earlier ones go.

    Returns:
        Its identifier.
    """
    await remove(transaction, holder_id)
    return await add(transaction, holder_id, template, now=now)


async def add(
    transaction: Transaction, holder_id: str, template: EncryptedTemplate, *, now: datetime
) -> str:
    """Give a person a template of a network that had made none of this person; returns its id."""
    template_id = str(new_id())
    await transaction.execute(
        insert(templates).values(
            **template.model_dump(),
            template_id=template_id,
            holder_id=holder_id,
            created_at=now,
        )
    )
    return template_id


async def remove(transaction: Transaction, holder_id: str) -> bool:
    """Forget a person's face and what waits about it; returns whether there was a template."""
    for table in (enrolment_pictures, face_reviews, terminal_faces):
        await transaction.execute(delete(table).where(table.c.holder_id == holder_id))
    removed = await transaction.execute(
        delete(templates)
        .where(templates.c.holder_id == holder_id)
        .returning(templates.c.template_id)
    )
    return removed.first() is not None
