"""What covers on the face and the sun behind cost: drawn on photographs, not worn."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from benchmarks.face_passes import STILL_FACE_PX_MIN, Still, demand_of
from benchmarks.face_stills import CONDITIONS
from benchmarks.rates import Share
from models.face.quality import assess
from models.face.types import Embedding, Image, Pipeline, Points

NOT_FOUND: Final = "not_found"
FACTORS: Final = {"shipped": None, "press": 1.0}
"""Same-group factor of the thresholds: the shipped default, and people as mixed as in the press."""

Seen = Embedding | str
"""A picture's embedding, or why it has none."""


def measure_conditions(
    pipeline: Pipeline,
    stills: Sequence[Still],
    points: Mapping[str, Points],
    rounds: Sequence[Mapping[str, Collection[str]]],
    advance: Callable[[], None],
) -> dict[str, dict[str, Any]]:
    """Return, for each condition, what becomes of single pictures of enrolled people.

    Args:
        pipeline: Under test.
        stills: Of the enrolled people.
        points: Five points of each still, by its name, of one detector for all pipelines.
        rounds: By person, the names of the stills enrolled; these are no probes in that round.
        advance: Called for each picture.
    """
    named = {still.name: still for still in stills}
    result = {}
    for name, cover in CONDITIONS.items():
        seen: dict[str, Seen] = {}
        for still, five in points.items():
            seen[still] = _see(pipeline, cover(named[still].image, five))
            advance()
        result[name] = _row(pipeline, named, seen, rounds)
    return result


def _see(pipeline: Pipeline, image: Image) -> Seen:
    face = next(iter(pipeline.detect(image, face_size_px_min=STILL_FACE_PX_MIN)), None)
    if face is None:
        return NOT_FOUND
    reason = assess(image, face).reason
    return str(reason) if reason is not None else pipeline.embed(image, face)


def _row(
    pipeline: Pipeline,
    stills: Mapping[str, Still],
    seen: Mapping[str, Seen],
    rounds: Sequence[Mapping[str, Collection[str]]],
) -> dict[str, Any]:
    reasons = Counter(what for what in seen.values() if isinstance(what, str))
    not_found = reasons.pop(NOT_FOUND, 0)
    similarities: list[float] = []
    for enrolled in rounds:
        templates = templates_of(pipeline, stills, enrolled)
        similarities += [
            pipeline.similarity(what, templates[stills[name].person])
            for name, what in seen.items()
            if not isinstance(what, str)
            and stills[name].person in templates
            and name not in enrolled[stills[name].person]
        ]
    row: dict[str, Any] = {
        "not_found": Share(not_found, len(seen)).as_json(),
        "gate_refused": Share(reasons.total(), len(seen) - not_found).as_json(),
        "gate_reasons": dict(reasons.most_common()),
    }
    for name, factor in FACTORS.items():
        point = demand_of(pipeline.name, factor)
        for level, threshold in (("accept", point.accept), ("step_up", point.step_up)):
            below = sum(similarity < threshold for similarity in similarities)
            row[f"below_{level}_{name}"] = Share(below, len(similarities)).as_json()
    return row


def templates_of(
    pipeline: Pipeline, stills: Mapping[str, Still], enrolled: Mapping[str, Collection[str]]
) -> dict[str, Embedding]:
    """Return the mean template of each person whose enrolled stills have a face."""
    rows = {
        person: [row for name in sorted(names) if (row := stills[name].template) is not None]
        for person, names in enrolled.items()
    }
    return {person: pipeline.mean(found) for person, found in rows.items() if found}
