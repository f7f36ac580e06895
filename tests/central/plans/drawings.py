"""Drawings of a floor, and what puts them at central."""

from typing import Any

import httpx

API = "/api/v1/plans"
FLOOR = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200">{inside}</svg>'
)
ROOM = '<rect x="10" y="10" width="380" height="180" fill="none" stroke="#333"/>'
LANE = {"kind": "access_point", "id": "lane", "x": 0.25, "y": 0.5, "angle": 90.0}


def svg(inside: str = ROOM) -> str:
    """Return a drawing."""
    return FLOOR.format(inside=inside)


def draw(
    client: httpx.Client, plan: str = "ground", *, drawing: str | None = None, version: int = 0
) -> httpx.Response:
    """Put a plan."""
    wish = {"name": {"en": "Ground floor"}, "svg": drawing or svg(), "version": version}
    return client.put(f"{API}/{plan}", json=wish)


def place(
    client: httpx.Client, *places: dict[str, Any], version: int = 1, plan: str = "ground"
) -> httpx.Response:
    """Say where things stand."""
    return client.put(f"{API}/{plan}/places", json={"places": places, "version": version})


def placed(client: httpx.Client) -> httpx.Response:
    """Draw a plan and place something on it."""
    assert draw(client).status_code == 200
    return place(client, LANE)


def restored(client: httpx.Client) -> httpx.Response:
    """Change a plan and take the change back."""
    assert placed(client).status_code == 200
    return client.post(f"{API}/ground/restore", json={"restore": 1, "version": 2})


def removed(client: httpx.Client) -> httpx.Response:
    """Draw a plan and remove it."""
    assert draw(client).status_code == 200
    return client.delete(f"{API}/ground")
