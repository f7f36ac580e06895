"""Commands that documents name, and whether the program of today takes them."""

import ast
import dataclasses
import functools
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from typer import TyperException
from typer.main import get_command

ROOT: Final = Path(__file__).parents[2]
_FENCE: Final = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_BEGINS: Final = re.compile(r"^(?:[#$] )?(?:[A-Z_]+=\S+ )*(?:uv run (?:--no-dev |--extra \w+ )*)?")
_REMARK: Final = re.compile(r"  +\S.*")
"""What stands in a column of its own behind a command."""
_BRACKETS: Final = str.maketrans("", "", "[]")
_MARK: Final = re.compile(r"menshen [\w ]+ v\d")
"""What signed bytes begin with is no command."""
_ENDS: Final = {"|", ">", ">>", "<", "&", "&&", ";", "||"}


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """A command as a document tells it.

    Attributes:
        is_whole: Whether somebody gives it as it stands, or it is only spoken of.
    """

    words: tuple[str, ...]
    is_whole: bool

    def __str__(self) -> str:
        return " ".join(self.words)


def commands(text: str) -> Iterator[Told]:
    """Yield each command of ours that a document names."""
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield from _command(line, is_whole=True)
    for span in _SPAN.findall(_FENCE.sub("", text)):
        yield from _command(span, is_whole=False)


def cells(text: str) -> Iterator[Told]:
    """Yield each command of a table that shows something by it: all of them are whole."""
    for span in _SPAN.findall(text):
        yield from _command(span, is_whole=True)


def _command(line: str, *, is_whole: bool) -> Iterator[Told]:
    told = _BEGINS.sub("", line.strip())
    if told.startswith(("menshen ", "python -m ")) and not _MARK.match(told):
        words = shlex.split(_REMARK.sub("", told).translate(_BRACKETS), comments=True)
        end = next((n for n, word in enumerate(words) if word in _ENDS), len(words))
        yield Told(tuple(word for word in words[:end] if word not in ("...", "…")), is_whole)


def refusal(told: Told) -> str | None:
    """Return why a command would be refused for its words; None where it would begin.

    What the words are about (files, names, numbers) is not looked at.
    """
    words = told.words
    if words[0] == "menshen":
        return _of_menshen(list(words[1:]), is_whole=told.is_whole)
    module = words[2]
    if module.partition(".")[0] not in ("benchmarks", "central", "config", "tests"):
        return None
    if not _exists(module):
        return f"no module {module}"
    options = [word.partition("=")[0] for word in words[3:] if word.startswith("--")]
    known = _strings(module)
    unknown = [each for each in options if {each, each.replace("--no-", "--")}.isdisjoint(known)]
    return f"{module} does not know {unknown}" if unknown else None


def _of_menshen(words: list[str], *, is_whole: bool) -> str | None:
    if words[0].startswith("--"):
        return None if words[0] in ("--help", "--version") else f"no option {words[0]}"
    if words[0] not in _commands():
        return f"no command {words[0]}"
    command, words = _commands()[words[0]], words[1:]
    while True:
        context = command.context_class(command)
        if not is_whole and words and words[-1].startswith("--"):
            words = [*words, "of it"] if _takes_value(command, words[-1]) else words
        try:
            values, rest, _ = command.make_parser(context).parse_args(words)
        except TyperException as error:
            return error.format_message()
        if "help" in values:
            return None
        inner = getattr(command, "commands", None)
        if not inner or not rest:
            break
        if rest[0] not in inner:
            return f"no command {rest[0]}"
        command, words = inner[rest[0]], rest[1:]
    if rest:
        return f"too many words: {rest}"
    if not is_whole:
        return None
    missing = [
        each.name for each in command.params if each.required and values.get(each.name) is None
    ]
    return f"{missing} must be given" if missing else None


def _takes_value(command: Any, option: str) -> bool:  # noqa: ANN401 - what typer makes is private
    found = [each for each in command.params if option in each.opts]
    return bool(found) and not found[0].is_flag


@functools.cache
def _commands() -> dict[str, Any]:
    points = entry_points(group="menshen.commands")
    return {point.name: get_command(point.load()) for point in points}


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@functools.cache
def _strings(module: str) -> frozenset[str]:
    """Return every string in a module's source: its options are among them."""
    path = ROOT / module.replace(".", "/")
    found = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(found.read_text(encoding="utf-8"))
    return frozenset(
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
