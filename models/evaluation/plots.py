"""The figures of a report as pictures: DET curve, score histograms, FPIR against gallery size.

Nothing is drawn smoother than it was measured: curves end where the pairs do, and shares that so
few pairs cannot show lie in a shaded strip.
"""

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
POINT_COUNT: Final = 400
BIN_WIDTH: Final = 0.02
CURVE_SPLITS: Final = 20
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
    has_both = bool(len(comparisons.genuine) and len(comparisons.impostors))
    makers: dict[str, tuple[bool, Callable[[Axes], None]]] = {
        "det.png": (has_both, lambda axes: _det(axes, report)),
        "scores.png": (
            bool(len(comparisons.genuine) or len(comparisons.impostors)),
            lambda axes: _histograms(axes, report, measure_of(pipeline)),
        ),
        "fpir.png": (
            bool(report.open_set) and can_search(report.found.owners, 1),
            lambda axes: _fpir(axes, report, pipeline),
        ),
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
    low, left = least / 4, fars[0] / 1.5
    _percent_axes(axes, "xy")
    axes.set_xlim(left, 1)
    axes.set_ylim(low, 1)
    axes.axhspan(low, least, color=BAND, lw=0)
    axes.text(
        0.99,
        least / 1.08,
        f"fewer than one of {len(comparisons.genuine):,} genuine pairs  ",
        color=FAINT,
        fontsize=8,
        ha="right",
        va="top",
    )
    diagonal = np.geomspace(max(left, low), 1, 2)
    axes.plot(diagonal, diagonal, color=FAINT, lw=0.7, ls=(0, (4, 4)))
    axes.plot(fars, np.maximum(frrs, low * 1.6), color=GENUINE, lw=2, drawstyle="steps-post")
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
            f"{100 * (1 - row.tar):.2g} % refused\nat {row.threshold:.3f}",
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


def _percent_axes(axes: "Axes", which: str) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        (axes.set_xscale if name == "x" else axes.set_yscale)("log")
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{_plain(100 * value)} %"))
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


def _fpir(axes: "Axes", report: Report, pipeline: Pipeline) -> None:
    found = report.found
    identity_count = int(found.owners.max()) + 1
    measure = measure_of(pipeline)
    searches = [
        search(found.rows, found.owners, pipeline, measure, n, split_count=CURVE_SPLITS)
        for n in curve_sizes(found.owners)
        if can_search(found.owners, n)
    ]
    sizes = np.array([searched.n for searched in searches])
    _percent_axes(axes, "y")
    axes.set_xscale("log")
    lowest, is_labelled = 1.0, False
    for far, row in report.tar_at_far.items():
        if row.threshold is None:
            continue
        rates = np.array([searched.passing(row.threshold) for searched in searches])
        bounds = [
            s.passing_interval(row.threshold, identity_count=identity_count) for s in searches
        ]
        is_seen = rates > 0
        if not is_seen.any():
            continue
        lowest = min(lowest, float(rates[is_seen].min()))
        lows, highs = (np.array([b[side] if b else np.nan for b in bounds]) for side in (0, 1))
        axes.fill_between(
            sizes[is_seen],
            np.maximum(lows, 1e-9)[is_seen],
            highs[is_seen],
            color=IMPOSTOR,
            alpha=0.12,
            lw=0,
        )
        axes.plot(sizes[is_seen], rates[is_seen], "o-", color=IMPOSTOR, lw=1.8, ms=4)
        axes.plot(sizes, np.minimum(sizes * far, 1), color=FAINT, lw=0.9, ls=(0, (4, 4)))
        if not is_labelled:
            axes.annotate(
                "people x FAR",
                (sizes[0], sizes[0] * far),
                (4, -11),
                textcoords="offset points",
                fontsize=8.5,
                color=FAINT,
            )
            is_labelled = True
        axes.annotate(
            f"threshold {row.threshold:.3f}\n(FAR {100 * far:g} %)",
            (sizes[is_seen][-1], rates[is_seen][-1]),
            (8, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=IMPOSTOR,
            va="center",
        )
    axes.set_ylim(lowest / 3, 1.2)
    axes.set_xlabel("people enrolled")
    axes.set_ylabel("strangers' pictures that pass (FPIR); bands: 95 %, by person")
    ticks = [size for size in sizes if size == sizes[-1] or size < sizes[-1] / TICK_RATIO]
    axes.set_xticks(ticks, [f"{size:,}" for size in ticks])
    axes.set_xticks([], minor=True)
    _title(axes, "Strangers who search a gallery", report)
