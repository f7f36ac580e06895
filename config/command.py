"""The command ``menshen``: finds subcommands by entry point, imports only the one asked for.

Each entry point of the group ``menshen.commands`` is a ``typer.Typer`` app. A user's mistake is one
line on standard error and exit code 2; a failure exit code 1; only success is 0.
"""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path

import typer
from rich.console import Console
from typer.main import get_command

COMMAND_GROUP = "menshen.commands"
PACKAGES = ("config", "drivers", "models", "firmware_bridge", "edge", "central")
_SUMMARIES = {
    "demo": "a whole small site on this machine, with real face recognition",
    "central": "run the central service",
    "edge": "run one terminal",
    "device": "the technician's bench: find, test and record devices",
    "firmware": "controller boards: who they are, and signed updates",
    "sim": "a simulated device, with faults on request",
    "models": "list, build, add and evaluate recognition networks",
    "people": "enrol people; who must come again for a new network",
    "keys": "the keys that protect faces: a new one, and how far it is",
    "fire": "fire drills, and the evidence of what the gates did",
    "consent": "what people are told before they agree; proofs that a face was deleted",
    "backup": "back central up while it runs, sealed; check a backup",
    "bundle": "one signed file for an install without internet; versions in and out of use",
    "restore": "restore a backup into an empty place, and prove it",
    "audit": "the audit log: whether it is whole, and where it ends",
    "privacy": "the impact assessment of a site, as a page to print",
    "config": "a changed site file: what it would change, into use, and back",
    "doctor": "what is wrong with this machine, its central and its terminals",
}


def foreign_packages() -> list[str]:
    """Return those of our packages that would be imported from somebody else's folder.

    Their names are common words, and an editable installation stands last on the path.
    """
    root = Path(__file__).resolve().parents[1]
    return [
        name
        for name in PACKAGES
        if not Path(str(import_module(name).__file__)).resolve().is_relative_to(root)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``menshen``; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {point.name: point for point in entry_points(group=COMMAND_GROUP)}
    if not words or words[0] in {"--help", "-h", "help"}:
        _print_help(commands)
        return 0 if words else 2
    if words[0] == "--version":
        print(f"menshen {version('menshen')}")  # noqa: T201 - the answer that was asked for
        return 0
    if (foreign := foreign_packages()) != []:
        hidden = ", ".join(foreign)
        return _complain(f"another package hides ours: {hidden}; use a virtual environment")
    point = commands.get(words[0])
    if point is None:
        return _complain(f"no command {words[0]!r}; there are: {', '.join(sorted(commands))}")
    return _run(point, words[1:])


def _run(point: EntryPoint, words: list[str]) -> int:
    try:
        command = get_command(_loaded(point))
        result = command.main(words, prog_name=f"menshen {point.name}", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of a pipe has left (`menshen ... | head`): that is not a failure to report.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except typer.TyperException as error:
        return _complain(error.format_message(), exit_code=error.exit_code)
    return result if isinstance(result, int) else 0


def _loaded(point: EntryPoint) -> typer.Typer:
    """Return a command whose modules the garbage collector passes over.

    Hundreds of thousands of objects that stay to the end: looking at them again and again takes a
    fifth of a start, and a third of a second whenever a service that runs is looked through.
    """
    gc.disable()
    try:
        command: typer.Typer = point.load()
    finally:
        gc.freeze()
        gc.enable()
    return command


def _complain(message: str, *, exit_code: int = 2) -> int:
    sys.stderr.write(f"menshen: {message}\n")
    return exit_code


def _print_help(commands: dict[str, EntryPoint]) -> None:
    console = Console(highlight=False)
    console.print("Usage: menshen COMMAND [OPTIONS]   (menshen COMMAND --help for its options)\n")
    for name in sorted(commands, key=lambda name: (name not in _SUMMARIES, name)):
        console.print(f"  {name:10} {_SUMMARIES.get(name, '')}")
