"""The command ``menshen privacy``: what a site has to show to whoever asks how it treats people."""

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from central.people.client import Central
from central.people.options import URL, CaFile, Json, Url, Username, say, wanted_language

privacy = typer.Typer(add_completion=False)


@privacy.callback()
def commands() -> None:
    """Data protection: the impact assessment of this site."""


@privacy.command()
def assessment(
    *,
    username: Username,
    language: Annotated[str | None, typer.Option(help="zh-CN or en; else the terminal's.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Write it here; else it is printed.")
    ] = None,
    as_json: Json = False,
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Give what is processed of people, where, how long and who may see it, as a page to print."""
    wish = {"language": wanted_language(language), "format": "json" if as_json else "html"}
    path = f"/privacy/assessment?{urlencode(wish)}"
    with Central(url, ca_file, username=username, purpose="compliance") as central:
        page = central.fetch(path).decode()
    if as_json:
        page = json.dumps(json.loads(page), ensure_ascii=False, indent=1)
    if file is None:
        say(page)
        return
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {file}: {error.strerror}") from error
