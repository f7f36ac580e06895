"""The figures of a report as pictures: DET curve, score histograms, FPIR against gallery size.

Nothing is drawn smoother than it was measured: curves end where the pairs do, and shares that so
few pairs cannot show lie in a shaded strip.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from models.evaluation.comparison import Measure, measure_of
from models.evaluation.identification import can_search, curve_sizes, search
from models.evaluation.report import Report
from models.evaluation.statistics import Scores
from models.face.types import Pipeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GENUINE, IMPOSTOR, INK, FAINT = "#0b7285", "#c92a2a", "#212529", "#868e96"
BAND: Final = "#f1f3f5"
SIZE_INCHES: Final = (8.0, 5.2)
DOTS_PER_INCH: Final = 144
RATE_MIN: Final = 1e-9
"""Lower edge of a band that reaches down to nothing, which a logarithm has no place for."""
POINT_COUNT: Final = 400
BIN_WIDTH: Final = 0.02
LAX_FAR: Final = 0.2
CURVE_SPLITS: Final = 20
TICK_COUNT: Final = 7
TICK_RATIO: Final = 1.5
"""A gallery size nearer to the largest is drawn without its number."""

Points = npt.NDArray[np.float64]


class PlotsError(Exception):
    """Plots cannot be made; the message is one line that says what to do."""


def prepare(folder: Path) -> None:
    """Make sure that plots can be written, before hours of measuring.

    Raises:
        PlotsError: The drawing library is not installed, or the folder cannot be made.
    """
    try:
        import matplotlib.figure  # noqa: F401 - only asked for
    except ImportError as error:
        raise PlotsError(
            "--plots needs matplotlib: run `uv sync --extra evaluation` or "
            "`pip install 'menshen[evaluation]'`"
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (probe := folder / ".menshen").touch()
        probe.unlink()
    except OSError as error:
        raise PlotsError(f"cannot write into {folder}: {error.strerror}") from error


def draw(report: Report, pipeline: Pipeline, folder: Path) -> Sequence[Path]:
    """Draw what the report has the figures for.

    Args:
        report: Of this run.
        pipeline: That it measured; makes the templates of the galleries.
        folder: Which ``prepare`` has made.

    Returns:
        The files.

    Raises:
        PlotsError: One cannot be written.
    """
    comparisons = report.found.comparisons
    genuine, impostors = len(comparisons.genuine) > 0, len(comparisons.impostors) > 0
    measure, curves = measure_of(pipeline), fpir_curves(report, pipeline)
    makers: dict[str, tuple[bool, Callable[[Axes], None]]] = {
        "det.png": (genuine and impostors, lambda axes: _det(axes, report)),
        "scores.png": (genuine or impostors, lambda axes: _histograms(axes, report, measure)),
        "fpir.png": (len(curves) > 0, lambda axes: _fpir(axes, report, curves)),
    }
    return [_save(folder / name, make) for name, (has_data, make) in makers.items() if has_data]


def _save(path: Path, make: Callable[["Axes"], None]) -> Path:
    # Imported when it is needed: it is an extra, and takes a second.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(
        {"font.size": 10, "axes.edgecolor": FAINT, "text.color": INK, "axes.labelcolor": INK}
    ):
        figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, which="both", width=0.6)
        make(axes)
        try:
            figure.savefig(path)
        except OSError as error:
            raise PlotsError(f"cannot write {path}: {error.strerror}") from error
    return path


def _title(axes: "Axes", title: str, report: Report) -> None:
    pictures, comparisons = report.found.pictures, report.found.comparisons
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", pad=26)
    axes.text(
        0,
        1.02,
        f"{report.pipeline}, {pictures.images:,} pictures of {pictures.identities:,} people, "
        f"{len(comparisons.genuine):,} genuine and {len(comparisons.impostors):,} impostor pairs",
        transform=axes.transAxes,
        color=FAINT,
        fontsize=9,
        va="bottom",
    )


def det_curve(genuine: Scores, impostors: Scores) -> tuple[Points, Points]:
    """Return false accept and false reject rates, both not empty, from strict to lax thresholds.

    Args:
        genuine: Ascending.
        impostors: Ascending.
    """
    passing = np.unique(np.geomspace(1, len(impostors), POINT_COUNT).astype(np.int64))
    thresholds = impostors[len(impostors) - passing]
    refused = np.searchsorted(genuine, thresholds, side="left")
    return passing / len(impostors), refused / len(genuine)


def _det(axes: "Axes", report: Report) -> None:
    comparisons = report.found.comparisons
    fars, frrs = det_curve(comparisons.genuine, comparisons.impostors)
    least = 1 / len(comparisons.genuine)
    # Where nearly everybody passes nobody works: the curve need not be seen to its end.
    low = max(least / 4, float(frrs[np.searchsorted(fars, LAX_FAR)]) / 4)
    left = fars[0] / 1.5
    _percent_axes(axes, "xy")
    axes.set_xlim(left, 1)
    axes.set_ylim(low, 1)
    if low < least:
        _strip(axes, low, least, len(comparisons.genuine))
    diagonal = np.geomspace(max(left, low), 1, 2)
    axes.plot(diagonal, diagonal, color=FAINT, lw=0.7, ls=(0, (4, 4)))
    seen = np.maximum(frrs, low * 1.6) if low < least else frrs
    axes.plot(fars, seen, color=GENUINE, lw=2, drawstyle="steps-post")
    if report.eer is not None and report.eer > low:
        axes.plot(report.eer, report.eer, "o", color=INK, ms=5, zorder=4)
        axes.annotate(
            f"EER {100 * report.eer:.2g} %",
            (report.eer, report.eer),
            (-7, -13),
            textcoords="offset points",
            ha="right",
            fontsize=9,
        )
    for far, row in report.tar_at_far.items():
        if row.tar is None or row.interval is None:
            continue
        shown = max(1 - row.tar, low * 1.6)
        worst, best = 1 - row.interval[0], max(1 - row.interval[1], low * 1.6)
        axes.plot([far, far], [best, max(worst, best)], color=GENUINE, lw=1.2, alpha=0.6)
        axes.plot(far, shown, "o", color=GENUINE, ms=5, zorder=4)
        is_high = shown > 0.25
        axes.annotate(
            f"{100 * (1 - row.tar):.2g} %\nat {row.threshold:.3f}",
            (far, shown),
            (-7, -24) if is_high else (7, 5),
            textcoords="offset points",
            ha="right" if is_high else "left",
            fontsize=8.5,
            color=GENUINE,
        )
    axes.set_xlabel("impostor pairs that pass (FAR)")
    axes.set_ylabel("genuine pairs refused (FRR); bars: 95 %, by person")
    _title(axes, "Two pictures compared: refused against passed", report)


def _strip(axes: "Axes", low: float, least: float, genuine_count: int) -> None:
    axes.axhspan(low, least, color=BAND, lw=0)
    axes.text(
        0.99,
        least / 1.08,
        f"fewer than one of {genuine_count:,} genuine pairs  ",
        color=FAINT,
        fontsize=8,
        ha="right",
        va="top",
    )


def _percent_axes(axes: "Axes", which: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        (axes.set_xscale if name == "x" else axes.set_yscale)("log")
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{_plain(100 * value)} %"))
        axis.set_major_locator(LogLocator(numticks=TICK_COUNT))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, color="#e9ecef", lw=0.6)
    axes.set_axisbelow(True)


def _plain(value: float) -> str:
    return f"{value:.8f}".rstrip("0").rstrip(".")


def _histograms(axes: "Axes", report: Report, measure: Measure) -> None:
    comparisons = report.found.comparisons
    kinds = [
        ("impostor pairs", comparisons.impostors, IMPOSTOR),
        ("genuine pairs", comparisons.genuine, GENUINE),
    ]
    found = [scores for _, scores, _ in kinds if len(scores)]
    low = np.floor(min(float(scores[0]) for scores in found) / BIN_WIDTH) * BIN_WIDTH
    high = max(float(scores[-1]) for scores in found) + BIN_WIDTH
    edges = np.arange(low, high + BIN_WIDTH, BIN_WIDTH)
    top = 0.0
    for name, scores, colour in kinds:
        if not len(scores):
            continue
        shares = np.histogram(scores, edges)[0] / len(scores)
        axes.stairs(100 * shares, edges, fill=True, color=colour, alpha=0.22)
        axes.stairs(100 * shares, edges, color=colour, lw=1.5)
        peak = int(shares.argmax())
        top = max(top, 100 * float(shares.max()))
        axes.annotate(
            f"{len(scores):,} {name}",
            (edges[peak] + BIN_WIDTH / 2, 100 * shares[peak]),
            (0, 5),
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=9.5,
            fontweight="bold",
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1},
        )
    axes.set_ylim(0, top * 1.3)
    for level, (far, row) in enumerate(report.tar_at_far.items()):
        if row.threshold is not None:
            height = top * (1.27 - 0.07 * level)
            axes.plot([row.threshold] * 2, [0, height], color=INK, lw=0.8, ls=(0, (4, 3)))
            axes.text(
                row.threshold,
                height,
                f"  FAR {100 * far:g} % at {row.threshold:.3f}",
                fontsize=8.5,
                va="center",
            )
    axes.set_xlabel("similarity: " + ("cosine" if measure == "cosine" else "1 - distance"))
    axes.set_ylabel(f"share of its pairs in {BIN_WIDTH} of similarity, %")
    _title(axes, "How alike pictures are", report)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """FPIR of one threshold. Attributes: lows, highs: 95 %; only sizes at which somebody passed."""

    far: float
    threshold: float
    sizes: Points
    rates: Points
    lows: Points
    highs: Points


def fpir_curves(report: Report, pipeline: Pipeline) -> list[Curve]:
    """Return how FPIR grows with the gallery, at the thresholds of the report."""
    found = report.found
    if not report.open_set or not can_search(found.owners, 1):
        return []
    measure, identity_count = measure_of(pipeline), int(found.owners.max()) + 1
    searches = [
        search(found.rows, found.owners, pipeline, measure, n, split_count=CURVE_SPLITS)
        for n in curve_sizes(found.owners)
        if can_search(found.owners, n)
    ]
    curves = []
    for far, row in report.tar_at_far.items():
        if row.threshold is None:
            continue
        points = [
            (searched.n, rate, *(interval or (np.nan, np.nan)))
            for searched in searches
            if (rate := searched.passing(row.threshold))
            for interval in [
                searched.passing_interval(row.threshold, identity_count=identity_count)
            ]
        ]
        if points:
            curves.append(Curve(far, row.threshold, *np.array(points, np.float64).T))
    return curves


def _fpir(axes: "Axes", report: Report, curves: Sequence[Curve]) -> None:
    _percent_axes(axes, "y")
    axes.set_xscale("log")
    sizes = sorted({float(size) for curve in curves for size in curve.sizes})
    for curve in curves:
        axes.fill_between(
            curve.sizes,
            np.maximum(curve.lows, RATE_MIN),
            curve.highs,
            color=IMPOSTOR,
            alpha=0.12,
            lw=0,
        )
        axes.plot(curve.sizes, curve.rates, "o-", color=IMPOSTOR, lw=1.8, ms=4)
        law = np.minimum(np.array(sizes) * curve.far, 1)
        axes.plot(sizes, law, color=FAINT, lw=0.9, ls=(0, (4, 4)))
        axes.annotate(
            f"{curve.threshold:.3f} (FAR {100 * curve.far:g} %)",
            (float(curve.sizes[-1]), float(curve.rates[-1])),
            (8, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=IMPOSTOR,
            va="center",
        )
    axes.set_ylim(min(float(curve.rates.min()) for curve in curves) / 3, 2)
    ticks = [size for size in sizes if size == sizes[-1] or size < sizes[-1] / TICK_RATIO]
    axes.set_xticks(ticks, [f"{size:,.0f}" for size in ticks])
    axes.set_xticks([], minor=True)
    axes.text(
        0.01,
        0.97,
        "at a threshold (its FAR for two pictures); dashed: people x FAR",
        transform=axes.transAxes,
        color=FAINT,
        fontsize=9,
        va="top",
    )
    axes.set_xlabel("people enrolled")
    axes.set_ylabel("strangers' pictures that pass (FPIR); bands: 95 %, by person")
    _title(axes, "Strangers who search a gallery", report)
