"""A gate behind a controller board: a card opens it, and without its node the board is alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.contract.access import CredentialKind
from config.contract.board_events import BoardSafeStateEntered
from config.contract.events import AccessGranted, AccessTaken, EventData
from config.demo.control import SimulatorControl
from tests.system.running_site import RunningSite, until

SITE = """
[site]
id = "test-site"
name = {{ "zh-CN" = "测试", en = "Test" }}
[[node]]
id = "gate-1"
kiosk_port = 0
[[bus]]
id = "line-1"
node = "gate-1"
port = "{line}"
baudrate = 115200
[[device]]
id = "gate"
driver = "board_gate"
bus = "line-1"
settings = {{ hw = 42, watchdog_s = 1.0, safe_in = "free", pulse_s = 2.0 }}
[[access_point]]
id = "lane"
node = "gate-1"
device = "gate"
readers = [ {{ device = "gate", reader = 1 }} ]
[[access_point]]
id = "lane-exit"
node = "gate-1"
device = "gate"
direction = "out"
free_egress = true
"""
CARD = "2F764DD"
"""26 bits: facility 123, card 45678."""
FREE_IN, FREE_OUT = 0, 1


class SiteWithABoard(RunningSite):
    """Central, one terminal, and one gate that is wired to a controller board."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.site.write_text(SITE.format(line=folder / "line"), encoding="utf-8")

    async def start_gate(self) -> None:
        gate = await self._start(
            "gate", "sim", "board_gate", "--port", str(self.folder / "line"),
            "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        self.gate = SimulatorControl(gate.ready)
        self._clients.append(self.gate)

    async def board(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.gate.state())["boards"]["0"]
        return found

    async def gate_is(self, state: str) -> bool:
        now: str = (await self.board())["state"]
        return now == state

    async def is_free(self, *, way_in: bool, way_out: bool = True) -> bool:
        outputs = (await self.board())["outputs"]
        return (outputs[FREE_IN], outputs[FREE_OUT]) == (way_in, way_out)

    async def facts(self, kind: type[EventData]) -> list[Any]:
        return [f for event in await self.events() if isinstance(f := event.parsed(), kind)]

    async def swipe_and_walk(self) -> None:
        """Hold the card to the board's reader and walk through."""
        await self.gate.act("swipe", reader=1, card=CARD, bit_length=26)
        await until(lambda: self.is_free(way_in=True))
        await self.gate.act("walk", side="in")
        await until(self.has_passed)

    async def has_passed(self) -> bool:
        return bool((await self.board())["passages_in"])


@contextlib.asynccontextmanager
async def site_with_a_board(folder: Path) -> AsyncIterator[SiteWithABoard]:
    site = SiteWithABoard(folder)
    try:
        await site.start_gate()
        await site.start_central()
        await site.start_edge(enrol=True)
        yield site
    finally:
        await site.stop()


def test_a_card_opens_it_and_a_killed_node_is_told_of_afterwards(tmp_path: Path) -> None:
    async def play() -> None:
        async with site_with_a_board(tmp_path) as site:
            holder = await site.central.add_person("王小明", "1001")
            await site.central.add_card(holder, CARD)
            await until(lambda: site.knows(CARD))
            await until(lambda: site.is_free(way_in=False))
            await site.swipe_and_walk()
            await until(lambda: has(site, AccessTaken, 1))
            granted = await site.facts(AccessGranted)
            await until(lambda: site.is_free(way_in=False))

            killed_at = datetime.now(UTC)
            await site.kill("edge")
            await until(lambda: site.is_free(way_in=True))
            is_safe = (await site.board())["safe"]
            await site.start_edge()
            await until(lambda: is_told_of(site, killed_at))
            await until(lambda: site.is_free(way_in=False))

            assert [(g.holder_id, g.credential) for g in granted] == [
                (holder, CredentialKind.CARD)
            ] * 2
            assert is_safe
            assert len(await site.facts(AccessGranted)) == len(granted)

    asyncio.run(play())


async def has(site: SiteWithABoard, kind: type[EventData], count: int) -> bool:
    return len(await site.facts(kind)) >= count


async def is_told_of(site: SiteWithABoard, killed_at: datetime) -> bool:
    """Return whether central knows from when until when the board was alone, after that moment."""
    told = [fact for fact in await site.facts(BoardSafeStateEntered) if fact.left_at is not None]
    return any(killed_at < fact.entered_at < fact.left_at < datetime.now(UTC) for fact in told)
