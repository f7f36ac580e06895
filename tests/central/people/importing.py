"""Sending files of the personnel office to central."""

from typing import Any

import httpx

from tests.central.bench import Bench
from tests.central.people.roster.files import csv_file


def send(client: httpx.Client, *lines: str) -> httpx.Response:
    """Send a CSV file to be compared."""
    return client.post("/api/v1/people/imports", files={"file": ("roster.csv", csv_file(*lines))})


def preview(bench: Bench, *lines: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a file would change."""
    reply = send(bench.administrator, *lines)
    assert reply.status_code == 201, reply.text
    return reply.json()


def apply(bench: Bench, shown: Any, **wish: object) -> httpx.Response:  # noqa: ANN401 - JSON
    """Apply what was shown."""
    path = f"/api/v1/people/imports/{shown['import_id']}/apply"
    return bench.administrator.post(path, json={"token": shown["token"], **wish})


def imported(bench: Bench, *lines: str, **wish: object) -> Any:  # noqa: ANN401 - JSON
    """Return what became of a file."""
    reply = apply(bench, preview(bench, *lines), **wish)
    assert reply.status_code == 200, reply.text
    return reply.json()


def people(bench: Bench) -> dict[str, Any]:
    """Return everybody by number."""
    items = bench.administrator.get("/api/v1/people?limit=1000").json()["items"]
    return {person["number"]: person for person in items}
