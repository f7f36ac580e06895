"""Faces: the networks, whether they keep strangers out, and whether they tell a living face."""

from collections.abc import Iterator
from typing import Final

from config.contract.nodes import SitePairsRecord
from config.doctor.findings import Finding, Level
from config.site import Site
from edge.doctor.replicas import Enrolment
from edge.recognition import usable_pairs
from models.face.calibration import SitePairs
from models.face.demand import network_in_force, operating_point_for
from models.face.operating_point import OperatingPoint
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE
from models.store import Store, StoreError, network_of

RECOGNISER: Final = "face-recogniser"
"""The role of the network that makes templates."""


def check_models(site: Site | None, store: Store) -> Iterator[Finding]:
    """Yield whether every network of the site's pipeline is here."""
    pipeline = "builtin" if site is None else site.recognition.pipeline
    missing = store.missing(pipeline)
    if not missing:
        yield Finding("models", Level.OK, f"pipeline {pipeline} is complete in {store.folder}")
        return
    advice = "run `menshen models build`"
    if pipeline != "builtin":
        advice = "add each file with `menshen models add FILE`"
    is_needed = site is not None and bool(site.camera)
    level = Level.PROBLEM if is_needed else Level.WARNING
    yield Finding("models", level, f"pipeline {pipeline} lacks {', '.join(missing)}", advice)


def judge_target(site: Site, enrolment: Enrolment) -> Iterator[Finding]:
    """Yield whether the network keeps strangers out as the site wants, and what that costs."""
    if all(point.camera is None for point in site.access_point):
        return
    pairs = usable_pairs(enrolment.site_pairs, network_in_force(site.recognition))
    wanted = operating_point_for(
        site.recognition, enrolment.people, pictures=enrolment.pictures, pairs=pairs
    )
    known = "" if enrolment.people else "nobody is enrolled here yet; "
    message = f"{known}{wanted.reason} {_basis(enrolment.site_pairs, pairs, wanted)}"
    if wanted.holds:
        yield Finding("recognition", Level.OK, message)
        return
    advice = "a card is asked for where the face is not enough, so give everybody a card"
    yield Finding("recognition", Level.WARNING, message, advice)


def _basis(record: SitePairsRecord | None, pairs: SitePairs | None, wanted: OperatingPoint) -> str:
    """Return on whose pairs the thresholds rest, in one sentence."""
    if record is None:
        return "Basis: the network's own measurements; no gallery self-test has been made yet."
    test = f"the self-test of {record.tested_at:%Y-%m-%d}"
    if pairs is None:
        return f"Basis: the network's own measurements; {test} was of another network."
    counted = f"{record.people_count:,} people, {record.comparison_count:,} comparisons"
    if wanted.basis == "prior":
        return f"Basis: the network's own measurements; {test} ({counted}) has too few pairs."
    return f"Basis: this site's own people, {test} ({counted})."


def judge_liveness(site: Site, store: Store) -> Iterator[Finding]:
    """Yield whether the access points that ask for a living face can tell one."""
    asking = [p.id for p in site.access_point if p.camera is not None and p.liveness != "off"]
    watched = [p.id for p in site.access_point if p.camera is not None]
    if off := [name for name in watched if name not in asking]:
        message = f"off at {', '.join(off)}: a photograph of somebody enrolled opens it"
        yield Finding("liveness", Level.WARNING, message, 'set liveness = "passive" there')
    if not asking:
        return
    needed = (ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE)
    missing = [name for name in needed if not store.has(network_of(name))]
    if not missing:
        yield Finding("liveness", Level.OK, f"asked for at {', '.join(asking)}")
        return
    advice = "run `menshen models fetch`, or add each file with `menshen models add FILE`"
    effect = "everybody is asked for a card" if len(missing) == 2 else "it is weaker"
    message = f"asked for at {', '.join(asking)}, but {', '.join(missing)} is missing: {effect}"
    level = Level.PROBLEM if len(missing) == len(needed) else Level.WARNING
    yield Finding("liveness", level, message, advice)


def network_here(site: Site, store: Store) -> str | None:
    """Return the network that this machine compares faces with; None where it cannot."""
    try:
        return store.find_pipeline(site.recognition.pipeline)[RECOGNISER].sha256
    except StoreError:
        return None
