"""What a report could not say, and why: one line each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.comparison import Comparisons, Rows
from models.evaluation.folder import Folder
from models.evaluation.identification import OpenSet, Searches, can_search
from models.evaluation.pairs_file import PairList
from models.evaluation.statistics import Owners

FEW_IDENTITIES: Final = 30
"""With fewer people the intervals say little: a bootstrap knows only those who are there."""
NAMED_MAX: Final = 3


def below(path: Path, folder: Path) -> str:
    """Return a path as it is told: below the folder, with what is no text replaced."""
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(shown).encode("utf-8", "replace").decode()


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def nothing_in(folder: Path, listed: Folder) -> str:
    """Return what to do about a folder without an identity."""
    if listed.strays:
        return (
            f"{folder} holds {counted(len(listed.strays), 'picture')} but no folder per identity: "
            "put each person's pictures into a folder of its own, or list pairs with --pairs"
        )
    if listed.closed:
        return f"cannot read {below(listed.closed[0], folder)} in {folder}: give yourself the right"
    return f"{folder} holds no pictures: it needs a folder per identity with pictures in it"


def folder_notes(folder: Path, listed: Folder) -> Iterator[str]:
    """Yield what of a folder was left out."""
    if listed.strays:
        names = _some([below(path, folder) for path in listed.strays])
        yield f"{counted(len(listed.strays), 'picture')} in no identity's folder, left out: {names}"
    if listed.empty_count:
        yield f"{counted(listed.empty_count, 'folder')} without a picture, left out"
    if listed.other_count:
        yield f"{counted(listed.other_count, 'file')} not named like a picture, left out"
    for path in listed.closed[:NAMED_MAX]:
        yield f"cannot look into {below(path, folder)}: left out"
    inner = {picture.path.relative_to(folder).parts[1] for picture in listed.pictures}
    is_deeper = all(len(p.path.relative_to(folder).parts) > 2 for p in listed.pictures)
    if len(listed.identities) == 1 and is_deeper and len(inner) > 1:
        only = folder / listed.identities[0]
        yield f"one identity with {len(inner)} folders: if these are people, evaluate {only}"


def picture_notes(
    images: int, not_detected: Sequence[str], unreadable: Mapping[str, str]
) -> Iterator[str]:
    """Yield which pictures are in no figure."""
    if unreadable:
        name, reason = next(iter(unreadable.items()))
        yield f"{counted(len(unreadable), 'file')} unreadable, in no figure; {name}: {reason}"
    if not_detected:
        yield (
            f"no face found in {len(not_detected):,} of {counted(images, 'picture')}, which are in "
            f"no other figure: {_some(not_detected)}"
        )


def twin_notes(rows: Rows, owners: Owners, names: Sequence[str]) -> Iterator[str]:
    """Yield which pictures are there twice, by their embeddings, one row and name each."""
    first, within, across = dict[bytes, int](), 0, list[tuple[str, str]]()
    for index, row in enumerate(rows):
        other = first.setdefault(row.tobytes(), index)
        if owners[other] != owners[index]:
            across.append((names[other], names[index]))
        elif other != index:
            within += 1
    if across:
        one, other_name = across[0]
        yield (
            f"{counted(len(across), 'picture')} in the folders of two people, which counts as an "
            f"impostor: put it right first; {one} = {other_name}"
        )
    if within:
        yield (
            f"{counted(within, 'picture')} there twice for one person, which makes genuine pairs "
            "look better than they are"
        )


def list_notes(file: Path, listed: PairList, compared_count: int) -> Iterator[str]:
    """Yield which listed pairs were left out."""
    if listed.absent:
        line, name = listed.absent[0]
        yield (
            f"{counted(len(listed.absent), 'line')} of {file.name} left out, whose pictures are "
            f"not there; line {line}: {name}"
        )
    if lost := len(listed.pairs) - compared_count:
        yield f"{counted(lost, 'pair')} left out for want of a picture with a face"
    yield "listed pairs have no rank 1 and no galleries: leave --pairs out for those"


def pair_notes(comparisons: Comparisons, fars: Sequence[float]) -> Iterator[str]:
    """Yield what the pairs are too few for."""
    genuine, impostors = len(comparisons.genuine), len(comparisons.impostors)
    if not genuine:
        yield (
            "no two pictures of one person show a face: there is no EER, TAR, rank 1 or FNIR "
            "without a second picture"
        )
    if not impostors:
        yield "no pictures of two people to compare: there is no EER, TAR, rank 1 or FPIR"
        return
    if missing := [far for far in fars if far * impostors < 1 - 1e-9]:
        yield (
            f"{counted(impostors, 'impostor pair')}: too few for FAR {100 * missing[0]:g} %, which "
            f"needs {1 / missing[0]:,.0f}"
        )
    if genuine:
        shares = np.bincount(comparisons.genuine_owners) / genuine
        if len(np.unique(comparisons.genuine_owners)) > 2 and shares.max() > 0.5:
            yield (
                f"one person has {shares.max():.0%} of the genuine pairs: see tar_identity_mean, "
                "where every person counts alike"
            )


def gallery_notes(owners: Owners, sizes: Sequence[int]) -> Iterator[str]:
    """Yield which galleries cannot be searched."""
    people = len(np.unique(owners))
    missing = [n for n in sizes if not can_search(owners, n)]
    too_large = [f"{n:,}" for n in missing if n >= people]
    if too_large:
        yield (
            f"{counted(people, 'person', 'people')} with a face: too few for a gallery of "
            f"{' or '.join(too_large)} and a stranger beside it"
        )
    if len(missing) > len(too_large):
        yield "nobody has a second picture to search a gallery with"
    if 1 < people < FEW_IDENTITIES:
        yield f"{people} people are few: another {people} may give quite other figures"


def open_set_notes(open_set: Sequence[OpenSet], searches: Mapping[int, Searches]) -> Iterator[str]:
    """Yield what galleries that were searched are too small to say."""
    for row in open_set:
        found = searches.get(row.n)
        if found is not None and row.threshold is None:
            yield (
                f"n = {row.n:,}: {counted(found.stranger_picture_count, 'picture')} of strangers "
                f"are too few for FPIR {100 * row.fpir:g} %, which needs {1 / row.fpir:,.0f}"
            )
    if any(found.pictures == 1 for found in searches.values()):
        yield "nobody enrolled has four pictures: one picture enrolled, where a site takes three"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED_MAX])
    return shown if len(names) <= NAMED_MAX else f"{shown}, ..."
