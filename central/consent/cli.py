"""The command ``menshen consent``: what people are told, and checking a proof of deletion."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from central.consent.certificates import Checked, checked
from central.people.client import Central
from central.people.options import URL, CaFile, Json, Url, Username, say, wanted_language
from config.contract.trust import TrustError

consent = typer.Typer(add_completion=False)


@consent.callback()
def commands() -> None:
    """Consent to passing by face, and proofs that a face was deleted."""


@consent.command()
def text(
    *,
    username: Username,
    purpose: Annotated[
        Literal["gate", "canteen"], typer.Option(help="What the person is asked for.")
    ] = "gate",
    language: Annotated[str | None, typer.Option(help="zh-CN or en; else the terminal's.")] = None,
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Print the newest text that people are told before they consent."""
    field = "zh_cn" if wanted_language(language) == "zh-CN" else "en"
    with Central(url, ca_file, username=username) as central:
        texts = [
            t for t in central.send("GET", "/consent-texts")["items"] if t["purpose"] == purpose
        ]
    say(str(max(texts, key=lambda t: int(t["version"]))[field]))


@consent.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A certificate, as central gave it.")],
    *,
    central_key: Annotated[
        str | None,
        typer.Option(help="Central's key as you know it; else the one in the file is believed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a proof of deletion without central; exit code 0 only when all of it is proved."""
    try:
        found = checked(file.read_text(encoding="utf-8"), central_key=central_key)
    except OSError as error:
        raise typer.BadParameter(f"cannot read {file}: {error.strerror}") from error
    except (TrustError, UnicodeDecodeError) as error:
        raise typer.TyperException(f"{file} proves nothing: {error}") from error
    if as_json:
        answer = {**dataclasses.asdict(found), "is_complete": found.is_complete}
        say(json.dumps(answer, ensure_ascii=False))
    else:
        _say(found)
    if not found.is_complete:
        raise typer.Exit(1)


def _say(found: Checked) -> None:
    say(f"face of {found.holder_id}: {found.reason}, ordered {found.ordered_at}")
    at_central = found.central_deleted_at or "not yet"
    say(f"central: deleted {at_central}")
    for node in found.confirmed:
        say(f"{node}: proved by its own signature")
    for node in found.outstanding:
        say(f"{node}: outstanding since {found.ordered_at}")
    for problem in found.problems:
        say(f"not proved: {problem}")
