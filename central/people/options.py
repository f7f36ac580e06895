"""Options that the commands of ``menshen people`` share, and how they answer."""

from pathlib import Path
from typing import Annotated, Final

import typer

from central.people.report import LANGUAGES, Language, language_of

Username = Annotated[str, typer.Option(help="Your user name at central.")]
Url = Annotated[str, typer.Option(help="Where central listens.")]
CaFile = Annotated[Path | None, typer.Option("--ca", help="The site's authority (PEM), for https.")]
Json = Annotated[bool, typer.Option("--json", help="One document for machines.")]
URL: Final = "http://127.0.0.1:8080"


def wanted_language(named: str | None) -> Language:
    """Return the language of a report: as named, else the terminal's."""
    if named is None:
        return language_of()
    for language in LANGUAGES:
        if language == named:
            known: Language = language
            return known
    raise typer.BadParameter(f"there is no language {named!r}: use {' or '.join(LANGUAGES)}")


def say(line: str) -> None:
    """Print a line of the answer."""
    print(line)  # noqa: T201 - the answer that was asked for
