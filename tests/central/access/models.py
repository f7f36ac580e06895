"""Access models as an administrator sends them."""

from typing import Any

import httpx

STAFF: dict[str, Any] = {
    "schedules": [
        {"id": "office", "intervals": [{"days": ["mon"], "start": "08:00", "end": "18:00"}]}
    ],
    "profiles": [{"id": "staff", "permissions": [{"points": ["lane"], "schedule": "office"}]}],
    "lockdown_levels": [{"id": "shut", "priority": 10, "points": ["lane"]}],
}


def put(client: httpx.Client, model: dict[str, Any], *, made_from: int = 0) -> httpx.Response:
    """Put a model in force."""
    return client.put("/api/v1/access-model", json={"made_from": made_from, "model": model})


def check(client: httpx.Client, model: dict[str, Any], *, made_from: int = 0) -> dict[str, Any]:
    """Return what a model would change."""
    wish = {"made_from": made_from, "model": model}
    reply = client.post("/api/v1/access-model/check", json=wish)
    assert reply.status_code == 200, reply.text
    checked: dict[str, Any] = reply.json()
    return checked
