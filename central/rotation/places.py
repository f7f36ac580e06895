"""Where wrapped keys and secrets lie in the database, and how each is made anew.

Records get a fresh key of their own with it, so that a key which somebody has seen opens nothing
that is kept from now on. Secrets of the site stay what they are and are wrapped anew.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, and_, func, not_, select, update

from central.alarms import channels
from central.alarms.tables import alarm_settings
from central.connectors.repository import purpose as connector_purpose
from central.connectors.tables import connectors
from central.database import FACES_LOCK, Transaction
from central.integrations import subscriptions
from central.integrations.tables import webhooks
from central.keys import KeyEncryptionKey, KeysError
from central.nodes.repository import release_purpose
from central.oidc.repository import SECRET_PURPOSE
from central.operator_tables import identity_providers
from central.people import pictures, templates
from central.tables import enrolment_pictures, face_reviews, nodes, site_values
from central.tables import templates as templates_table

SECRETS: Final = ("central-key", "card-key", "authority", "operators-key", "orders-key")
"""Values of the site that are wrapped (``central.keys.kept_secret``)."""
Renew = Callable[[KeyEncryptionKey, Mapping[str, Any]], dict[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One column.

    Attributes:
        key: Of the table's rows.
        wrapped: The column that begins with the mark of the key that wrapped it.
        renew: Returns the columns of a row, made anew.
        condition: Which rows it is about.
    """

    name: str
    key: Column[Any]
    wrapped: Column[Any]
    renew: Renew
    condition: ColumnElement[bool] | None = None

    @property
    def table(self) -> Table:
        """Where it lies."""
        table: Table = self.key.table
        return table


def _secret(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    name = str(row["name"])
    return {"value": kek.wrap(kek.unwrap(row["value"], purpose=name), purpose=name)}


def _release_key(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    purpose = release_purpose(str(row["node"]))
    return {
        "release_key": kek.wrap(kek.unwrap(row["release_key"], purpose=purpose), purpose=purpose)
    }


def _channel_secret(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    bound = channels.purpose(str(row["name"]))
    return {"secret": kek.wrap(kek.unwrap(row["secret"], purpose=bound), purpose=bound)}


def _connector_secret(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    bound = connector_purpose(str(row["name"]))
    return {"secret": kek.wrap(kek.unwrap(row["secret"], purpose=bound), purpose=bound)}


def _provider_secret(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    opened = kek.unwrap(row["secret"], purpose=SECRET_PURPOSE)
    return {"secret": kek.wrap(opened, purpose=SECRET_PURPOSE)}


def _webhook_secret(kek: KeyEncryptionKey, row: Mapping[str, Any]) -> dict[str, Any]:
    bound = subscriptions.purpose(str(row["webhook_id"]))
    return {"secret": kek.wrap(kek.unwrap(row["secret"], purpose=bound), purpose=bound)}


PLACES: Final = (
    Place(
        "templates", templates_table.c.template_id, templates_table.c.wrapped_key, templates.renewed
    ),
    Place("face_reviews", face_reviews.c.review_id, face_reviews.c.wrapped_key, templates.renewed),
    Place(
        "enrolment_pictures",
        enrolment_pictures.c.picture_id,
        enrolment_pictures.c.wrapped_key,
        pictures.renewed,
    ),
    Place(
        "release_keys",
        nodes.c.node,
        nodes.c.release_key,
        _release_key,
        nodes.c.release_key.is_not(None),
    ),
    Place(
        "alarm_channels",
        alarm_settings.c.name,
        alarm_settings.c.secret,
        _channel_secret,
        alarm_settings.c.secret.is_not(None),
    ),
    Place("webhooks", webhooks.c.webhook_id, webhooks.c.secret, _webhook_secret),
    Place(
        "connectors",
        connectors.c.name,
        connectors.c.secret,
        _connector_secret,
        connectors.c.secret.is_not(None),
    ),
    Place(
        "identity_providers",
        identity_providers.c.name,
        identity_providers.c.secret,
        _provider_secret,
        identity_providers.c.secret.is_not(None),
    ),
    Place(
        "secrets", site_values.c.name, site_values.c.value, _secret, site_values.c.name.in_(SECRETS)
    ),
)


def _old(place: Place, mark: str) -> ColumnElement[bool]:
    here = not_(place.wrapped.startswith(mark, autoescape=True))
    return here if place.condition is None else and_(place.condition, here)


async def old_count(transaction: Transaction, place: Place, mark: str) -> int:
    """Return how many are not wrapped by the key of a mark."""
    query = select(func.count()).select_from(place.table).where(_old(place, mark))
    return int((await transaction.execute(query)).scalar_one())


async def total_count(transaction: Transaction, place: Place) -> int:
    """Return how many there are."""
    query = select(func.count()).select_from(place.table)
    if place.condition is not None:
        query = query.where(place.condition)
    return int((await transaction.execute(query)).scalar_one())


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """What was done. Attributes: unreadable: keys of rows that no key opens. is_last: no more."""

    count: int
    unreadable: tuple[str, ...]
    is_last: bool


async def renew_batch(
    transaction: Transaction,
    place: Place,
    kek: KeyEncryptionKey,
    *,
    limit: int,
    besides: frozenset[str] = frozenset(),
) -> Batch:
    """Make some rows anew; ``besides`` are known to be unreadable and are passed over."""
    await transaction.take_turn(FACES_LOCK)
    query = select(place.table).where(_old(place, kek.mark), place.key.not_in(besides or {""}))
    rows = (await transaction.execute(query.order_by(place.key).limit(limit))).mappings().all()
    unreadable = list[str]()
    for row in rows:
        try:
            values = place.renew(kek, dict(row))
        except KeysError:
            unreadable.append(str(row[place.key.name]))
            continue
        same = and_(place.key == row[place.key.name], place.wrapped == row[place.wrapped.name])
        await transaction.execute(update(place.table).where(same).values(**values))
    return Batch(len(rows) - len(unreadable), tuple(unreadable), len(rows) < limit)
