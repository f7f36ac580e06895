"""What a recogniser's session could be given instead: threads, I/O binding, batches, int8.

``uv run python -m benchmarks.face_options --json FILE``. Times beside the shipped session, in turn,
as ratios. int8 is a static quantisation (QDQ, per channel), calibrated on the faces of half of the
people and measured on those of the other half, both ways round; what it would cost those people
stands beside the float32 network on the same pairs.
"""

import argparse
import dataclasses
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.face_networks import networks, pipelines, shared_folder
from benchmarks.measure import in_turn, ratio, write_json
from benchmarks.rates import Share
from config.demo.report import describe_machine
from models.evaluation.statistics import equal_error_rate, share_at_least, threshold_at
from models.face.align import aligned_face
from models.face.chip import face_chip
from models.face.onnx_session import open_session
from models.face.types import Image, Points
from models.store import Store, StoreError

Rows = npt.NDArray[np.float32]

RECOGNISERS: Final = {"production": "face-reidentification-retail-0095", "builtin": "dlib-resnet"}
PEOPLE: Final = Path("faces", "lfw10x10")
FACE_PX_MIN: Final = 60
ROUNDS: Final = 40
BATCHES: Final = (2, 4)
FAR: Final = 0.01


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """What a recogniser is given.

    Attributes:
        inputs: One tensor for each face, with a batch of one.
        owners: The person of each, by index.
    """

    inputs: Sequence[npt.NDArray[Any]]
    owners: npt.NDArray[np.int32]

    def of(self, people: Sequence[int]) -> "Faces":
        """Return the faces of some people."""
        chosen = np.flatnonzero(np.isin(self.owners, people))
        return Faces([self.inputs[i] for i in chosen.tolist()], self.owners[chosen])


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime publishes no types
    """Gives the quantiser its pictures, one after the other."""

    def __init__(self, name: str, inputs: Sequence[npt.NDArray[Any]]) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter([{name: each} for each in inputs])

    def get_next(self) -> dict[str, Any] | None:
        """Return the next feed, or None after the last."""
        return next(self._feeds, None)


def zoo_input(image: Image, points: Points) -> npt.NDArray[Any]:
    """Return what face-reidentification-retail-0095 takes."""
    return aligned_face(image, points).transpose(2, 0, 1)[None].astype(np.float32)


def dlib_input(image: Image, points: Points) -> npt.NDArray[Any]:
    """Return what dlib's residual network takes."""
    return np.ascontiguousarray(face_chip(image, points))[None]


INPUTS: Final[Mapping[str, Callable[[Image, Points], npt.NDArray[Any]]]] = {
    "production": zoo_input,
    "builtin": dlib_input,
}


def read_faces(name: str, store: Store, folder: Path) -> Faces:
    """Return the faces of a folder of people, as one pipeline finds them.

    Raises:
        SystemExit: There are none, or the pipeline's files are absent.
    """
    pipeline = pipelines(store)[name]
    paths = sorted(folder.glob("*/*.jpg"))
    if pipeline is None or not paths:
        raise SystemExit(f"no photographs in {folder}, or no files of {name}: set MENSHEN_SHARED")
    people = sorted({path.parent.name for path in paths})
    inputs, owners = [], []
    for path in track(paths, f"faces, {name}", console=Console(stderr=True)):
        image = cv2.imread(str(path))
        if image is None:
            continue
        pixels = image.astype(np.uint8, copy=False)
        found = pipeline.detect(pixels, face_size_px_min=FACE_PX_MIN)
        if found and found[0].points is not None:
            inputs.append(INPUTS[name](pixels, found[0].points))
            owners.append(people.index(path.parent.name))
    return Faces(inputs, np.array(owners, np.int32))


def int8_of(model: Path, faces: Faces, target: Path) -> Path:
    """Quantise a network, calibrated on some faces."""
    name = open_session(str(model)).get_inputs()[0].name
    quantize_static(
        str(model),
        str(target),
        _Reader(name, faces.inputs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return target


def with_free_batch(model: Path) -> bytes:
    """Return a network that takes any number of faces at once."""
    proto = onnx.load(model)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    raw: bytes = proto.SerializeToString()
    return raw


def run_of(session: ort.InferenceSession, faces: npt.NDArray[Any]) -> Callable[[], object]:
    """Return the plain run of a session."""
    return partial(session.run, None, {session.get_inputs()[0].name: faces})


def bound_run_of(session: ort.InferenceSession, faces: npt.NDArray[Any]) -> Callable[[], object]:
    """Return the run of a session whose input and output stay bound."""
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, faces)
    binding.bind_output(session.get_outputs()[0].name)
    return partial(session.run_with_iobinding, binding)


def with_arena(model: str) -> ort.InferenceSession:
    """Open a network as shipped, but with ONNX Runtime's memory arena."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def measure_times(model: Path, int8: Path, face: npt.NDArray[Any]) -> dict[str, dict[str, Any]]:
    """Return the time of one face in each way, and how many times faster than shipped it is."""
    free = open_session(with_free_batch(model))
    shipped = open_session(str(model))
    works: dict[str, tuple[Callable[[], object], int]] = {
        "shipped": (run_of(shipped, face), 1),
        "two threads": (run_of(open_session(str(model), thread_count=2), face), 1),
        "memory arena": (run_of(with_arena(str(model)), face), 1),
        "I/O binding": (bound_run_of(shipped, face), 1),
        "int8": (run_of(open_session(str(int8)), face), 1),
    }
    for size in BATCHES:
        works[f"batch of {size}"] = run_of(free, np.concatenate([face] * size)), size
    times = in_turn([work for work, _ in works.values()], rounds=ROUNDS)
    rows = {}
    for (name, (_, size)), measured in zip(works.items(), times, strict=True):
        each = {key: round(value / size, 3) for key, value in measured.items()}
        rows[name] = {"ms_per_face": each, "times_faster": ratio(each, times[0])}
    return rows


def embeddings(model: Path, faces: Faces) -> Rows:
    """Return a row for each face."""
    session = open_session(str(model))
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: each})[0].ravel() for each in faces.inputs])


def similarities(rows: Rows, name: str) -> Rows:
    """Return every pair's similarity, on the pipeline's scale."""
    if name == "production":
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cosines: Rows = unit @ unit.T
        return cosines
    distances: Rows = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    return (1 - distances).astype(np.float32)


def measure_errors(name: str, model: Path, faces: Faces, folder: Path) -> dict[str, Any]:
    """Return what int8 costs people whom it was not calibrated on, beside float32."""
    people = np.unique(faces.owners)
    halves = people[::2].tolist(), people[1::2].tolist()
    genuine: dict[str, list[Rows]] = {"float32": [], "int8": []}
    impostors: dict[str, list[Rows]] = {"float32": [], "int8": []}
    drift: list[Rows] = []
    for index, half in enumerate(halves):
        other = faces.of(halves[1 - index])
        int8 = int8_of(model, faces.of(half), folder / f"{name}-{index}.onnx")
        rows = {"float32": embeddings(model, other), "int8": embeddings(int8, other)}
        units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in rows.values()]
        drift.append((units[0] * units[1]).sum(axis=1))
        upper = np.triu(np.ones((len(other.owners),) * 2, np.bool_), k=1)
        same = other.owners[:, None] == other.owners[None]
        for kind, found in rows.items():
            scores = similarities(found, name)
            genuine[kind].append(scores[upper & same])
            impostors[kind].append(scores[upper & ~same])
    kept = np.concatenate(drift)
    return {
        "cosine_to_float32": {"mean": float(kept.mean()), "min": float(kept.min())},
        **{kind: _rates(np.concatenate(genuine[kind]), np.concatenate(impostors[kind]))
           for kind in genuine},
    }  # fmt: skip


def _rates(genuine: Rows, impostors: Rows) -> dict[str, Any]:
    genuine, impostors = np.sort(genuine), np.sort(impostors)
    threshold = threshold_at(impostors, FAR)
    if threshold is None:
        raise SystemExit(f"too few impostor pairs for a rate of {FAR}: {len(impostors)}")
    accepted = round(share_at_least(genuine, threshold) * len(genuine))
    return {
        "eer": equal_error_rate(genuine, impostors),
        "threshold": threshold,
        "refused_at_far_0.01": Share(len(genuine) - accepted, len(genuine)).as_json(),
        "impostor_pairs": len(impostors),
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the tables."""
    console = Console()
    for name, found in result["recognisers"].items():
        table = Table(f"{RECOGNISERS[name]}, one face", "ms (min / median)", "times faster")
        for way, row in found["times"].items():
            each = row["ms_per_face"]
            table.add_row(
                way, f"{each['min']:.2f} / {each['median']:.2f}", str(row["times_faster"])
            )
        console.print(table)
        errors = found["errors"]
        cosine = errors["cosine_to_float32"]
        console.print(f"int8: cosine to float32 {cosine['mean']:.4f}, least {cosine['min']:.4f}")
        for kind in ("float32", "int8"):
            refused = errors[kind]["refused_at_far_0.01"]
            share = Share(refused["count"], refused["of"])
            console.print(f"{kind}: EER {errors[kind]['eer']:.2%}, refused at FAR 1 %: {share}")
    console.print(result["machine"])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.face_options", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser recommends a step that it lacks
    found: dict[str, Any] = {}
    try:
        with networks() as store, tempfile.TemporaryDirectory() as folder:
            for name, network in RECOGNISERS.items():
                stored = store.find(network)
                if stored is None:
                    raise SystemExit(f"{network} is not here: `menshen models add FILE`")
                faces = read_faces(name, store, shared_folder() / PEOPLE)
                int8 = int8_of(stored.path, faces, Path(folder) / f"{name}.onnx")
                found[name] = {
                    "times": measure_times(stored.path, int8, faces.inputs[0]),
                    "errors": measure_errors(name, stored.path, faces, Path(folder)),
                }
    except StoreError as error:
        raise SystemExit(str(error)) from error
    result = {"recognisers": found, "machine": describe_machine()}
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
