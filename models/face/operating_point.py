"""The thresholds of one gallery: how few strangers a site bears, and what that costs its people.

The rule. A stranger who tries ``tries`` times passes with at most ``tries`` times the chance of
one try: the tries are of one face and hang together, so this is a bound and no estimate. One try
passes with about gallery size x pairwise false accept rate (measured to within 15 %; it is less
where the product is large). So the pairwise rate must not exceed
``strangers / tries / gallery size / factor``, and the measured table says at which similarity it
does not. The factor is for people of one group, who are taken for each other more often than the
people of press photographs. A site's own pairs, once there are enough of them, take its place.

Pure and cheap (under 1 ms): compute it again whenever the gallery changes.
"""

import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from models.face.calibration import LEVELS, Measure, SitePairs
from models.face.thresholds import (
    FAR_0095,
    FAR_BUILTIN,
    FAR_MOBILEFACENET,
    FNIR_0095_ONE,
    FNIR_0095_THREE,
    FNIR_BUILTIN_ONE,
    FNIR_BUILTIN_THREE,
    FNIR_MOBILEFACENET_ONE,
    FNIR_MOBILEFACENET_THREE,
    Table,
    fnir_at,
    rate_at,
    similarity_at,
)

FNIR_LIMIT: Final = 0.10
"""More refused pictures of enrolled people than this, and the network cannot hold the target."""
MARGIN_RATE_RATIO: Final = 10
"""The margin is the similarity over which the false accept rate falls tenfold. Somebody else who
happens to come so near then costs at most ten times the target of one try: with the defaults one
entry in 500 is asked for a card for it."""

SPAN_MIN: Final = 0.05
"""Similarity over which a site must have been measured before its trend is believed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    """What was measured of one network.

    Attributes:
        network: Its name in the catalogue.
        measure: Of every similarity here and of the pipeline's gallery.
        far_one_picture: Similarity and pairwise false accept rate, templates of one picture.
        mean_shift: Added to a similarity for templates that are means of three: the largest shift
            between the two kinds of template at one rate (FPIR 1 % and 0.1 %, n = 260 and 1,000).
        fnir_one_picture: Threshold and share of single probe pictures refused.
        fnir_mean_of_three: The same for means of three.
        same_group_factor: False accepts inside one group over those of the whole set, at the
            similarity at which the whole set has 1e-3.
        data: On what, in one line.
    """

    network: str
    measure: Measure
    far_one_picture: Table
    mean_shift: float
    fnir_one_picture: Table
    fnir_mean_of_three: Table
    same_group_factor: float
    data: str

    def far(self, *, pictures: int) -> Table:
        """Return similarity and pairwise false accept rate for templates of so many pictures."""
        shift = self.mean_shift if pictures > 1 else 0.0
        return tuple((similarity + shift, rate) for similarity, rate in self.far_one_picture)

    def fnir(self, *, pictures: int) -> Table:
        """Return threshold and refusals; two pictures, unmeasured, count as one."""
        return self.fnir_mean_of_three if pictures > 2 else self.fnir_one_picture


LFW: Final = (
    "LFW, grey, cleaned labels, press photographs, 2,462 people, 2026-11-23; one probe picture; "
    "same-group factor: 66 people, 2,145 pairs of people"
)
BUILTIN: Final = ErrorRates(
    network="dlib-resnet",
    measure="euclidean",
    far_one_picture=FAR_BUILTIN,
    mean_shift=0.026,
    fnir_one_picture=FNIR_BUILTIN_ONE,
    fnir_mean_of_three=FNIR_BUILTIN_THREE,
    same_group_factor=59,
    data=LFW,
)
REIDENTIFICATION_0095: Final = ErrorRates(
    network="face-reidentification-retail-0095",
    measure="cosine",
    far_one_picture=FAR_0095,
    mean_shift=0.021,
    fnir_one_picture=FNIR_0095_ONE,
    fnir_mean_of_three=FNIR_0095_THREE,
    same_group_factor=27,
    data=LFW,
)
MOBILEFACENET: Final = ErrorRates(
    network="mobilefacenet",
    measure="cosine",
    far_one_picture=FAR_MOBILEFACENET,
    mean_shift=0.014,
    fnir_one_picture=FNIR_MOBILEFACENET_ONE,
    fnir_mean_of_three=FNIR_MOBILEFACENET_THREE,
    same_group_factor=5,
    data=f"{LFW}; trained on MS-Celeb-1M, which has many of these people",
)
RATES_OF_PIPELINE: Final[Mapping[str, ErrorRates]] = MappingProxyType(
    {"builtin": BUILTIN, "production": REIDENTIFICATION_0095}
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a site bears.

    Attributes:
        strangers: Share of strangers, each a person with ``tries`` tries, who may pass.
        step_up_strangers: Share who may be asked for a card or PIN, as if they were somebody.
        tries: Before a stranger is turned away, 1 or more.
    """

    strangers: float = 0.001
    step_up_strangers: float = 0.05
    tries: int = 5

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: The message says what to set.
        """
        if not 0 < self.strangers <= self.step_up_strangers < 1:
            raise ValueError(
                "set 0 < strangers <= step_up_strangers < 1, for example 0.001 and 0.05"
            )
        if self.tries < 1:
            raise ValueError("set tries to 1 or more")


Advice = Literal["enrol_three", "ask_card", "search_fewer", "run_self_test"]
ADVICE: Final[Mapping[Advice, str]] = MappingProxyType(
    {
        "enrol_three": "enrol three pictures of everybody",
        "ask_card": "ask for a card between step-up and accept",
        "search_fewer": "search fewer people per access point",
        "run_self_test": "run the gallery self-test to measure this site's own people",
    }
)
"""What helps where a network cannot hold the target, in the order in which it is said."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Thresholds and what they cost.

    Attributes:
        accept: Similarity from which on face alone passes.
        step_up: Similarity from which on a card or PIN is asked for; at most ``accept``.
        margin: By which the best candidate must lead the second, else a card or PIN is asked for.
        fpir_per_try: Bound for one try of a stranger over the whole gallery.
        fnir_expected: Share of enrolled people's single pictures below ``accept``, on the prior's
            data; the last slope goes on where that is beyond its table. Several frames of an
            approach refuse fewer.
        fnir_step_up: Share below ``step_up``: refused outright. The rest of ``fnir_expected`` is
            asked for a card.
        factor: By which the measured rate at ``accept`` was multiplied: the same-group factor, or
            the site's own ratio.
        holds: Whether ``fnir_expected`` stays within the limit.
        is_extrapolated: Whether ``accept`` lies beyond the last measured similarity.
        basis: ``site`` where the site's own pairs gave the factor.
        prior_below_rate: With ``site``, the pairwise rate below which nothing of the site was
            measured and the prior's slope speaks; else None.
        advice: What helps, best first; empty where the target is held.
        reason: One or two sentences for the doctor and the console.
    """

    accept: float
    step_up: float
    margin: float
    fpir_per_try: float
    fnir_expected: float
    fnir_step_up: float
    factor: float
    holds: bool
    is_extrapolated: bool
    basis: Literal["prior", "site"]
    prior_below_rate: float | None
    advice: tuple[Advice, ...]
    reason: str


def operating_point(
    rates: ErrorRates,
    *,
    gallery_size: int,
    target: Target | None = None,
    pairs: SitePairs | None = None,
    pictures: int = 3,
    same_group_factor: float | None = None,
    fnir_limit: float = FNIR_LIMIT,
) -> OperatingPoint:
    """Return the thresholds that keep a target for a gallery.

    Args:
        rates: Of the network in use.
        gallery_size: People searched at this access point; 0 counts as 1.
        target: The defaults where None.
        pairs: The site's own, of ``gallery_report``; None before the first one.
        pictures: Enrolled per person, by the person with the fewest. Where some have one and some
            three, 2 gives the stricter table of each kind.
        same_group_factor: In place of the network's; 1 is for people as mixed as in the press.
        fnir_limit: Share of refusals up to which the target counts as held.

    Raises:
        ValueError: A number is out of its range.
    """
    if gallery_size < 0 or pictures < 1:
        raise ValueError("a gallery has 0 people or more, and a person 1 picture or more")
    prior = rates.same_group_factor if same_group_factor is None else same_group_factor
    if prior < 1 or not 0 < fnir_limit < 1:
        raise ValueError("set the same-group factor to 1 or more, the limit between 0 and 1")
    target, people = target or Target(), max(gallery_size, 1)
    table, refusals = rates.far(pictures=pictures), rates.fnir(pictures=pictures)
    own = site_tail(table, pairs, prior_factor=prior) if pairs is not None else None
    tail = [(similarity, rate * prior) for similarity, rate in table] if own is None else own.table
    per_try, lowest = target.strangers / target.tries, table[0][0]
    accept = max(similarity_at(tail, per_try / people), lowest)
    step_up_per_try = target.step_up_strangers / target.tries
    step_up = max(similarity_at(tail, step_up_per_try / people), lowest)
    rate = rate_at(tail, accept)
    point = OperatingPoint(
        accept=accept,
        step_up=step_up,
        margin=accept - similarity_at(tail, rate * MARGIN_RATE_RATIO),
        fpir_per_try=min(1.0, rate * people),
        fnir_expected=fnir_at(refusals, accept),
        fnir_step_up=fnir_at(refusals, step_up),
        factor=rate / rate_at(table, accept),
        holds=fnir_at(refusals, accept) <= fnir_limit,
        is_extrapolated=accept > table[-1][0],
        basis="prior" if own is None else "site",
        prior_below_rate=None if own is None else own.rate_min,
        advice=(),
        reason="",
    )
    point = dataclasses.replace(point, advice=_advice(point, pictures=pictures))
    reason = _reason(rates, point, target=target, people=people)
    return dataclasses.replace(point, reason=reason)


@dataclasses.dataclass(frozen=True, slots=True)
class SiteTail:
    """The prior as a site's own pairs move it.

    Attributes:
        table: Similarity and pairwise false accept rate, in place of the prior's.
        rate_min: The smallest rate of the site that was measured; below it speaks the prior's
            slope, less the site's trend.
    """

    table: Table
    rate_min: float


def site_tail(table: Table, pairs: SitePairs, *, prior_factor: float) -> SiteTail | None:
    """Return the prior times the ratio of the site's rates to it, where both are measured.

    The ratio is the largest of the upper bounds. Among people of one group it grows with
    similarity (27 to 56 for 0095, 24 to 229 for dlib), so beyond the site's last level it goes on
    growing as it did between the first and the last one. Own people never argue the measured
    rates down, as strangers come from elsewhere too, and they take the prior's factor away only
    once they were measured over ``SPAN_MIN``.

    Args:
        table: Of the network, without any factor.
        pairs: The site's own.
        prior_factor: What holds without pairs, 1 or more.

    Returns:
        None where the pairs are too few to move the prior.
    """
    low, high = table[0][0], table[-1][0]
    upper = {level: rate for level, rate in pairs.upper_rates().items() if low <= level <= high}
    if not upper:
        return None
    first, last = min(upper), max(upper)
    ratio = max(1.0, *(rate / rate_at(table, level) for level, rate in upper.items()))
    if last - first < SPAN_MIN:
        if ratio <= prior_factor:
            return None
        growth = 0.0
    else:
        growth = _growth(table, pairs, first, last)
    beyond = high + SPAN_MIN
    knots = sorted({*(similarity for similarity, _ in table), last, beyond})
    moved = [
        (knot, rate_at(table, knot) * ratio * math.exp(growth * max(0.0, knot - last)))
        for knot in knots
    ]
    return SiteTail(table=tuple(moved), rate_min=upper[last])


def _growth(table: Table, pairs: SitePairs, first: float, last: float) -> float:
    """Return by how much the logarithm of the site's ratio to the prior grows per similarity."""
    counts = dict(zip(LEVELS, pairs.counts, strict=True))
    prior = math.log(rate_at(table, first) / rate_at(table, last))
    growth = (prior - math.log(counts[first] / counts[last])) / (last - first)
    (before, rate_before), (end, rate_end) = table[-2:]
    steepness = math.log(rate_before / rate_end) / (end - before)
    # Half the last slope at most: a rate falls with similarity, whatever noise says.
    return min(max(growth, 0.0), steepness / 2)


def _advice(point: OperatingPoint, *, pictures: int) -> tuple[Advice, ...]:
    helps: dict[Advice, bool] = {
        "enrol_three": pictures < 3,
        "ask_card": True,
        "search_fewer": True,
        "run_self_test": point.basis == "prior",
    }
    return () if point.holds else tuple(each for each in ADVICE if helps[each])


def _reason(rates: ErrorRates, point: OperatingPoint, *, target: Target, people: int) -> str:
    cost = f"about {point.fnir_expected:.1%} of enrolled people's single pictures"
    aim = (
        f"at most one stranger in {1 / target.strangers:,.0f} with {target.tries} tries "
        f"in a gallery of {people:,}"
    )
    basis = (
        f"measured rates x {point.factor:.3g} "
        f"({'same-group prior' if point.basis == 'prior' else 'own pairs, upper bound'}"
        f"{', extrapolated beyond the measured similarities' if point.is_extrapolated else ''})"
    )
    if point.holds:
        return f"{rates.network}: {aim} costs {cost}; {basis}."
    return (
        f"{rates.network} cannot hold {aim}: it would refuse {cost}; {basis}. "
        f"What helps: {', '.join(ADVICE[each] for each in point.advice)}."
    )
