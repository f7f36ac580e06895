"""The figures of a report for a person to read."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from models.evaluation.attacks import AttackReport
from models.evaluation.report import Report
from models.evaluation.statistics import Interval

NOT_MEASURED: Final = "-"


def percent(share: float | None, interval: Interval | None = None) -> str:
    """Return a share with its 95 % interval, for people."""
    if share is None:
        return NOT_MEASURED
    shown = _percent(share)
    if interval is None:
        return f"{shown} %"
    return f"{shown} % ({_percent(interval[0])}..{_percent(interval[1])})"


def _percent(share: float) -> str:
    value = 100 * share
    return f"{value:.3g}" if 0 < value < 10 else f"{value:.1f}".removesuffix(".0")


def similarity(value: float | None) -> str:
    """Return a similarity, for people."""
    return NOT_MEASURED if value is None else f"{value:.3f}"


def print_report(report: Report, console: Console) -> None:
    """Print tables, then notes, then how it was measured."""
    found = report.found
    pictures, comparisons = found.pictures, found.comparisons
    speed = "" if pictures.ms_per_image is None else f", {pictures.ms_per_image:.1f} ms a picture"
    _say(
        console,
        f"{report.pipeline}: {pictures.images:,} pictures of {pictures.identities:,} people, "
        f"{len(pictures.not_detected):,} without a face, {len(pictures.unreadable):,} unreadable"
        f"{speed}",
    )
    _say(
        console,
        f"{len(comparisons.genuine):,} genuine and {len(comparisons.impostors):,} impostor pairs: "
        f"EER {percent(report.eer)}, rank 1 {percent(report.rank1, report.rank1_interval)}",
    )
    _print(
        console,
        "Two pictures compared",
        ("FAR", "threshold", "TAR (95 %)", "every person alike"),
        [
            (
                percent(far),
                similarity(row.threshold),
                percent(row.tar, row.interval),
                percent(row.tar_identity_mean),
            )
            for far, row in report.tar_at_far.items()
        ],
    )
    _print(
        console,
        "A picture searched in a gallery",
        ("people", "FPIR", "threshold", "FNIR (95 %)", "pictures enrolled"),
        [
            (
                f"{row.n:,}",
                percent(row.fpir),
                similarity(row.threshold),
                percent(row.fnir, row.interval),
                NOT_MEASURED if row.pictures is None else f"{row.pictures}",
            )
            for row in report.open_set
            if row.threshold is not None
        ],
    )
    _print_shipped(report, console)
    _notes(console, report.notes, report.protocol)


def _print_shipped(report: Report, console: Console) -> None:
    """Print what a gate would do: FAR and FRR of pairs, FPIR and FNIR of searches."""
    _print(
        console,
        "A gate's default thresholds: pairs (FAR, FRR), searches (FPIR, FNIR)",
        ("people", "accept", "step-up", "FAR", "FRR", "FPIR (95 %)", "FNIR", "of it refused"),
        [
            (
                f"{point.n:,}",
                similarity(point.accept),
                similarity(point.step_up),
                percent(point.far),
                percent(point.frr),
                percent(point.fpir, point.fpir_interval),
                percent(point.fnir),
                percent(point.fnir_step_up),
            )
            for point in report.shipped
        ],
    )


def print_attacks(report: AttackReport, console: Console) -> None:
    """Print a row for each kind, then notes, then how it was measured."""
    _say(console, f"{report.pipeline} with {', '.join(report.networks)}")
    kinds = [("live", report.live)] if report.live is not None else []
    _print(
        console,
        "Presentations",
        ("kind", "n", "passed", "asked for a card", "refused", "no face"),
        [
            (
                name,
                f"{kind.n:,}",
                percent(kind.share(kind.passed), kind.interval(kind.passed)),
                percent(kind.share(kind.stepped_up), kind.interval(kind.stepped_up)),
                percent(kind.share(kind.refused), kind.interval(kind.refused)),
                f"{kind.no_face:,}",
            )
            for name, kind in [*kinds, *report.attacks.items()]
        ],
    )
    document = report.as_json()
    _say(
        console,
        f"\nAPCER of the worst kind {percent(document['apcer_worst'])}, "
        f"BPCER {percent(document['bpcer'], document['bpcer_interval'])}",
    )
    _notes(console, report.notes, document["protocol"])


def _print(
    console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    if not rows:
        return
    table = Table(
        box=None, padding=(0, 2, 0, 0), title=title, title_justify="left", title_style="bold"
    )
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console.print()
    console.print(table)


def _notes(console: Console, notes: Sequence[str], protocol: str) -> None:
    console.print()
    for note in notes:
        _say(console, f"note: {note}")
    _say(console, protocol)


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False)
