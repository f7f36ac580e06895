"""The command ``menshen models evaluate``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.evaluation.attacks import PAIR, AttackReport, evaluate_attacks
from models.evaluation.folder import EvaluationError
from models.evaluation.plots import PlotsError, draw, prepare
from models.evaluation.report import Report, evaluate_folder, evaluate_pairs
from models.evaluation.tables import print_attacks, print_report
from models.face import open_pipeline
from models.face.types import Pipeline
from models.liveness import Liveness, open_liveness
from models.store import DEFAULT_PIPELINE, MissingFilesError, Store, StoreError, default_store

SIZE_MAX: Final = 10_000_000


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder that holds a folder per person with pictures of that person.",
            show_default=False,
        ),
    ] = None,
    *,
    pipeline: Annotated[
        str, typer.Option(help="Networks to measure: builtin, production, ...")
    ] = DEFAULT_PIPELINE,
    gallery: Annotated[
        str | None,
        typer.Option(
            help="How many people are enrolled, for example 100,1000 (the default).",
            show_default=False,
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="Compare these pairs only. A CSV with lines one,other,same: two paths below "
            "FOLDER, and 1 for one person or 0 for two; or LFW's name,1,2 and name,1,other,2. "
            "A heading is not needed.",
            show_default=False,
        ),
    ] = None,
    attacks: Annotated[
        Path | None,
        typer.Option(
            help="In place of FOLDER: measure liveness on a folder that holds live/ and a folder "
            "for each kind of attack, of pictures and short films.",
            show_default=False,
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(help="Write plots into this folder, as PNG.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output.")
    ] = False,
) -> None:
    """Measure how often strangers pass and people are refused, on pictures of your own.

    Nothing leaves this machine. Pictures without a face and files that cannot be read are counted,
    and what the folder is too small to say is null in JSON, with a note that says why.
    """
    if (folder is None) == (attacks is None):
        raise typer.BadParameter("name a folder of people, or --attacks with a folder of attacks")
    if attacks is not None and (pairs, gallery, plots) != (None, None, None):
        raise typer.BadParameter("--attacks goes without --pairs, --gallery and --plots")
    sizes = None if gallery is None else _sizes(gallery)
    store = default_store()
    try:
        if attacks is not None:
            report: Report | AttackReport = _attacks(attacks, pipeline, store)
        else:
            report = _people(folder or Path(), pipeline, store, sizes, pairs, plots)
    except (EvaluationError, PlotsError, StoreError) as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps(report.as_json()))
    elif isinstance(report, Report):
        print_report(report, Console(highlight=False))
    else:
        print_attacks(report, Console(highlight=False))


def _people(
    folder: Path,
    name: str,
    store: Store,
    sizes: Sequence[int] | None,
    pairs: Path | None,
    plots: Path | None,
) -> Report:
    if plots is not None:
        prepare(plots)
    pipeline = _opened(name, store)
    with _Progress() as shown:
        if pairs is not None:
            report = evaluate_pairs(
                folder,
                pairs,
                pipeline,
                sizes=sizes,
                on_progress=shown.count,
                on_step=shown.step,
            )
        else:
            report = evaluate_folder(
                folder, pipeline, sizes=sizes, on_progress=shown.count, on_step=shown.step
            )
        if plots is None:
            return report
        shown.step("drawing")
        drawn = draw(report, pipeline, plots)
    console = Console(stderr=True, highlight=False)
    for path in drawn:
        console.print(f"wrote {path}", soft_wrap=True, markup=False)
    return report


def _attacks(folder: Path, name: str, store: Store) -> AttackReport:
    pipeline, liveness = _opened(name, store), _liveness(store)
    with _Progress() as shown:
        return evaluate_attacks(folder, pipeline, liveness, on_progress=shown.count)


def _sizes(text: str) -> list[int]:
    """Return gallery sizes, each once, as they were written.

    Raises:
        typer.BadParameter: One is no number of people.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 0 < int(word) <= SIZE_MAX for word in words):
        raise typer.BadParameter(f"--gallery {text}: write numbers of people, as in 100,1000")
    return list(dict.fromkeys(map(int, words)))


def _opened(name: str, store: Store) -> Pipeline:
    try:
        return open_pipeline(name, store)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _liveness(store: Store) -> Liveness:
    """Open the networks of liveness.

    Raises:
        MissingFilesError: Neither of the anti-spoof pair is here.
    """
    liveness = open_liveness(store)
    if set(PAIR) <= set(liveness.missing):
        raise MissingFilesError(
            PAIR,
            "liveness needs them: add each with `menshen models add FILE`, or from a mirror run "
            "`menshen models fetch --pipeline liveness --from URL`",
        )
    return liveness


class _Progress:
    """What is being done, on standard error while somebody looks."""

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("looking at pictures", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def count(self, done: int, total: int) -> None:
        """Show how many files are done."""
        self._progress.update(self._task, completed=done, total=total)

    def step(self, what: str) -> None:
        """Show what is done with all of them."""
        self._progress.update(self._task, description=what, completed=0, total=None)
