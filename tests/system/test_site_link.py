"""Two terminals over the site link, with central off: what one sees holds at the other."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.access import DenialReason
from config.contract.access_model import parse_access_model
from config.contract.nodes import AccessRecord, ActiveLockdown, ReplicaPage
from config.contract.trust import public_text
from edge.access.question import Granted
from edge.link.neighbours import Neighbours
from tests.edge.conftest import eventually
from tests.system.access_terminal import Terminal, known, why
from tests.system.test_access_rules_at_the_terminal import HALL, LEADS, LOCKED, VISIT, WHO

HARD = {"areas": [HALL | {"passback": {"mode": "hard"}}], "points": LEADS}


class Linked:
    """Two terminals that know each other's keys from the last page of central."""

    def __init__(self, folder: Path, document: Mapping[str, Any]) -> None:
        self.document = {"version": 1, **document}
        self.keys = {name: Ed25519PrivateKey.generate() for name in ("gate-1", "gate-2")}
        self.sockets = {name: _bound() for name in self.keys}
        self.terminals = []
        for name in self.keys:
            (folder / name).mkdir()
            self.terminals.append(Terminal(folder / name, document, known(), node=name))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[tuple[Terminal, Terminal]]:
        one, two = self.terminals
        async with one.at_work(), two.at_work():
            for terminal in (one, two):
                self.tell(terminal)
            links = [asyncio.create_task(self._link(terminal).run()) for terminal in (one, two)]
            await eventually(lambda: all(t.keeper.world.state.is_link_up for t in (one, two)))
            try:
                yield one, two
            finally:
                for link in links:
                    link.cancel()
                await asyncio.gather(*links, return_exceptions=True)

    def tell(self, terminal: Terminal, *, version: int = 2, lockdown: str | None = None) -> None:
        """Let one terminal alone hear of central."""
        now = terminal.now
        record = AccessRecord(
            version=1,
            model=parse_access_model(self.document),
            lockdowns=() if lockdown is None else (ActiveLockdown(level=lockdown, since=now),),
            node_keys={name: public_text(key.public_key()) for name, key in self.keys.items()},
        )
        terminal.replica.apply(ReplicaPage(version=version, access=record))
        terminal.keeper.follow()

    def _link(self, terminal: Terminal) -> Neighbours:
        return Neighbours(
            site="demo",
            node=terminal.node,
            key=self.keys[terminal.node],
            listener=self.sockets[terminal.node],
            addresses={name: each.getsockname() for name, each in self.sockets.items()},
            doorkeeper=terminal.keeper,
            rules=terminal.replica.rules,
        )


def _bound() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound


def with_two(
    folder: Path,
    act: Callable[[Linked, Terminal, Terminal], Awaitable[None]],
    document: Mapping[str, Any] | None = None,
) -> None:
    """Run a script at two terminals."""

    async def run() -> None:
        linked = Linked(folder, document or {})
        async with linked.at_work() as (one, two):
            await act(linked, one, two)

    asyncio.run(run())


def test_who_came_in_at_one_terminal_does_not_come_in_at_the_other(tmp_path: Path) -> None:
    async def act(_: Linked, one: Terminal, two: Terminal) -> None:
        await one.enter("anna")
        await eventually(lambda: two.keeper.world.state.areas.count("hall") == 1)

        assert why(await two.card("anna")) is DenialReason.PASSBACK
        assert await two.card("ben") == Granted("ben")

    with_two(tmp_path, act, HARD)


def test_a_visitors_code_that_one_terminal_has_taken_is_used_at_the_other(tmp_path: Path) -> None:
    async def act(_: Linked, one: Terminal, two: Terminal) -> None:
        assert await one.code(VISIT) == Granted(WHO)
        await one.pass_()
        await eventually(lambda: bool(two.keeper.world.state.used_codes))

        assert why(await two.code(VISIT)) is DenialReason.CODE_USED

    with_two(tmp_path, act)


def test_a_code_is_good_away_from_home_while_the_terminals_hear_each_other(tmp_path: Path) -> None:
    async def act(_: Linked, one: Terminal, two: Terminal) -> None:
        assert await two.code(VISIT, at="side") == Granted(WHO)

    with_two(tmp_path, act)


def test_a_lockdown_that_one_terminal_has_heard_of_locks_the_other(tmp_path: Path) -> None:
    async def act(linked: Linked, one: Terminal, two: Terminal) -> None:
        linked.tell(one, version=3, lockdown="night")
        await eventually(lambda: two.keeper.world.state.lockdowns == {"night"})
        locked = why(await two.card("ben"))

        linked.tell(one, version=4)
        await eventually(lambda: not two.keeper.world.state.lockdowns)

        assert locked is DenialReason.LOCKDOWN
        assert await two.card("ben") == Granted("ben")

    with_two(tmp_path, act, LOCKED)


def test_central_s_own_word_holds_over_what_was_heard_before_it(tmp_path: Path) -> None:
    async def act(linked: Linked, one: Terminal, two: Terminal) -> None:
        linked.tell(one, version=3, lockdown="night")
        await eventually(lambda: two.keeper.world.state.lockdowns == {"night"})

        linked.tell(two, version=4)
        await eventually(lambda: not one.keeper.world.state.lockdowns)

        assert await two.card("ben") == Granted("ben")

    with_two(tmp_path, act, LOCKED)
