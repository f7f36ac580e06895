"""What ``benchmarks.city`` runs against: PostgreSQL, central's replicas, the proxy in front.

Each is a process of its own, as a city runs them; PostgreSQL waits for its disk. One site is served
by itself, several by one process with a schema for each (``menshen central --sites``).
"""

import asyncio
import contextlib
import dataclasses
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.city_console import CityConsole
from benchmarks.city_node import CityNode, Told
from central.hosting.folder import schema_of
from config.demo.control import CentralControl
from config.demo.processes import Process, Processes
from tests.central.hosting.city import login_of_a_city
from tests.central.postgresql import empty_database, installation, killable_server

ENROLLING_AT_ONCE: Final = 8
CONNECTION_COUNT_MAX: Final = 200
"""Of the server, for all replicas."""
START_S_MAX: Final = 900.0
"""A first start makes the tables of every site."""
HEAD: Final = """
[site]
id = "{site}"
name = {{ "zh-CN" = "测试", en = "Benchmark" }}

[policy]
status_interval_s = {status_interval_s}
"""
NODE: Final = '[[node]]\nid = "{node}"\nkiosk_port = 0\n'


@dataclasses.dataclass(slots=True)
class Town:
    """One site. Attributes: host: what it is called. schema: of its tables; empty for the only."""

    site: str
    host: str
    schema: str
    control: CentralControl


class City:
    """Everything but the nodes. Attributes: address: of the proxy. database: for SQL."""

    def __init__(
        self, folder: Path, *, sites: int, nodes: int, replicas: int, status_interval_s: int
    ) -> None:
        """Plan a city; ``nodes`` is of each site."""
        self._folder, self._replica_count = folder, replicas
        self._names = [f"node-{n:04}" for n in range(nodes)]
        self._sites = [f"site-{n:02}" for n in range(sites)]
        self._status_interval_s = status_interval_s
        self.replicas: list[Process] = []
        self._words: list[str] = []
        self._processes: Processes | None = None
        self.towns: list[Town] = []
        self.address = ("127.0.0.1", 0)
        self.database = ""
        self._postgresql_folder = Path()
        self._proxy_pid = 0

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["City"]:
        """Run everything until the block ends."""
        binaries = installation()
        if binaries is None:
            raise RuntimeError("there is no PostgreSQL on this machine")
        with killable_server(
            binaries, is_durable=True, connection_count_max=CONNECTION_COUNT_MAX
        ) as server:
            self._postgresql_folder = server.folder
            is_alone = len(self._sites) == 1
            login = (empty_database if is_alone else login_of_a_city)(server.address)
            self.database = login.replace(f"{urlsplit(login).username}@", "menshen@")
            async with Processes(self._folder) as processes:
                await self._start(processes, login)
                proxy = await self._start_proxy()
                try:
                    yield self
                finally:
                    for town in self.towns:
                        await town.control.close()
                    proxy.kill()
                    await proxy.wait()

    async def _start(self, processes: Processes, login: str) -> None:
        folder = self._folder / "sites"
        folder.mkdir()
        for site in self._sites:
            text = HEAD.format(site=site, status_interval_s=self._status_interval_s)
            text += "".join(NODE.format(node=node) for node in self._names)
            (folder / f"{site}.toml").write_text(text, encoding="utf-8")
        is_alone = len(self._sites) == 1
        what = ("--site", str(folder / f"{self._sites[0]}.toml"))
        if not is_alone:
            what = ("--sites", str(folder))
        self._processes = processes
        self._words = [
            "central", *what, "--home", str(self._folder / "home"),
            "--name", "localhost", "--database", login, "--json",
        ]  # fmt: skip
        for number in range(self._replica_count):
            process = await self._start_replica(number, port=0)
            self.replicas.append(process)
            if not number:  # the next one's invitations take the place of this one's
                await self._settle(process.ready, is_alone=is_alone)

    async def _start_replica(self, number: int, *, port: int) -> Process:
        if self._processes is None:
            raise RuntimeError("the city is not at work")
        return await self._processes.start(
            f"central-{number}", *self._words, "--port", str(port), patience_s=START_S_MAX
        )

    async def stop_all(self) -> None:
        """Kill every replica that runs, as a power cut does."""
        for each in self.replicas:
            if each.is_running:
                os.kill(each.pid, signal.SIGKILL)
                await each.ended()

    async def start_again(self) -> None:
        """Start every replica but the first, which stays dead, where it was before."""
        ports = [self._port_of(each) for each in self.replicas]
        self.replicas[1:] = [
            await self._start_replica(number, port=ports[number])
            for number in range(1, len(self.replicas))
        ]

    async def _settle(self, ready: Mapping[str, Any], *, is_alone: bool) -> None:
        """Become the first administrator of every site."""
        for said in [{**ready, "site": self._sites[0]}] if is_alone else ready["sites"]:
            url = urlsplit(said["url"])
            control = CentralControl(said["url"], at=f"http://127.0.0.1:{url.port}")
            await control.accept_invitation(
                said["invitation_link"], username="bench", password=secrets.token_urlsafe(18)
            )
            schema = "" if is_alone else schema_of(said["site"])
            self.towns.append(Town(said["site"], url.netloc, schema, control))

    def _port_of(self, process: Process) -> int:
        said = process.ready.get("sites") or [process.ready]
        return urlsplit(said[0]["url"]).port or 0

    async def _start_proxy(self) -> asyncio.subprocess.Process:
        proxy = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.city_proxy",
            *(f"127.0.0.1:{self._port_of(each)}" for each in self.replicas),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        if proxy.stdout is None:
            raise RuntimeError("started without a pipe")
        self.address = ("127.0.0.1", int(await proxy.stdout.readline()))
        self._proxy_pid = proxy.pid
        return proxy

    async def enrol(self, told: Told) -> list[CityNode]:
        """Let all nodes join; returns them."""
        turns, nodes = asyncio.Semaphore(ENROLLING_AT_ONCE), list[CityNode]()
        at = ("127.0.0.1", self._port_of(self.replicas[0]))

        async def join(number: int, town: Town, node: CityNode) -> None:
            async with turns:
                token = await town.control.node_token(node.node)
                # An address of its own for each, as tries are counted by address.
                local = f"127.1.{number // 250}.{number % 250 + 1}"
                await node.enrol(token, at=at, local=local)

        async with asyncio.TaskGroup() as tasks:
            for town in self.towns:
                for name in self._names:
                    node = CityNode(
                        town.site, name, host=town.host, address=self.address, told=told
                    )
                    tasks.create_task(join(len(nodes), town, node))
                    nodes.append(node)
        return nodes

    def consoles(self) -> list[CityConsole]:
        """Return a console of each site, in the session of its administrator."""
        return [
            CityConsole(self.address, host=town.host, cookies=town.control.cookies)
            for town in self.towns
        ]

    def kill_replica(self) -> None:
        """Kill the first replica, as a power cut does."""
        os.kill(self.replicas[0].pid, signal.SIGKILL)

    def cpu_s(self) -> dict[str, float]:
        """Return what each part has worked until now, in seconds."""
        spent = {f"central_{n}": _cpu_s(p.pid) for n, p in enumerate(self.replicas)}
        spent["proxy"] = _cpu_s(self._proxy_pid)
        spent["nodes"] = _cpu_s(os.getpid())
        spent["postgresql"] = sum(_cpu_s(pid, with_ended=True) for pid in self._postgresql_pids())
        return spent

    def _postgresql_pids(self) -> Iterator[int]:
        data = self._postgresql_folder / "data"
        for each in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if each.name.isdecimal() and (each / "cwd").readlink() == data:
                    yield int(each.name)


def _cpu_s(pid: int, *, with_ended: bool = False) -> float:
    """Return the processor time of a process; with its children that have ended if asked."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = sum(map(int, fields[11 : 15 if with_ended else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")
