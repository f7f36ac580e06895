"""A city as its administrator runs it: one process, whose sites come, go and fail by themselves."""

import asyncio
import os
import signal
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.security import COOKIE
from config.demo.processes import Process
from tests.central.bench import accept
from tests.central.hosting.city import SITE, login_of_a_city

DEADLINE_S = 60.0


class Host:
    """The process. Attributes: ready: by site, what it said."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.ready = {each["site"]: each for each in process.ready["sites"]}
        url = next(iter(self.ready.values()))["url"]
        self.scheme, _, authority = url.partition("://")
        self.port = int(authority.rpartition(":")[2])
        self.loopback = f"{self.scheme}://127.0.0.1:{self.port}"

    def host(self, site: str) -> str:
        return f"{site}.localhost:{self.port}"

    async def until(self, site: str, status: int) -> None:
        """Wait until a site answers so."""
        async with asyncio.timeout(DEADLINE_S), httpx.AsyncClient(base_url=self.loopback) as client:
            headers = {"Host": self.host(site)}
            while (await client.get("/api/v1/health", headers=headers)).status_code != status:  # noqa: ASYNC110 - the site tells nobody
                await asyncio.sleep(0.05)


async def started(folder: Path, *options: str) -> Host:
    words = ("--sites", str(folder / "sites"), "--home", str(folder / "home"), "--port", "0")
    process = await Process.start("central", "central", *words, "--json", *options, folder=folder)
    return Host(process)


def write(folder: Path, site: str, *, text: str | None = None) -> None:
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "sites" / f"{site}.toml").write_text(text or SITE.format(site=site))


def test_a_site_that_cannot_start_stops_no_other_and_files_are_taken_in_while_they_run(
    tmp_path: Path,
) -> None:
    write(tmp_path, "good")
    write(tmp_path, "locked-out")
    write(tmp_path, "no-site", text="[site]\n")
    blocked = tmp_path / "home" / "locked-out"
    blocked.parent.mkdir()
    blocked.write_text("a file, where its folder is to be")

    async def run() -> str:
        host = await started(tmp_path)
        try:
            assert host.ready["good"]["problem"] is None
            assert host.ready["locked-out"]["problem"]
            assert "no-site.toml" in " ".join(host.process.ready["problems"])
            await host.until("good", 200)
            await host.until("locked-out", 503)
            blocked.unlink()
            await host.until("locked-out", 200)
            write(tmp_path, "added")
            (tmp_path / "sites" / "good.toml").unlink()
            os.kill(host.process.pid, signal.SIGHUP)
            await host.until("added", 200)
            await host.until("good", 421)
        finally:
            await host.process.stop()
        return host.process.log.read_text()

    log = asyncio.run(run())

    assert log.count("site locked-out does not start") == 1
    assert "Traceback" not in log


def test_who_asks_one_site_by_the_certificate_of_another_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")

    async def run() -> None:
        host = await started(tmp_path, "--tls")
        try:
            pem = (await asked(host, "a", "a")).text
            assert pem.startswith("-----BEGIN CERTIFICATE-----")
            assert (await asked(host, "a", "b")).status_code == 421
            with pytest.raises(httpx.ConnectError):
                await asked(host, "c", "a")
            # A terminal knows its own site's authority, which vouches for no other site.
            assert (await asked(host, "a", "a", pem=pem)).status_code == 200
            with pytest.raises(httpx.ConnectError):
                await asked(host, "b", "b", pem=pem)
        finally:
            await host.process.stop()

    asyncio.run(run())


async def asked(host: Host, tls_name: str, name: str, *, pem: str | None = None) -> httpx.Response:
    """Ask for a site's authority on a connection of its own, opened by some name."""
    verify = False if pem is None else ssl.create_default_context(cadata=pem)
    async with httpx.AsyncClient(base_url=host.loopback, verify=verify) as client:
        return await client.get(
            "/api/v1/site/ca.pem",
            headers={"Host": host.host(name)},
            extensions={"sni_hostname": f"{tls_name}.localhost"},
        )


def test_a_process_with_open_streams_stops_in_order(tmp_path: Path, postgresql: str) -> None:
    write(tmp_path, "streams")
    database = login_of_a_city(postgresql)

    async def run() -> tuple[int, str]:
        host = await started(tmp_path, "--database", database)
        headers = {"Host": host.host("streams"), "Origin": f"http://{host.host('streams')}"}
        assert host.ready["streams"]["problem"] is None
        secret = host.ready["streams"]["invitation_link"].partition("#")[2]
        with httpx.Client(base_url=host.loopback, headers=headers) as browser:
            session = accept(browser, secret, "admin").cookies[COOKIE]
        cookie = {**headers, "Cookie": f"{COOKIE}={session}"}
        async with (
            httpx.AsyncClient(base_url=host.loopback, headers=cookie, timeout=60) as client,
            client.stream("GET", "/api/v1/stream") as stream,
        ):
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: hello"
            code = await stopped(host.process)
            # It ended as a stream ends, not as a connection breaks: the page opens it again.
            rest: list[Any] = [line async for line in lines]
        assert rest
        return code, host.process.log.read_text()

    code, log = asyncio.run(run())

    assert code == 0
    assert "Traceback" not in log
    assert "graceful shutdown exceeded" not in log


async def stopped(process: Process) -> int:
    """Ask it to end, and return how it did."""
    os.kill(process.pid, signal.SIGTERM)
    return await process.ended()
