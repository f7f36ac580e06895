"""How often a cover on the face is told, and how often one is seen where there is none.

``uv run python -m benchmarks.face_covers --json FILE``. Covers are drawn on stills of LFW and the
stills made into approaches (``benchmarks.face_stills``), five frames of each; what most of the
frames say counts, as at the gate. The rates are those of five of the ten people, without a cover
of all; the limits were chosen with all ten in view, so this is no clean holdout. Nobody wore
anything.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.face_networks import networks, pipelines, shared_folder
from benchmarks.face_passes import Still, read_stills
from benchmarks.face_stills import CONDITIONS, Cover, approach, mask_of, pleated_mask, seed_of
from benchmarks.measure import write_json
from benchmarks.rates import Share
from config.demo.report import describe_machine
from models.face.covers import find_cover
from models.face.types import Pipeline, Points
from models.store import StoreError

PEOPLE: Final = Path("faces", "lfw10x10")
OTHERS: Final = Path("faces", "face_recognition")
FRAMES: Final = slice(10, 27, 4)
"""Faces of 127 to 170 pixels."""
FACE_PX_MIN: Final = 100
UNCOVERED: Final = "as photographed"
COVERS: Final[Mapping[str, Cover]] = {
    **CONDITIONS,
    "mask, white": mask_of((232, 232, 232)),
    "mask, black": mask_of((35, 32, 30)),
    "mask, colour of skin": mask_of((150, 170, 205)),
    "mask, pleated": pleated_mask,
}
NOTHING, NOT_FOUND = "nothing", "no face found"


def said_of(pipeline: Pipeline, still: Still, five: Points, cover: Cover) -> str:
    """Return what most of an approach's frames say; ``NOTHING`` where they do not agree."""
    if still.face is None:
        return NOT_FOUND
    image = cover(still.image, five)
    frames = islice(
        approach(image, still.face.box, seed=seed_of(still.name)),
        FRAMES.start,
        FRAMES.stop,
        FRAMES.step,
    )
    said = Counter[str]()
    for frame in frames:
        face = next(iter(pipeline.detect(frame.image, face_size_px_min=FACE_PX_MIN)), None)
        if face is None:
            said[NOT_FOUND] += 1
        else:
            said[str(find_cover(frame.image, face) or NOTHING)] += 1
    [(most, count)] = said.most_common(1)
    return most if 2 * count > said.total() else NOTHING


def measure(pipeline: Pipeline, shared: Path) -> dict[str, Any]:
    """Return what is said of each cover, and of people without one."""
    people = sorted(folder for folder in (shared / PEOPLE).iterdir() if folder.is_dir())
    stills = {
        folder.name: read_stills(pipeline, folder.name, sorted(folder.glob("*.jpg")))
        for folder in people
    }
    unseen = [still for name in sorted(stills)[len(stills) // 2 :] for still in stills[name]]
    everybody = [still for name in stills for still in stills[name]]
    others = read_stills(pipeline, "others", sorted((shared / OTHERS).rglob("*.jpg")))
    result = {}
    for name, cover in COVERS.items():
        chosen = [*everybody, *others] if name == UNCOVERED else unseen
        result[name] = _row(pipeline, chosen, cover, name)
    return result


def _row(pipeline: Pipeline, stills: Sequence[Still], cover: Cover, name: str) -> dict[str, Any]:
    console = Console(stderr=True)
    said = {
        still.name: said_of(pipeline, still, _points(still), cover)
        for still in track(stills, description=name, console=console)
    }
    counts = Counter(said.values())
    of = counts.total()
    return {
        "said": {what: Share(count, of).as_json() for what, count in counts.most_common()},
        "of": of,
        "pictures": {n: w for n, w in said.items() if w != NOTHING} if name == UNCOVERED else {},
    }


def _points(still: Still) -> Points:
    if still.face is None or still.face.points is None:
        return np.zeros((5, 2), np.float32)
    return still.face.points


def show(result: Mapping[str, Any]) -> None:
    """Print the table."""
    table = Table("drawn", "said", "share", "of")
    for name, row in result.items():
        for what, share in row["said"].items():
            low, high = share["interval"]
            table.add_row(
                name, what, f"{share['rate']:.1%} ({low:.1%}..{high:.1%})", str(row["of"])
            )
    Console().print(table)
    Console().print(result[UNCOVERED]["pictures"])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.face_covers", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        with networks() as store:
            pipeline = pipelines(store)["production"]
            if pipeline is None:
                raise SystemExit(
                    "the production pipeline's files are absent: `menshen models list`"
                )
            result = measure(pipeline, shared_folder())
    except StoreError as error:
        raise SystemExit(str(error)) from error
    show(result)
    write_json(arguments.json, {**result, "machine": describe_machine()})


if __name__ == "__main__":
    main()
