"""The site of ``benchmarks.console``: central, a terminal with its hardware, terminals that feed.

Central, the terminal and each simulated device are a process of their own, as a site runs them. The
feeding terminals share the benchmark's process; each has its own key, journal, heartbeat, uplink,
all by the edge's own code, and has joined central with a token.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from config.contract.events import EventData
from config.contract.nodes import NodeStatus
from config.contract.trust import NodeToken
from config.demo.control import CentralControl, SimulatorControl
from config.demo.processes import Processes
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from edge.journal import Journal
from edge.uplink import Uplink

SITE_ID: Final = "benchmark"
TERMINAL: Final = "gate-1"
FEEDERS: Final = tuple(f"feeder-{n}" for n in range(1, 6))
PATIENCE_S: Final = 60.0
SITE_FILE: Final = """
[site]
id = "benchmark"
name = { "zh-CN" = "测试大楼", en = "Benchmark" }

[[bus]]
id = "rs485-1"
node = "gate-1"
port = "LINE"
baudrate = 9600

[[device]]
id = "gate-east"
driver = "speed_gate"
bus = "rs485-1"
settings = { unit_id = 1 }

[[access_point]]
id = "east"
name = { "zh-CN" = "东通道", en = "East lane" }
node = "gate-1"
device = "gate-east"
direction = "in"

[[bus]]
id = "alarm-line"
node = "gate-1"
port = "listen://127.0.0.1:PORT"

[[device]]
id = "intrusion-panel"
driver = "sia_dc09"
bus = "alarm-line"
"""


class Feeder:
    """A terminal without hardware: what is told to it goes the edge's way to central."""

    def __init__(self, journal: Journal, client: CentralClient, clock: NodeClock) -> None:
        self._journal, self._client, self._clock = journal, client, clock
        self._uplink = Uplink(client, journal, status=self._status)

    @classmethod
    async def join(cls, folder: Path, node: str, token: str) -> "Feeder":
        """Join central with a token, and open a journal."""
        home = Home(folder)
        identity = await home.enrol(NodeToken.from_line(token), site=SITE_ID, node=node)
        clock = NodeClock()
        journal = Journal(
            home.journal,
            site=SITE_ID,
            node=node,
            utc_now=clock.now,
            clockquality=lambda: clock.quality,
        )
        await asyncio.to_thread(journal.start)
        return cls(journal, CentralClient(identity, clock), clock)

    async def run(self) -> None:
        """Tell central for ever."""
        try:
            await self._uplink.run()
        finally:
            await self._client.close()
            await asyncio.to_thread(self._journal.stop)

    def tell(self, fact: EventData, *, subject: str) -> None:
        """Let something happen now."""
        self._journal.note(fact, subject=subject, now=self._clock.now())

    async def drained(self, *, to: int = 0) -> None:
        """Wait until no more than so many events wait for central."""
        while self._journal.status.unsent_count > to:  # noqa: ASYNC110 - its thread tells nobody
            await asyncio.sleep(0.01)

    def _status(self) -> NodeStatus:
        status = self._journal.status
        return NodeStatus(
            at=self._clock.now(),
            version="0",
            epoch=status.epoch,
            clockquality=self._clock.quality,
            replica_version=0,
            last_sequences=status.last_sequences,
            unsent_count=status.unsent_count,
            is_journal_writable=status.is_writable,
            pipeline="builtin",
        )


class BenchSite:
    """Everything but the consoles. Attributes: central: its administrator. panel: its hand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.feeders: list[Feeder] = []
        self.central: CentralControl
        self.panel: SimulatorControl
        self.central_pid = 0

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["BenchSite"]:
        """Run everything until the block ends."""
        async with Processes(self._folder) as processes, asyncio.TaskGroup() as tasks:
            running = list[asyncio.Task[None]]()
            try:
                await self._start(processes)
                running += [tasks.create_task(feeder.run()) for feeder in self.feeders]
                yield self
            finally:
                for task in running:
                    task.cancel()
                await self.central.close()
                await self.panel.close()

    async def add_guards(self, count: int) -> tuple[str, list[str]]:
        """Let guards become operators; returns their password and names."""
        password, names = secrets.token_urlsafe(18), [f"guard-{n}" for n in range(1, count + 1)]
        for name in names:
            await self.central.add_operator(name, password, role="guard")
        return password, names

    def central_cpu_s(self) -> float:
        """Return what central's process has worked until now."""
        fields = Path(f"/proc/{self.central_pid}/stat").read_text(encoding="ascii").split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    async def alarms(self, state: str = "standing") -> dict[str, Any]:
        """Return central's list of a state, with what a flood gathered."""
        return await self.central.ask("/alarms", state=state, limit="10000", with_gathered="true")

    async def acknowledge_all(self) -> None:
        """Acknowledge what stands, as a guard does."""
        items = (await self.central.ask("/alarms"))["items"]
        ids = [each["id"] for each in items if each["acknowledged_at"] is None]
        if ids:
            await self.central.order("/alarms/acknowledge", ids=ids)

    async def _start(self, processes: Processes) -> None:
        port, line, site = _free_port(), self._folder / "line", self._folder / "site.toml"
        nodes = "".join(
            f'[[node]]\nid = "{node}"\nkiosk_port = 0\n' for node in (TERMINAL, *FEEDERS)
        )
        text = SITE_FILE.replace("PORT", str(port)).replace("LINE", str(line)) + nodes
        site.write_text(text, encoding="utf-8")
        await processes.start(
            "gate", "sim", "speed_gate", "--port", str(line), "--paced", "--unit-id", "1", "--json"
        )
        service = await processes.start(
            "central", "central", "--site", str(site), "--home", str(self._folder / "central"),
            "--port", "0", "--json",
        )  # fmt: skip
        self.central_pid = service.pid
        self.central = CentralControl(service.ready["url"])
        await self.central.accept_invitation(
            service.ready["invitation_link"], username="bench", password=secrets.token_urlsafe(18)
        )
        await processes.start(
            "edge", "edge", "--site", str(site), "--node", TERMINAL,
            "--home", str(self._folder / "edge"),
            "--token", await self.central.node_token(TERMINAL), "--json",
        )  # fmt: skip
        panel = await processes.start(
            "panel", "sim", "sia_dc09", "--dial", f"127.0.0.1:{port}",
            "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        self.panel = SimulatorControl(panel.ready)
        for node in FEEDERS:
            token = await self.central.node_token(node)
            self.feeders.append(await Feeder.join(self._folder / node, node, token))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
