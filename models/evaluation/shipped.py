"""What the thresholds that a gate would use do on a folder."""

import dataclasses

import numpy as np

from models.evaluation.comparison import Comparisons
from models.evaluation.identification import ENROLLED_COUNT, Searches
from models.evaluation.statistics import Interval, Owners, Scores, share_at_least
from models.face.operating_point import RATES_OF_PIPELINE, Target, operating_point


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShippedPoint:
    """The default thresholds of one gallery size, and the error rates at them.

    Attributes:
        n: People enrolled.
        pictures: Enrolled per person.
        accept: From this similarity on the face alone passes.
        step_up: From this one on a card is asked for.
        fpir_target: Share of strangers' tries that ``accept`` is meant to let pass.
        fnir_expected: Share of enrolled people's pictures below ``accept`` on the data that the
            thresholds come from.
        far: Share of impostor pairs of pictures at or above ``accept``; None without any.
        frr: Share of genuine pairs of pictures below ``accept``; None without any.
        fpir: Share of strangers' searches that pass; None where no such gallery was searched.
        fpir_interval: 95 %, of ``fpir``.
        fpir_step_up: Share that is at least asked for a card.
        fnir: Share of enrolled people's searches below ``accept`` or not first.
        fnir_step_up: Share below ``step_up`` or not first: refused outright.
    """

    n: int
    pictures: int
    accept: float
    step_up: float
    fpir_target: float
    fnir_expected: float
    far: float | None
    frr: float | None
    fpir: float | None = None
    fpir_interval: Interval | None = None
    fpir_step_up: float | None = None
    fnir: float | None = None
    fnir_step_up: float | None = None


def shipped_point(
    pipeline: str, n: int, comparisons: Comparisons, searches: Searches | None, owners: Owners
) -> ShippedPoint | None:
    """Return what the default target's thresholds do.

    Args:
        pipeline: Its name.
        n: People enrolled.
        comparisons: Of single pictures.
        searches: Of galleries of that size; None where there were none.
        owners: The identity of each picture.

    Returns:
        None for a pipeline that no gate uses.
    """
    rates, target = RATES_OF_PIPELINE.get(pipeline), Target()
    if rates is None:
        return None
    pictures = ENROLLED_COUNT if searches is None else searches.pictures
    point = operating_point(rates, gallery_size=n, target=target, pictures=pictures)
    frr = _share(comparisons.genuine, point.accept)
    measured = ShippedPoint(
        n=n,
        pictures=pictures,
        accept=point.accept,
        step_up=point.step_up,
        fpir_target=target.strangers / target.tries,
        fnir_expected=point.fnir_expected,
        far=_share(comparisons.impostors, point.accept),
        frr=None if frr is None else 1 - frr,
    )
    if searches is None:
        return measured
    identity_count = int(np.max(owners)) + 1
    return dataclasses.replace(
        measured,
        fpir=searches.passing(point.accept),
        fpir_interval=searches.passing_interval(point.accept, identity_count=identity_count),
        fpir_step_up=searches.passing(point.step_up),
        fnir=searches.mates.refused(point.accept),
        fnir_step_up=searches.mates.refused(point.step_up),
    )


def _share(scores: Scores, threshold: float) -> float | None:
    return share_at_least(scores, threshold) if len(scores) else None
