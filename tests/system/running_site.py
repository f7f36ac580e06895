"""A site of one terminal and one lane, its processes real, for tests that pull its cables."""

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from config.contract.events import AccessTaken, Event
from config.demo.control import CentralControl, SimulatorControl, TerminalControl
from config.demo.processes import READY_TIMEOUT_S, Process
from tests.serving import free_port

SITE = """
[site]
id = "test-site"
name = {{ "zh-CN" = "测试", en = "Test" }}
[policy]
journal_unwritable = "deny"
[[node]]
id = "gate-1"
kiosk_port = 0
[[bus]]
id = "line-1"
node = "gate-1"
port = "{line}"
[[device]]
id = "gate"
driver = "speed_gate"
bus = "line-1"
settings = {{ unit_id = 1 }}
[[access_point]]
id = "lane"
node = "gate-1"
device = "gate"
[[access_point]]
id = "lane-exit"
node = "gate-1"
device = "gate"
direction = "out"
free_egress = true
"""
CARD = "0006547886"
DEADLINE_S = 120.0
"""Generous: the machine may be busy with other things."""


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = DEADLINE_S) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - the condition is in other processes
            await asyncio.sleep(0.05)


class RunningSite:
    """Central, one terminal and one gate; every part can be killed and started again."""

    def __init__(
        self,
        folder: Path,
        *,
        program: Sequence[str] | None = None,
        patience_s: float = READY_TIMEOUT_S,
    ) -> None:
        """Write the site file; ``program`` runs another ``menshen`` than this tree's."""
        self.folder, self._program, self._patience_s = folder, program, patience_s
        self.site = folder / "site.toml"
        self.site.write_text(SITE.format(line=folder / "line"), encoding="utf-8")
        self.port = 0
        self._refused_at: int | None = None
        self.running: dict[str, Process] = {}
        self._clients: list[SimulatorControl | CentralControl | TerminalControl] = []

    async def start_gate(self) -> None:
        gate = await self._start(
            "gate", "sim", "speed_gate", "--port", str(self.folder / "line"), "--unit-id", "1",
            "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        self.gate = SimulatorControl(gate.ready)
        self._clients.append(self.gate)

    async def start_central(self) -> None:
        port = self.port or free_port()
        service = await self._start(
            "central", "central", "--site", str(self.site), "--home", str(self.folder / "central"),
            "--port", str(port), "--json",
        )  # fmt: skip
        url = service.ready["url"]
        if self.port == 0:
            self.port = port
            self.central = CentralControl(url)
            self._clients.append(self.central)
            await self.central.accept_invitation(
                service.ready["invitation_link"],
                username="admin",
                password=secrets.token_urlsafe(16),
            )

    async def start_edge(self, *, enrol: bool = False) -> None:
        token = ["--token", await self.central.node_token("gate-1")] if enrol else []
        edge = await self._start(
            "edge", "edge", "--site", str(self.site), "--node", "gate-1",
            "--home", str(self.folder / "edge"), *token, "--json",
        )  # fmt: skip
        self.terminal = TerminalControl.from_ready(edge.ready)
        self._clients.append(self.terminal)

    async def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self.running.pop(name)
        if name == "gate":
            # What it leaves would lead the terminal to the next test's line: the number of a
            # pseudo-terminal is another's as soon as this one is gone.
            (self.folder / "line").unlink()
        os.kill(process.pid, signal.SIGKILL)
        await process.stop()

    async def add_card_holder(self) -> str:
        holder = await self.central.add_person("王小明", "1001")
        await self.central.add_card(holder, CARD)
        return holder

    async def pass_by_card(self) -> None:
        """Hold the card to the reader and walk through; returns when the gate is closed again."""
        await self.terminal.present_card("lane", CARD)
        await until(lambda: self.gate_is("open"))
        await self.gate.act("walk", unit_id=1, side="in")
        await until(lambda: self.gate_is("closed"))

    async def gate_is(self, state: str) -> bool:
        units = (await self.gate.state())["units"]
        current: str = units["1"]["state"]
        return current == state

    async def gate_passages(self) -> int:
        return int((await self.gate.state())["units"]["1"]["passages_in"])

    async def events(self) -> list[Event]:
        return [event async for event in self.central.all_events()]

    async def passages_at_central(self) -> int:
        facts = [event.parsed() for event in await self.events()]
        return sum(data.count for data in facts if isinstance(data, AccessTaken))

    async def everything_has_arrived(self) -> bool:
        status = await self.terminal.status()
        unsent: int = status["unsent_count"]
        return unsent == 0

    async def knows(self, card: str) -> bool:
        """Return whether the terminal would let this card in now (and lets it in if so).

        It is shown once for what the terminal knows: five refusals would ask for another one.
        """
        version = (await self.terminal.status())["replica_version"]
        if version == self._refused_at:
            return False
        if await self.terminal.present_card("lane", card) == "granted":
            await until(lambda: self.gate_is("open"))
            return True
        self._refused_at = version
        return False

    async def _start(self, name: str, *words: str) -> Process:
        self.running[name] = await Process.start(
            name,
            *words,
            folder=self.folder,
            program=self._program,
            patience_s=self._patience_s,
        )
        return self.running[name]

    async def stop(self) -> None:
        for client in self._clients:
            await client.close()
        for process in reversed(self.running.values()):
            await process.stop()


@contextlib.asynccontextmanager
async def running_site(folder: Path) -> AsyncIterator[RunningSite]:
    """Start gate, central and terminal; end them all at the end."""
    site = RunningSite(folder)
    try:
        await site.start_gate()
        await site.start_central()
        await site.start_edge(enrol=True)
        yield site
    finally:
        await site.stop()
