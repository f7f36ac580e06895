"""The timers of a central under test, made to run now."""

import asyncio
from typing import Any

from tests.central.bench import Bench


def run_timers(bench: Bench) -> None:
    """Delete whatever is due by the bench's clock."""
    services = bench.app.state.services
    asyncio.run_coroutine_threadsafe(services.retention.run_due(), services.loop).result(60)


def line(bench: Bench, name: str, node: str | None = None) -> dict[str, Any]:
    """Return one line of the table."""
    reply = bench.signed_in_again().get("/api/v1/retention")
    assert reply.status_code == 200, reply.text
    (found,) = [
        each for each in reply.json()["items"] if (each["name"], each["node"]) == (name, node)
    ]
    return dict(found)
