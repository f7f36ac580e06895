"""Templates: encrypted before they reach the database, each under a key of its own."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, insert, select

from central.database import Transaction
from central.keys import KeyEncryptionKey
from central.tables import face_reviews, people, templates
from config.contract.identifiers import Frozen, new_id
from config.contract.trust import KEY_SIZE_BYTES, decrypt_template, encrypt_template
from models.face.types import Embedding

KEY_VERSION: Final = 1
DTYPE: Final = np.dtype("<f4")


class EncryptedTemplate(Frozen):
    """One template as it is kept. Attributes: network: that made it; others cannot compare it."""

    network: str
    ciphertext: str
    wrapped_key: str
    key_version: int


def key_purpose(holder_id: str) -> str:
    """Return what a template's wrapped key is bound to."""
    return f"template|{holder_id}"


def encrypted(
    kek: KeyEncryptionKey, template: Embedding, *, holder_id: str, network: str
) -> EncryptedTemplate:
    """Encrypt a template under a fresh key, bound to its holder."""
    key = secrets.token_bytes(KEY_SIZE_BYTES)
    raw = np.asarray(template, dtype=DTYPE).tobytes()
    return EncryptedTemplate(
        network=network,
        ciphertext=encrypt_template(key, raw, holder_id=holder_id, key_version=KEY_VERSION),
        wrapped_key=kek.wrap(key, purpose=key_purpose(holder_id)),
        key_version=KEY_VERSION,
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


async def others(
    transaction: Transaction, *, network: str, besides: str
) -> list[Mapping[str, Any]]:
    """Return the templates of everybody else that a network made."""
    query = select(templates).where(
        templates.c.network == network, templates.c.holder_id != besides
    )
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


async def replace(
    transaction: Transaction, holder_id: str, template: EncryptedTemplate, *, now: datetime
) -> None:
    """Make this the person's template; open questions about earlier pictures are void."""
    await remove(transaction, holder_id)
    await transaction.execute(
        insert(templates).values(
            **template.model_dump(),
            template_id=str(new_id()),
            holder_id=holder_id,
            created_at=now,
        )
    )


async def remove(transaction: Transaction, holder_id: str) -> bool:
    """Forget a person's face and what waits about it; returns whether there was a template."""
    await transaction.execute(delete(face_reviews).where(face_reviews.c.holder_id == holder_id))
    removed = await transaction.execute(
        delete(templates)
        .where(templates.c.holder_id == holder_id)
        .returning(templates.c.template_id)
    )
    return removed.first() is not None


async def is_there(transaction: Transaction, holder_id: str) -> bool:
    """Return whether a person is known and not removed."""
    query = select(people.c.holder_id).where(people.c.holder_id == holder_id, ~people.c.is_removed)
    return (await transaction.execute(query)).first() is not None
