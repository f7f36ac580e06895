"""Webhooks and outside systems, set up as an administrator does."""

from typing import Any

import httpx

from tests.central.bench import Bench

API = "/api/v1/integrations"
WEBHOOK_WISH: dict[str, Any] = {"name": "Lift control", "url": "http://127.0.0.1:1/nobody"}


def add_webhook(bench: Bench, **more: object) -> httpx.Response:
    return bench.administrator.post(f"{API}/webhooks", json={**WEBHOOK_WISH, **more})


def webhook_of(bench: Bench, **more: object) -> str:
    """Return the path of a webhook."""
    return f"{API}/webhooks/{add_webhook(bench, **more).json()['webhook']['webhook_id']}"


def add_source(bench: Bench, **more: object) -> httpx.Response:
    wish = {"source_id": "lifts", "name": "Lifts", "vendor": "acme", **more}
    return bench.administrator.post(f"{API}/sources", json=wish)


def source_of(bench: Bench) -> str:
    """Return the path of an outside system."""
    return f"{API}/sources/{add_source(bench).json()['source']['source_id']}"


def outside(bench: Bench, **more: object) -> httpx.Client:
    """Return an outside system that was let in."""
    token = add_source(bench, **more).json()["token"]
    client = bench.client()
    del client.headers["Origin"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client
