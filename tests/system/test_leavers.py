"""Whoever leaves is refused everywhere: at once where it is heard, at the known date where not.

Central tells its terminals over the stream; here they never ask by themselves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.contract.access import DenialReason, Direction
from config.contract.nodes import HolderRecord
from config.contract.trust import NodeToken, card_verifier
from config.contract.visitor_code import VisitorCode
from edge.access.attempts import CardShown
from edge.access.decision import decide
from edge.access.question import Granted, Point
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from tests.central.bench import Bench, running_central
from tests.edge.conftest import NOW, eventually
from tests.system.access_terminal import CARD_KEY, Terminal, play, somebody, why

NEVER_S = 600.0
CARD = "0006547886"
NODES = ("gate-1", "gate-2")


@contextlib.asynccontextmanager
async def terminal(bench: Bench, folder: Path, node: str) -> AsyncIterator[Replica]:
    """Run what keeps one terminal's replica as new as central."""
    home = Home(folder / node)
    token = await asyncio.to_thread(bench.token, node)
    line = NodeToken.from_line(token).model_copy(update={"url": bench.url})
    identity = await home.enrol(line, site="test", node=node)
    replica = Replica(
        home.replica,
        sealing_key=identity.sealing_key,
        card_key=identity.card_key,
        network=None,
        templates=None,
    )
    replica.load()
    client = CentralClient(identity, NodeClock())
    sync = ReplicaSync(client, replica, on_change=lambda: None, poll_interval_s=NEVER_S)
    task = asyncio.create_task(sync.run())
    try:
        yield replica
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
        replica.close()


def admits(replica: Replica, bench: Bench) -> bool:
    """Return whether the card opens a lane of this terminal now."""
    holder_id = replica.holder_of_card(CARD)
    person = None if holder_id is None else replica.person(holder_id)
    point = Point("lane", Direction.IN)
    return isinstance(decide(CardShown(holder_id), person, point=point, now=bench.clock()), Granted)


def switched_off(bench: Bench, path: str) -> None:
    assert bench.administrator.patch(path, json={"is_active": False}).status_code == 200


def ended(bench: Bench, path: str) -> None:
    until = (bench.clock() - timedelta(seconds=1)).isoformat()
    assert bench.administrator.patch(path, json={"valid_until": until}).status_code == 200


def removed(bench: Bench, path: str) -> None:
    assert bench.administrator.delete(path).status_code == 204


@pytest.mark.parametrize("leave", [switched_off, ended, removed])
def test_a_leaver_is_refused_at_every_connected_terminal_as_soon_as_central_knows(
    tmp_path: Path, leave: Callable[[Bench, str], None]
) -> None:
    async def act(bench: Bench) -> None:
        path = f"/api/v1/people/{await asyncio.to_thread(bench.person)}"
        card = {"number": CARD}
        await asyncio.to_thread(lambda: bench.administrator.post(f"{path}/cards", json=card))
        async with contextlib.AsyncExitStack() as stack:
            replicas = [
                await stack.enter_async_context(terminal(bench, tmp_path, node)) for node in NODES
            ]
            await eventually(lambda: all(admits(replica, bench) for replica in replicas))
            await asyncio.to_thread(leave, bench, path)
            await eventually(lambda: not any(admits(replica, bench) for replica in replicas))

    with running_central(tmp_path / "home") as bench:
        asyncio.run(act(bench))


def test_with_the_network_cut_a_leaver_is_refused_from_the_date_that_was_known(
    tmp_path: Path,
) -> None:
    async def script(t: Terminal) -> None:
        assert await t.card("anna") == Granted("anna")
        await t.pass_()

        t.wait(3600)

        assert why(await t.card("anna")) is DenialReason.NO_LONGER_VALID
        assert isinstance(await t.card("anna", at="exit"), Granted)

    known_until: dict[str, Any] = {"valid_until": NOW + timedelta(hours=1)}
    play(tmp_path, script, {}, somebody("anna", **known_until))


def test_a_temporary_card_is_over_at_its_end_with_the_network_cut(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert await t.card("anna") == Granted("anna")
        await t.pass_()

        t.wait(3600)

        assert why(await t.card("anna")) is DenialReason.NO_LONGER_VALID

    verifier = card_verifier(CARD_KEY, "card of anna")
    anna = somebody("anna", card_ends={verifier: NOW + timedelta(hours=1)})
    play(tmp_path, script, {}, anna)


def test_a_new_hires_code_passes_many_times_until_it_is_cancelled(tmp_path: Path) -> None:
    who = UUID(int=7)
    code = VisitorCode(
        holder_id=who,
        nonce="0123456789abcdef",
        valid_from=NOW,
        valid_until=NOW + timedelta(days=3),
        points=("front",),
        is_one_time=False,
        stands_alone=False,
    )
    hire = HolderRecord(holder_id=str(who), version=1)

    async def script(t: Terminal) -> None:
        for _ in range(2):
            assert await t.code(code) == Granted(str(who))
            await t.pass_()

        t.hear([hire.model_copy(update={"cancelled_codes": (code.nonce,)})])

        assert why(await t.code(code)) is DenialReason.NO_LONGER_VALID

    play(tmp_path, script, {}, hire)
