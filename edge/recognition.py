"""The recognition of one node: one pipeline and one gallery, or what is missing for them."""

import dataclasses
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol, Self

from config.contract.nodes import SitePairsRecord
from config.site import Recognition
from edge.vision.liveness import LivenessPolicy
from models.face import MissingFilesError, open_pipeline
from models.face.calibration import LEVELS, SitePairs
from models.face.demand import PICTURES_MIXED, operating_point_for, pictures_of
from models.face.operating_point import OperatingPoint
from models.face.types import Candidate, Embedding, Gallery, Pipeline, Selection
from models.liveness import Liveness, open_liveness
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE, FACE_MESH
from models.liveness.policy import Policy
from models.store import Store, StoreError

_log = logging.getLogger("edge.recognition")

DEMANDS_KEPT_MAX: Final = 16


class PairsSource(Protocol):
    """Who knows the site's own pairs, and how its people are enrolled; see ``Replica``."""

    @property
    def picture_counts(self) -> Collection[int]:
        """Each number of pictures that somebody's face is of."""
        ...

    @property
    def site_pairs(self) -> SitePairsRecord | None:
        """As central counted them."""
        ...

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this now and whenever they may have changed."""
        ...


class Demands:
    """What is demanded of a face at one node, by the number of people searched.

    Kept until the site's own pairs or its people's pictures change, which another thread may do at
    any time.
    """

    def __init__(self, recognition: Recognition) -> None:
        """Begin with what was measured of the network alone."""
        self._recognition = recognition
        self._kept = _Kept(None, PICTURES_MIXED)

    @classmethod
    def following(cls, recognition: Recognition, source: PairsSource, network: str | None) -> Self:
        """Return demands that take what a source knows into account, now and when it changes."""
        demands = cls(recognition)
        source.when_changed(
            lambda: demands.use(
                usable_pairs(source.site_pairs, network),
                pictures=pictures_of(source.picture_counts),
            )
        )
        return demands

    def use(self, pairs: SitePairs | None, *, pictures: int = PICTURES_MIXED) -> None:
        """Take the site's own pairs, and how people are enrolled, into account from now on."""
        if (pairs, pictures) != (self._kept.pairs, self._kept.pictures):
            self._kept = _Kept(pairs, pictures)

    def __call__(self, gallery_size: int) -> OperatingPoint:
        """Return what is demanded where so many people are searched."""
        kept = self._kept
        point = kept.points.get(gallery_size)
        if point is None:
            if len(kept.points) >= DEMANDS_KEPT_MAX:
                kept.points.clear()
            point = operating_point_for(
                self._recognition, gallery_size, pairs=kept.pairs, pictures=kept.pictures
            )
            kept.points[gallery_size] = point
        return point


@dataclasses.dataclass(frozen=True, slots=True)
class _Kept:
    """What was computed from the same pairs and pictures, by the number of people."""

    pairs: SitePairs | None
    pictures: int
    points: dict[int, OperatingPoint] = dataclasses.field(default_factory=dict)


def usable_pairs(record: SitePairsRecord | None, network: str | None) -> SitePairs | None:
    """Return the site's own pairs as central counted them, where they are of our network.

    Args:
        record: Of the replica.
        network: Hash of the network whose thresholds are wanted.
    """
    if record is None or record.network != network:
        return None
    if record.levels != LEVELS:
        _log.error("the site's own pairs are of another version of this program: not used")
        return None
    try:
        return SitePairs(
            people_count=record.people_count,
            comparison_count=record.comparison_count,
            counts=record.counts,
            design_effects=record.design_effects,
        )
    except ValueError as error:
        _log.error("the site's own pairs cannot be right and are not used: %s", error)
        return None


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
