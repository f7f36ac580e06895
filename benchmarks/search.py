"""1:N search beside numpy's plain product of all templates and the probe.

``uv run python -m benchmarks.search --json FILE``. Ours answers more: the two best people, exactly.
The templates are made: unit vectors whose impostor cosines have the mean, the deviation and about
the tail that were measured of face-reidentification-retail-0095 (``thresholds.FAR_0095``).
"""

import argparse
import itertools
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.measure import in_turn, ratio, write_json
from config.demo.report import describe_machine
from models.face.gallery import ExactGallery

Rows = npt.NDArray[np.float32]

SIZES: Final = (10_000, 100_000, 1_000_000)
ROUNDS: Final = {10_000: 200, 100_000: 60, 1_000_000: 20}
DIMENSIONS: Final = (128, 256)
PROBE_COUNT: Final = 16
CHUNK: Final = 50_000
SPECTRUM_DECAY: Final = 60.0
"""Directions over which the variance falls by e; about 100 count, so cosines deviate by 0.1."""
GROUP_COUNT, GROUP_SHARE = 300, 0.25
"""People fall into groups that look alike; within one the mean cosine is the share."""
GENUINE_COSINE: Final = 0.65
"""Of a probe with its own template."""
TAIL: Final = (0.3, 0.4, 0.5)


class Faces:
    """A source of templates that are spread as embeddings of faces are."""

    def __init__(self, dimension: int) -> None:
        """Begin a source; two of one dimension give the same."""
        self._generator = np.random.default_rng(dimension)
        self._scales = np.exp(-np.arange(dimension) / (2 * SPECTRUM_DECAY)).astype(np.float32)
        self._centres = self._drawn(GROUP_COUNT)

    def people(self, count: int) -> Rows:
        """Return templates of so many new people, shape (count, dimension), unit length."""
        rows = np.empty((count, len(self._scales)), np.float32)
        for start in range(0, count, CHUNK):
            part = self._drawn(min(CHUNK, count - start))
            group = self._generator.integers(0, GROUP_COUNT, len(part))
            part *= np.sqrt(1 - GROUP_SHARE)
            part += np.sqrt(GROUP_SHARE) * self._centres[group]
            rows[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
        return rows

    def pictures(self, templates: Rows) -> Rows:
        """Return a probe of each of some people."""
        noise = self.people(len(templates))
        noise -= (noise * templates).sum(axis=1, keepdims=True) * templates
        noise /= np.linalg.norm(noise, axis=1, keepdims=True)
        probes: Rows = GENUINE_COSINE * templates + np.sqrt(1 - GENUINE_COSINE**2) * noise
        return probes.astype(np.float32)

    def _drawn(self, count: int) -> Rows:
        shape = (count, len(self._scales))
        rows: Rows = self._generator.standard_normal(shape, dtype=np.float32) * self._scales
        return rows / np.linalg.norm(self._scales)


def impostors(rows: Rows) -> dict[str, float]:
    """Return how the cosines of different people are spread."""
    cosines = (rows[:3000] @ rows[3000:6000].T).ravel()
    tail = {f"share_above_{at}": float((cosines >= at).mean()) for at in TAIL}
    return {"mean": round(float(cosines.mean()), 4), "sd": round(float(cosines.std()), 4), **tail}


def check(gallery: ExactGallery, rows: Rows, probes: Sequence[Rows]) -> None:
    """Stop unless the two best people are those that float64 finds among all."""
    for probe in probes:
        near = np.argsort(rows @ probe)[-50:]
        wide = rows[near].astype(np.float64) @ probe.astype(np.float64)
        expected = [str(near[place]) for place in np.argsort(wide)[:-3:-1]]
        if [found.key for found in gallery.search(probe)] != expected:
            raise SystemExit(f"the search of {len(rows)} templates is not exact")


def each(work: Callable[[Rows], object], probes: Sequence[Rows]) -> Callable[[], object]:
    """Return work that takes another probe each time."""
    turns = itertools.cycle(probes)
    return lambda: work(next(turns))


def measure_size(
    gallery: ExactGallery, rows: Rows, *, genuine: Sequence[Rows], strangers: Sequence[Rows]
) -> dict[str, Any]:
    """Return the times of one gallery beside numpy's."""
    half = gallery.select([str(number) for number in range(0, len(rows), 2)])
    check(gallery, rows, [genuine[0], strangers[0]])
    # BLAS's second thread spins for a while after its product, at the cost of what comes next; that
    # is the search of half the people, not the one that is compared.
    selected, ours, stranger, numpy = in_turn(
        [
            each(half.search, genuine),
            each(gallery.search, genuine),
            each(gallery.search, strangers),
            each(lambda probe: rows @ probe, genuine),
        ],
        rounds=ROUNDS[len(rows)],
    )
    (put,) = in_turn([lambda: gallery.put("0", [rows[0]])], rounds=50)
    return {
        "ours_ms": ours["median"],
        "numpy_ms": numpy["median"],
        "ratio": ratio(ours, numpy),
        "ours_ms_min": ours["min"],
        "numpy_ms_min": numpy["min"],
        "stranger_ms": stranger["median"],
        "half_selected_ms": selected["median"],
        "put_ms": put["median"],
        "bytes_per_template": round(gallery.size_bytes / len(rows)),
    }


def measure_dimension(dimension: int) -> dict[str, Any]:
    """Return the times of all sizes with one length of templates."""
    faces = Faces(dimension)
    rows = faces.people(SIZES[-1])
    strangers = list(faces.people(PROBE_COUNT))
    gallery, put_s = ExactGallery(dimension=dimension, measure="cosine"), 0.0
    sizes: dict[str, dict[str, Any]] = {}
    for size in track(SIZES, f"{dimension} dimensions", console=Console(stderr=True)):
        began_s = time.perf_counter()
        for number in range(len(gallery), size):
            gallery.put(str(number), [rows[number]])
        put_s += time.perf_counter() - began_s
        enrolled = np.linspace(1, size - 1, PROBE_COUNT).astype(np.intp)
        genuine = list(faces.pictures(rows[enrolled]))
        sizes[str(size)] = measure_size(gallery, rows[:size], genuine=genuine, strangers=strangers)
    return {"impostors": impostors(rows), "enrol_s": round(put_s, 1), "sizes": sizes}


def peak_rss_mb() -> int:
    """Return the most memory that this process had, both galleries' rows twice in it."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("people", "dims", "ours, ms", "numpy", "ratio", "stranger", "half", "put")
    for size, row in result["n"].items():
        for dimension, cell in row["dims"].items():
            table.add_row(
                f"{int(size):,}",
                dimension,
                f"{cell['ours_ms']:.2f}",
                f"{cell['numpy_ms']:.2f}",
                f"{cell['ratio']:.1f} x",
                f"{cell['stranger_ms']:.2f}",
                f"{cell['half_selected_ms']:.2f}",
                f"{cell['put_ms']:.3f}",
            )
    console = Console()
    console.print(table)
    largest = result["n"][str(SIZES[-1])]["dims"]
    sizes = ", ".join(f"{d}: {cell['bytes_per_template']}" for d, cell in largest.items())
    console.print(f"bytes per template by dimensions: {sizes}")
    console.print(f"{result['rss_mb']} MB at most; {result['machine']}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.search", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    measured = {str(dimension): measure_dimension(dimension) for dimension in DIMENSIONS}
    result = {
        "n": {
            str(size): {"dims": {d: m["sizes"][str(size)] for d, m in measured.items()}}
            for size in SIZES
        },
        "data": {d: {k: m[k] for k in ("impostors", "enrol_s")} for d, m in measured.items()},
        "rss_mb": peak_rss_mb(),
        "machine": describe_machine(),
    }
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
