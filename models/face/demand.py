"""What a site's settings demand of a face, the same at every node and at central."""

from collections.abc import Collection
from typing import Final, Protocol

from models.face.calibration import SitePairs
from models.face.operating_point import (
    RATES_OF_PIPELINE,
    ErrorRates,
    OperatingPoint,
    Target,
    operating_point,
)
from models.store import network_of

PICTURES_MIXED: Final = 2
"""Some people have one picture and some three: 2 takes the stricter table of each kind."""


def pictures_of(counts: Collection[int]) -> int:
    """Return of how many pictures everybody's face is taken to be, by the one with the fewest.

    Args:
        counts: Each number of pictures that somebody's face is of; empty where nobody has one.
    """
    fewest = min(counts, default=PICTURES_MIXED)
    # A mean of several is nearer to strangers, too: one picture of everybody is another table.
    return fewest if max(counts, default=fewest) == fewest else max(fewest, PICTURES_MIXED)


class SiteSettings(Protocol):
    """The recognition of a site file; see ``config.site.Recognition``."""

    @property
    def pipeline(self) -> str:
        """Of every node."""
        ...

    @property
    def strangers(self) -> float:
        """Share of strangers who may be taken for somebody enrolled."""
        ...

    @property
    def step_up_strangers(self) -> float:
        """Share who may be asked for a card; the larger of the two counts."""
        ...

    @property
    def tries(self) -> int:
        """Of one stranger."""
        ...

    @property
    def same_group_factor(self) -> float | None:
        """In place of the network's; None takes that."""
        ...


def rates_of(settings: SiteSettings) -> ErrorRates:
    """Return the measured error rates of the site's network."""
    return RATES_OF_PIPELINE[settings.pipeline]


def network_in_force(settings: SiteSettings) -> str:
    """Return the hash of the site's network, whether or not its file is on this machine."""
    return network_of(rates_of(settings).network).sha256


def target_of(settings: SiteSettings) -> Target:
    """Return what the site bears."""
    return Target(
        strangers=settings.strangers,
        step_up_strangers=max(settings.strangers, settings.step_up_strangers),
        tries=settings.tries,
    )


def operating_point_for(
    settings: SiteSettings,
    gallery_size: int,
    *,
    pictures: int = PICTURES_MIXED,
    pairs: SitePairs | None = None,
) -> OperatingPoint:
    """Return what a site's target demands of a face at a gallery's size, and what it costs.

    Args:
        settings: The site's.
        gallery_size: People searched.
        pictures: Enrolled by the person with the fewest; changes the price, not the demand, from
            two on.
        pairs: The site's own, of the network in force; None before the first self-test.
    """
    return operating_point(
        rates_of(settings),
        gallery_size=gallery_size,
        target=target_of(settings),
        pairs=pairs,
        pictures=pictures,
        same_group_factor=settings.same_group_factor,
    )


def accept_lowest(settings: SiteSettings, gallery_size: int) -> float:
    """Return the lowest similarity that any pairs and pictures can bring ``accept`` down to.

    A site's own people never argue the measured rates down, so none demand less than a factor of 1;
    templates of one picture are less like strangers than means.
    """
    return operating_point(
        rates_of(settings),
        gallery_size=gallery_size,
        target=target_of(settings),
        pictures=1,
        same_group_factor=1,
    ).accept
