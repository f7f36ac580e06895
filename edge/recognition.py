"""The recognition of one node: one pipeline and one gallery, or what is missing for them."""

import dataclasses
import functools
import logging
from collections.abc import Collection, Sequence
from typing import Final, Self

from config.site import Recognition
from edge.vision.liveness import LivenessPolicy
from models.face import MissingFilesError, open_pipeline
from models.face.operating_point import (
    RATES_OF_PIPELINE,
    OperatingPoint,
    Target,
    operating_point,
)
from models.face.types import Candidate, Embedding, Gallery, Pipeline, Selection
from models.liveness import Liveness, open_liveness
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE, FACE_MESH
from models.liveness.policy import Policy
from models.store import Store, StoreError

_log = logging.getLogger("edge.recognition")

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


@functools.lru_cache(maxsize=64)
def operating_point_for(
    recognition: Recognition, gallery_size: int, *, pictures: int = PICTURES_MIXED
) -> OperatingPoint:
    """Return what a site's target demands of a face at a gallery's size, and what it costs.

    Args:
        recognition: The site's setting.
        gallery_size: People searched.
        pictures: Enrolled by the person with the fewest; changes the price, not the demand, from
            two on.
    """
    return operating_point(
        RATES_OF_PIPELINE[recognition.pipeline],
        gallery_size=gallery_size,
        target=Target(
            strangers=recognition.strangers,
            step_up_strangers=max(recognition.strangers, recognition.step_up_strangers),
            tries=recognition.tries,
        ),
        pictures=pictures,
        same_group_factor=recognition.same_group_factor,
    )


class SomePeople:
    """The part of a gallery that one access point searches; its people may be changed any time."""

    def __init__(self, gallery: Gallery) -> None:
        """Begin with nobody."""
        self._gallery = gallery
        self._selection: Selection = gallery.select(())

    def choose(self, keys: Collection[str]) -> None:
        """Search these people from now on."""
        self._selection = self._gallery.select(keys)

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._selection)

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best of them; see ``Gallery.search``."""
        return self._selection.search(probe, count=count)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What a node recognises faces with.

    Attributes:
        pipelines: One per camera, all the same: its networks are large and threads may share it.
        gallery: Of all of them; None where nothing is recognised.
        missing: Files of the site's pipeline that this node lacks; it takes cards only meanwhile.
        liveness: None where no access point asks for it.
    """

    pipelines: Sequence[Pipeline] = ()
    gallery: Gallery | None = None
    missing: tuple[str, ...] = ()
    liveness: Liveness | None = None

    @classmethod
    def open(
        cls, pipeline: str, *, camera_count: int, store: Store, with_liveness: bool = False
    ) -> Self:
        """Open the site's pipeline; takes seconds. What is missing is said and not raised."""
        if camera_count == 0:
            return cls()
        try:
            pipelines = [open_pipeline(pipeline, store)] * camera_count
        except MissingFilesError as error:
            _log.error("faces are not recognised, cards are: %s", error)
            return cls(missing=error.names)
        except StoreError as error:
            _log.error("faces are not recognised, cards are: %s", error)
            return cls(missing=(str(error),))
        liveness = _liveness(store) if with_liveness else None
        return cls(pipelines=pipelines, gallery=pipelines[0].new_gallery(), liveness=liveness)

    def liveness_of(self, policy: Policy) -> LivenessPolicy | None:
        """Return the rule of an access point; None where it does not ask."""
        if policy is Policy.OFF:
            return None
        networks = () if self.liveness is None else self.liveness.networks
        can_judge = ANTI_SPOOF_NEAR in networks or ANTI_SPOOF_WIDE in networks
        return LivenessPolicy(
            policy, self.liveness if can_judge else None, can_blink=FACE_MESH in networks
        )

    @property
    def network(self) -> str | None:
        """Of the templates that can be compared here."""
        return self.pipelines[0].network if self.pipelines else None


def _liveness(store: Store) -> Liveness | None:
    try:
        return open_liveness(store)
    except StoreError as error:
        _log.error("liveness cannot be told, a card is asked for: %s", error)
        return None
