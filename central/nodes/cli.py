"""The command ``menshen nodes``: terminals and their keys, through central's API."""

import json
from typing import Annotated, Any

import typer

from central.people.client import Central
from central.people.options import URL, CaFile, Json, Url, Username, say

nodes = typer.Typer(add_completion=False)
Names = Annotated[list[str] | None, typer.Argument(help="Of terminals, as in the site file.")]


@nodes.callback()
def commands() -> None:
    """The site's terminals. The password is asked for, or taken from MENSHEN_PASSWORD."""


@nodes.command()
def status(
    *, username: Username, url: Url = URL, ca_file: CaFile = None, as_json: Json = False
) -> None:
    """Say which terminals there are, and since when each has its keys."""
    with Central(url, ca_file, username=username) as central:
        views = json.loads(central.fetch("/nodes"))
    if as_json:
        say(json.dumps(views))
        return
    for view in views:
        say(f"{view['node']}: {_state(view)}")


@nodes.command()
def change_keys(
    names: Names = None,
    *,
    username: Username,
    every: Annotated[bool, typer.Option("--all", help="Every terminal that has joined.")] = False,
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Have terminals change their keys: each goes on working, and does so within a minute."""
    if every == bool(names):
        raise typer.BadParameter("name terminals, or say --all")
    with Central(url, ca_file, username=username) as central:
        views = json.loads(central.fetch("/nodes"))
        joined = [view["node"] for view in views if view["keys_at"]]
        for name in joined if every else names or []:
            central.send("POST", f"/nodes/{name}/keys")
            say(f"{name}: is told to change its keys")


def _state(view: dict[str, Any]) -> str:
    if view["keys_at"] is None:
        return "has not joined"
    words = [f"keys since {view['keys_at']}"]
    if view["old_key_until"]:
        words.append(f"those before are good until {view['old_key_until']}")
    if view["keys_wanted_at"]:
        words.append(f"asked for others {view['keys_wanted_at']}")
    return ", ".join(words)
