"""The command ``menshen keys``: the site's keys, through central's API."""

import json
from typing import Any

import typer

from central.people.client import Central
from central.people.options import URL, CaFile, Json, Url, Username, say

keys = typer.Typer(add_completion=False)


@keys.callback()
def commands() -> None:
    """The keys that protect faces. The password is asked for, or taken from MENSHEN_PASSWORD."""


@keys.command()
def rotate(
    *, username: Username, url: Url = URL, ca_file: CaFile = None, as_json: Json = False
) -> None:
    """Begin to use a new key; gates, enrolment and reading go on meanwhile."""
    with Central(url, ca_file, username=username) as central:
        _say(central.send("POST", "/keys/rotation"), as_json=as_json)


@keys.command()
def status(
    *, username: Username, url: Url = URL, ca_file: CaFile = None, as_json: Json = False
) -> None:
    """Say which key is in use, and how far a rotation is."""
    with Central(url, ca_file, username=username) as central:
        _say(central.send("GET", "/keys"), as_json=as_json)


def _say(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say(json.dumps(view))
        return
    old = sum(place["old_count"] for place in view["places"])
    total = sum(place["count"] for place in view["places"])
    state = f"rotating, {total - old} of {total} done" if view["is_rotating"] else "at rest"
    say(f"key {view['key_id']} ({view['crypto']}): {state}")
    for place in view["places"]:
        unreadable = place["unreadable_count"]
        lost = f", {unreadable} opened by no key" if unreadable else ""
        say(f"  {place['name']}: {place['count']}, {place['old_count']} by an older key{lost}")
