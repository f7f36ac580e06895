"""What ``menshen firmware`` shows: a bar while it works, and how it ended, in words or as JSON."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from config.contract.board_events import UpdateOutcome, UpdateStage
from firmware_bridge.client import SlotImage
from firmware_bridge.fleet import FleetResult
from firmware_bridge.group import Health, Identity, State
from firmware_bridge.update_steps import UpdateProgress, UpdateResult

STAGE_WORDS = {
    UpdateStage.WAITS: "waits",
    UpdateStage.UPLOADS: "uploads",
    UpdateStage.RESTARTS: "restarts",
    UpdateStage.PROVES: "proves itself",
    UpdateStage.GOES_BACK: "goes back",
}
WIDTH_OF_A_PIPE = 200


class Bars:
    """A bar for each board that is worked on; on standard error, where somebody looks at it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, tuple[str, TaskID]] = {}

    def show(self, board: str, doing: str, done: int = 0, total: int | None = None) -> None:
        """Show how far one is. Args: total: None where nobody knows."""
        shown, task = self._tasks.get(board, ("", None))
        if task is None or shown != doing:  # each thing that is done has its own time
            self.end(board)
            task = self._progress.add_task(f"{board}: {doing}", total=None)
            self._tasks[board] = doing, task
        self._progress.update(task, completed=done, total=total)

    def update(self, board: str, progress: UpdateProgress) -> None:
        """Show where an update is."""
        is_upload = progress.stage is UpdateStage.UPLOADS
        total = progress.size_bytes if is_upload else None
        self.show(board, STAGE_WORDS[progress.stage], progress.sent_bytes * is_upload, total)

    def end(self, board: str) -> None:
        """Take a board's bar away."""
        if board in self._tasks:
            self._progress.remove_task(self._tasks.pop(board)[1])

    def say(self, line: str) -> None:
        """Say a line beside the bars."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def bars() -> Iterator[Bars]:
    """Show bars meanwhile."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        yield Bars(progress)


def say_json(document: object) -> None:
    """Print one document."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def result_document(board: str, result: UpdateResult) -> dict[str, Any]:
    """Return how an update ended, for programs."""
    return {
        "board": board,
        "outcome": result.outcome.value,
        "reason": None if result.reason is None else result.reason.value,
        "detail": result.detail,
        "running": result.running,
        "image": result.target.hex(),
        "uploaded_bytes": result.uploaded_bytes,
        "took_s": round(result.took_s, 3),
    }


def say_result(board: str, result: UpdateResult, *, as_json: bool) -> None:
    """Say how an update ended: success on standard output, anything else on standard error."""
    if as_json:
        say_json(result_document(board, result))
    elif result.outcome is UpdateOutcome.CONFIRMED:
        took = f"{result.uploaded_bytes} bytes sent, {result.took_s:.0f} s"
        typer.echo(f"{board}: runs {result.running}, confirmed ({took})")
    else:
        outcome = result.outcome.value.replace("_", " ")
        typer.echo(f"menshen: {board}: {outcome}: {result.detail}", err=True)


def say_fleet(result: FleetResult, *, as_json: bool) -> None:
    """Say how a roll-out ended, with a table of its boards."""
    if as_json:
        boards = [result_document(board, one) for board, one in result.results.items()]
        say_json(
            {
                "verdict": result.verdict.value,
                "reason": result.reason,
                "boards": boards,
                "not_begun": list(result.not_begun),
            }
        )
        return
    table = Table("board", "outcome", "runs", "why", box=None)
    for board, one in result.results.items():
        table.add_row(board, one.outcome.value.replace("_", " "), one.running, one.detail)
    for board in result.not_begun:
        table.add_row(board, "not begun")
    is_shown = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, width=None if is_shown else WIDTH_OF_A_PIPE)
    console.print(table)
    if result.reason:
        typer.echo(f"menshen: halted: {result.reason}", err=True)


def identity_document(
    board: str,
    identity: Identity,
    state: State,
    images: Sequence[SlotImage],
    statistics: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Return who a board is and how, for programs."""
    return {
        "board": board,
        "model": identity.model,
        "hw": identity.hw,
        "revision": identity.revision,
        "serial_number": identity.serial_number,
        "version": identity.version,
        "image": identity.image_hash.hex(),
        "inputs": identity.input_count,
        "outputs": identity.output_count,
        "readers": identity.reader_count,
        "address": identity.address,
        "is_claimed": identity.is_claimed,
        "security_counter": identity.security_counter,
        "slot_size_bytes": identity.slot_size_bytes,
        "uptime_s": state.uptime_ms / 1000,
        "is_safe": state.is_safe,
        "is_fire": state.is_fire,
        "faults": list(Health(state.health).words),
        "images": [
            {
                "slot": image.slot,
                "version": image.version,
                "hash": image.hash.hex(),
                "is_active": image.is_active,
                "is_confirmed": image.is_confirmed,
                "is_pending": image.is_pending,
            }
            for image in images
        ],
        "statistics": statistics,
    }


def say_identity(document: dict[str, Any]) -> None:
    """Say who a board is, for people."""
    about = document
    revision = f", revision {about['revision']}" if about["revision"] else ""
    typer.echo(
        f"{about['board']}: {about['model']} (type 0x{about['hw']:08X}{revision}),"
        f" serial number {about['serial_number']}"
    )
    for image in about["images"]:
        words = [
            word
            for word, is_so in (
                ("runs", image["is_active"]),
                ("confirmed", image["is_confirmed"]),
                ("on trial at the next start", image["is_pending"]),
            )
            if is_so
        ]
        of = ", ".join(words) or "may be rolled back to"
        typer.echo(f"  slot {image['slot']}: {image['version']}, {of} ({image['hash'][:8]}…)")
    state = [f"up {about['uptime_s']:.0f} s", ", ".join(about["faults"]) or "well"]
    state += ["in its safe state"] * about["is_safe"] + ["FIRE"] * about["is_fire"]
    state += ["claimed" if about["is_claimed"] else "not claimed"]
    typer.echo(f"  {', '.join(state)}; security counter {about['security_counter']}")
    for group, fields in about["statistics"].items():
        typer.echo(f"  {group}: " + ", ".join(f"{name} {n}" for name, n in fields.items()))


def printable(raw: bytes) -> str:
    """Return what a board wrote, for a terminal: nothing in it moves the cursor or rings."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    safe = "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return safe if safe.endswith("\n") or not safe else safe + "\n"
