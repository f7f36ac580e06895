"""The figures of one folder together, and what they could not say."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.evaluation.comparison import (
    Comparisons,
    Rows,
    compare_all,
    compare_listed,
    measure_of,
    paired_similarities,
)
from models.evaluation.folder import (
    Embedded,
    EvaluationError,
    OnProgress,
    embed_pictures,
    list_folder,
)
from models.evaluation.identification import (
    ENROLLED_COUNT,
    FPIRS,
    SPLIT_COUNT,
    OpenSet,
    Searches,
    can_search,
    rate,
    search,
)
from models.evaluation.notes import (
    below,
    folder_notes,
    gallery_notes,
    list_notes,
    nothing_in,
    open_set_notes,
    pair_notes,
    picture_notes,
    twin_notes,
)
from models.evaluation.pairs_file import read_pairs
from models.evaluation.shipped import ShippedPoint, shipped_point
from models.evaluation.statistics import (
    REPLICATE_COUNT,
    SEED,
    Interval,
    Owners,
    bootstrap_interval,
    equal_error_rate,
    share_interval,
    threshold_at,
)
from models.face.types import Pipeline

FARS: Final = (0.01, 0.001, 0.0001)
SIZES: Final = (100, 1000)
COMPARED_MAX: Final = 20_000
"""Pictures of which every pair is compared: 200 million pairs, 2 GB at most."""

OnStep = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class TrueAccepts:
    """Accepted genuine pairs at a false accept rate.

    Attributes:
        tar: Share; None without genuine pairs, or where no threshold can be said.
        threshold: The smallest that keeps the rate; None with too few impostor pairs.
        interval: 95 %, of ``tar``.
        tar_identity_mean: The same share where every identity counts alike.
    """

    tar: float | None = None
    threshold: float | None = None
    interval: Interval | None = None
    tar_identity_mean: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What was read.

    Attributes:
        images: Pictures that could be read.
        identities: Those that have one; a listed picture in no folder is one of its own.
        not_detected: Pictures in which no face was found, by path below the folder.
        unreadable: Files that are no usable pictures, with the reason.
        ms_per_image: Detection and embedding, one thread; None without a picture.
    """

    images: int
    identities: int
    not_detected: tuple[str, ...]
    unreadable: dict[str, str]
    ms_per_image: float | None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the figures are made of, and the plots.

    Attributes:
        comparisons: Of every pair, or of the listed ones.
        rows: Embeddings, shape (n, dimension).
        owners: Shape (n,), the identity of each.
    """

    pictures: Pictures
    comparisons: Comparisons
    rows: Rows
    owners: Owners


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """All figures of one run; every interval is 95 %.

    Attributes:
        pipeline, network: Name, and SHA-256 of the embedding network.
        rank1: Share of pictures whose most alike other picture is of the same person.
        shipped: What the thresholds that a gate would use do on this folder.
        notes: What could not be measured and why, and what was left out; each one line.
        protocol: How it was measured, in one line.
    """

    pipeline: str
    network: str
    found: Found
    eer: float | None
    tar_at_far: dict[float, TrueAccepts]
    rank1: float | None
    rank1_interval: Interval | None
    open_set: tuple[OpenSet, ...]
    shipped: tuple[ShippedPoint, ...]
    notes: tuple[str, ...]
    protocol: str

    def as_json(self) -> dict[str, Any]:
        """Return the document that other programs read."""
        pictures, comparisons = self.found.pictures, self.found.comparisons
        return {
            "images": pictures.images,
            "identities": pictures.identities,
            "not_detected": len(pictures.not_detected),
            "genuine_pairs": len(comparisons.genuine),
            "impostor_pairs": len(comparisons.impostors),
            "eer": self.eer,
            "tar_at_far": {
                f"{far:f}".rstrip("0"): dataclasses.asdict(row)
                for far, row in self.tar_at_far.items()
            },
            "rank1": self.rank1,
            "rank1_interval": self.rank1_interval,
            "open_set": [dataclasses.asdict(row) for row in self.open_set],
            "ms_per_image": pictures.ms_per_image,
            "pipeline": self.pipeline,
            "network": self.network,
            "shipped": [dataclasses.asdict(point) for point in self.shipped],
            "unreadable": len(pictures.unreadable),
            "files": {
                "not_detected": pictures.not_detected,
                "unreadable": pictures.unreadable,
            },
            "protocol": self.protocol,
            "notes": self.notes,
        }


def evaluate_folder(
    folder: Path,
    pipeline: Pipeline,
    *,
    sizes: Sequence[int] | None = None,
    on_progress: OnProgress,
    on_step: OnStep,
) -> Report:
    """Measure a pipeline on a folder that holds a folder per identity.

    Args:
        folder: Of pictures.
        pipeline: The networks to measure.
        sizes: Galleries to search; those that the folder is too small for are noted. Where none
            is asked for they are ``SIZES``, and half of the people where these are too large.
        on_progress: Is called with the count of pictures that are done, and of all.
        on_step: Is called with what is being done once the pictures are read.

    Raises:
        EvaluationError: Nothing can be measured.
    """
    listed = list_folder(folder)
    if not listed.pictures:
        raise EvaluationError(nothing_in(folder, listed))
    paths = [picture.path for picture in listed.pictures]
    embedded = embed_pictures(paths, pipeline, on_progress=on_progress)
    pictures = _pictures(folder, paths, embedded, [p.identity for p in listed.pictures])
    owners = np.array([listed.pictures[i].identity for i in embedded.indices], np.int32)
    sizes = _default_sizes(owners) if sizes is None else sizes
    on_step("comparing every picture with every other")
    compared = _at_most(owners, COMPARED_MAX)
    measure = measure_of(pipeline)
    comparisons = compare_all(embedded.rows[compared], owners[compared], measure)
    searches = list[Searches]()
    for n in sizes:
        if can_search(owners, n):
            on_step(f"searching galleries of {n:,}")
            searches.append(search(embedded.rows, owners, pipeline, measure, n))
    on_step("drawing identities for the intervals")
    names = [below(paths[index], folder) for index in embedded.indices]
    notes = [*folder_notes(folder, listed), *twin_notes(embedded.rows, owners, names)]
    if len(compared) < len(owners):
        notes.append(
            f"pairs are of {len(compared):,} pictures of identities drawn at random; "
            f"all pairs of {len(owners):,} would not fit into memory"
        )
    notes += gallery_notes(owners, sizes)
    found = Found(pictures, comparisons, embedded.rows, owners)
    return _report(pipeline, found, sizes, searches, notes)


def evaluate_pairs(
    folder: Path,
    file: Path,
    pipeline: Pipeline,
    *,
    sizes: Sequence[int] | None = None,
    on_progress: OnProgress,
    on_step: OnStep,
) -> Report:
    """Measure a pipeline on listed pairs of pictures; see ``pairs_file``.

    Args:
        folder: Where the list's paths begin.
        file: The list.
        pipeline: The networks to measure.
        sizes: Galleries whose shipped thresholds are looked at.
        on_progress: See ``evaluate_folder``.
        on_step: See ``evaluate_folder``.

    Raises:
        EvaluationError: Nothing can be measured, or a line of the list is wrong.
    """
    listed = read_pairs(file, folder)
    paths = sorted({path for pair in listed.pairs for path in (pair.one, pair.other)})
    embedded = embed_pictures(paths, pipeline, on_progress=on_progress)
    on_step("comparing the listed pairs")
    names = {name: index for index, name in enumerate(sorted({_whose(p, folder) for p in paths}))}
    identities = [names[_whose(path, folder)] for path in paths]
    pictures = _pictures(folder, paths, embedded, identities)
    row_of = {paths[index]: row for row, index in enumerate(embedded.indices)}
    pairs = [pair for pair in listed.pairs if pair.one in row_of and pair.other in row_of]
    one = np.array([row_of[pair.one] for pair in pairs], np.int32)
    other = np.array([row_of[pair.other] for pair in pairs], np.int32)
    owners = np.array([identities[index] for index in embedded.indices], np.int32)
    comparisons = compare_listed(
        paired_similarities(embedded.rows[one], embedded.rows[other], measure_of(pipeline)),
        np.array([pair.is_same for pair in pairs], np.bool_),
        owners[one],
        owners[other],
    )
    notes = [*list_notes(file, listed, len(pairs))]
    found = Found(pictures, comparisons, embedded.rows, owners)
    return _report(pipeline, found, sizes or SIZES, None, notes)


def _report(
    pipeline: Pipeline,
    found: Found,
    sizes: Sequence[int],
    searches: Sequence[Searches] | None,
    notes: Sequence[str],
) -> Report:
    """Put the figures together; without ``searches`` there are no galleries."""
    comparisons, pictures, owners = found.comparisons, found.pictures, found.owners
    identity_count = int(owners.max()) + 1 if len(owners) else 0
    by_size = {search.n: search for search in searches or ()}
    open_set = [
        rate(by_size[n], fpir, identity_count=identity_count) if n in by_size else OpenSet(n, fpir)
        for n in sizes
        for fpir in FPIRS
        if searches is not None
    ]
    points = [shipped_point(pipeline.name, n, comparisons, by_size.get(n), owners) for n in sizes]
    is_first, first_owners = comparisons.is_first, comparisons.first_owners
    return Report(
        pipeline=pipeline.name,
        network=pipeline.network,
        found=found,
        eer=equal_error_rate(comparisons.genuine, comparisons.impostors),
        tar_at_far={far: _true_accepts(comparisons, far, identity_count) for far in FARS},
        rank1=float(is_first.mean()) if len(is_first) else None,
        rank1_interval=share_interval(is_first, first_owners, identity_count=identity_count)
        if len(is_first)
        else None,
        open_set=tuple(open_set),
        shipped=tuple(point for point in points if point is not None),
        notes=(
            *picture_notes(pictures.images, pictures.not_detected, pictures.unreadable),
            *notes,
            *pair_notes(comparisons, FARS),
            *open_set_notes(open_set, by_size),
        ),
        protocol=_protocol(has_galleries=bool(by_size)),
    )


def _true_accepts(comparisons: Comparisons, far: float, identity_count: int) -> TrueAccepts:
    threshold = threshold_at(comparisons.impostors, far)
    if threshold is None or not len(comparisons.genuine):
        return TrueAccepts(threshold=threshold)
    accepted, owners = comparisons.genuine >= np.float32(threshold), comparisons.genuine_owners
    counts = np.bincount(owners)
    shares = np.bincount(owners, weights=accepted)[counts > 0] / counts[counts > 0]
    return TrueAccepts(
        tar=float(accepted.mean()),
        threshold=threshold,
        interval=bootstrap_interval(
            lambda limit: comparisons.genuine >= np.float32(limit),
            owners,
            comparisons.tail,
            rate=far,
            identity_count=identity_count,
        ),
        tar_identity_mean=float(shares.mean()),
    )


def _default_sizes(owners: Owners) -> Sequence[int]:
    half = len(np.unique(owners)) // 2
    return SIZES if half >= min(SIZES) or not can_search(owners, half) else (half, *SIZES)


def _at_most(owners: Owners, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return so many rows at most, of identities drawn at random, in the order of the rows."""
    random = np.random.default_rng(SEED)
    places = random.permutation(int(owners.max()) + 1 if len(owners) else 0)[owners]
    return np.sort(np.argsort(places, kind="stable")[:count])


def _pictures(
    folder: Path, paths: Sequence[Path], embedded: Embedded, identities: Sequence[int]
) -> Pictures:
    if not embedded.image_count:
        first = next(iter(embedded.unreadable))
        raise EvaluationError(
            f"none of the {len(paths)} pictures in {folder} can be read; "
            f"{below(paths[first], folder)}: {embedded.unreadable[first]}"
        )
    read = {identities[i] for i in range(len(paths)) if i not in embedded.unreadable}
    return Pictures(
        images=embedded.image_count,
        identities=len(read),
        not_detected=tuple(below(paths[i], folder) for i in embedded.not_detected),
        unreadable={below(paths[i], folder): why for i, why in embedded.unreadable.items()},
        ms_per_image=embedded.ms_per_image,
    )


def _whose(path: Path, folder: Path) -> str:
    """Return the folder of the identity, or of a picture without one its own name."""
    return path.relative_to(folder).parts[0] if path.is_relative_to(folder) else str(path)


def _protocol(*, has_galleries: bool) -> str:
    pairs = (
        "Pairs: threshold = the smallest similarity whose measured FAR is not above the stated "
        f"one; intervals: bootstrap over identities, {REPLICATE_COUNT} draws"
    )
    if not has_galleries:
        return f"{pairs}."
    return (
        f"{pairs}. Galleries: n people drawn {SPLIT_COUNT} times, mean of {ENROLLED_COUNT} "
        f"pictures enrolled where a person has {ENROLLED_COUNT + 1} or more, else one; one other "
        "picture of each enrolled person and one of everybody else is searched; FNIR = not first "
        "or below the threshold, FPIR = share of the others who pass."
    )
