"""What is demanded of a face at each access point, as the nodes compute it."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import String, cast, func, select

from central.database import Transaction
from central.people.templates import counted
from central.recognition import pairs, repository
from central.tables import people, templates
from config.site import Recognition, Site
from models.face.calibration import SitePairs
from models.face.demand import (
    PICTURES_MIXED,
    network_in_force,
    operating_point_for,
    pictures_of,
)
from models.face.operating_point import OperatingPoint

Allowed = Collection[str] | None
"""Access points where somebody may pass; None means everywhere."""


@dataclasses.dataclass(frozen=True, slots=True)
class Thresholds:
    """The operating points of a site at one moment.

    Attributes:
        sizes: People searched, by access point with a camera.
        gallery_size: People with a template of the network in force.
        pairs: The site's own, of that network.
        pictures: Enrolled of everybody, as nodes take it.
    """

    recognition: Recognition
    sizes: Mapping[str, int]
    gallery_size: int
    pairs: SitePairs | None = None
    pictures: int = PICTURES_MIXED
    _points: dict[int, OperatingPoint] = dataclasses.field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def at(self, access_point: str) -> OperatingPoint:
        """Return what is demanded at an access point with a camera."""
        return self._for(self.sizes[access_point])

    @property
    def whole(self) -> OperatingPoint:
        """What would be demanded where everybody is searched."""
        return self._for(self.gallery_size)

    def size_for(self, allowed: Allowed) -> int:
        """Return how many are searched where somebody may pass: the fewest, so the least demand."""
        sizes = [size for point, size in self.sizes.items() if _may(allowed, point)]
        return min(sizes, default=self.gallery_size)

    def accept_between(self, one: Allowed, other: Allowed) -> float:
        """Return the lowest similarity at which somewhere one person is taken for another.

        Args:
            one: Where one of them may pass. Whoever may not is not searched there, but may be
                taken for somebody who is.
            other: Where the other may.
        """
        return min(self._for(self.size_for(allowed)).accept for allowed in (one, other))

    def _for(self, size: int) -> OperatingPoint:
        if size not in self._points:
            self._points[size] = operating_point_for(
                self.recognition, size, pairs=self.pairs, pictures=self.pictures
            )
        return self._points[size]


async def thresholds_now(transaction: Transaction, site: Site) -> Thresholds:
    """Return the thresholds in force."""
    network = network_in_force(site.recognition)
    groups = await _groups(transaction, network)
    last = await repository.last_done(transaction)
    return Thresholds(
        recognition=site.recognition,
        sizes={
            point.id: sum(count for allowed, count in groups if _may(allowed, point.id))
            for point in site.access_point
            if point.camera is not None
        },
        gallery_size=sum(count for _, count in groups),
        pairs=None if last is None or last.network != network else last.site_pairs,
        pictures=pictures_of(await _picture_counts(transaction, network)),
    )


async def note_look_alike(
    transaction: Transaction,
    site: Site,
    keys: tuple[str, str],
    *,
    similarity: float,
    by: str,
    now: datetime,
) -> None:
    """Keep two people apart of whom a second person said that they are two, if they must be.

    Args:
        transaction: A writing one.
        site: Whose access points search them.
        keys: Of the two.
        similarity: Of their templates.
        by: User id of the second person.
        now: When.
    """
    rows = await transaction.execute(
        select(people.c.access_points).where(people.c.holder_id.in_(keys))
    )
    places = [row.access_points for row in rows]
    limits = await thresholds_now(transaction, site)
    if len(places) == 2 and similarity >= limits.accept_between(*places):
        await pairs.put(
            transaction, *keys, origin="enrolment", by=by, now=now, similarity=similarity
        )


async def not_comparable_count(transaction: Transaction, network: str) -> int:
    """Return how many people have templates of other networks only."""
    mine = select(templates.c.holder_id).where(templates.c.network == network)
    query = select(func.count(func.distinct(templates.c.holder_id))).where(
        templates.c.holder_id.not_in(mine)
    )
    return int((await transaction.execute(query)).scalar_one())


async def _picture_counts(transaction: Transaction, network: str) -> set[int]:
    """Return each number of pictures that somebody's template is of."""
    query = select(templates.c.picture_count).distinct().where(templates.c.network == network)
    return {counted(count) for count in (await transaction.execute(query)).scalars()}


async def _groups(transaction: Transaction, network: str) -> list[tuple[Allowed, int]]:
    """Return how many people with a template may pass where."""
    places = cast(people.c.access_points, String)
    query = (
        select(places.label("places"), func.count(func.distinct(people.c.holder_id)).label("n"))
        .join(templates, templates.c.holder_id == people.c.holder_id)
        .where(templates.c.network == network)
        .group_by(places)
    )
    return [
        (None if row.places is None else json.loads(row.places), row.n)
        for row in await transaction.execute(query)
    ]


def _may(allowed: Allowed, access_point: str) -> bool:
    return allowed is None or access_point in allowed
