"""A terminal at which something happens, and the list that a guard sees of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from config.contract.events import DoorForcedOpen, DoorSecured, DuressDetected, EventData
from tests.central.bench import Bench, Node

T = TypeVar("T")
PATH = "/api/v1/alarms"
FORCED = DoorForcedOpen(device="gate-1")
SECURED = DoorSecured(device="gate-1")
DURESS = DuressDetected(holder_id="anna", access_point="lane")
WEBHOOK = {"settings": {"url": "http://127.0.0.1:1/nobody", "level": 0, "priority": 2}}
MAIL = {
    "settings": {
        "host": "127.0.0.1", "port": 1, "security": "none", "sender": "menshen@example.org",
        "recipients": ["guards@example.org"], "level": 0, "priority": 2, "language": "en",
    }
}  # fmt: skip


def tell(node: Node, sequence: int, fact: EventData = FORCED, **more: Any) -> None:  # noqa: ANN401 - fields of any type
    """Let a terminal tell something that happens now."""
    node.send(node.event(sequence, **{"fact": fact, "time": node.clock(), **more}))


def listed(bench: Bench, state: str = "standing", **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - parameters of any type
    """Return the alarms of a state."""
    reply = bench.administrator.get(PATH, params={"state": state, **more})
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


def raised(bench: Bench, fact: EventData = FORCED) -> str:
    """Let something happen at a terminal of its own; returns the path of its alarm."""
    tell(bench.node(), 1, fact)
    return f"{PATH}/{listed(bench)[0]['id']}"


def let_time_pass(bench: Bench, **by: float) -> None:
    """Turn the clock on by ``timedelta`` arguments and let central see to what is due."""
    bench.clock.advance(**by)
    run(bench, bench.app.state.alarm_clock.look())


def send_what_is_due(bench: Bench) -> None:
    """Let central try once what is to be sent."""
    run(bench, bench.app.state.alarm_sending.send_due())


def run(bench: Bench, work: Coroutine[Any, Any, T]) -> T:
    """Do something in central's loop."""
    loop = bench.app.state.services.loop
    return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=60)
