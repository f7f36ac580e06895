"""The command, as a technician and as another program start it."""

import asyncio
import contextlib
import hashlib
import logging
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.cookies import PREFIX
from config.contract.trust import NodeToken
from config.demo.processes import Process
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from tests.central.bench import PASSWORD, Bench

SITE = '[site]\nid = "test"\nname = { en = "Test" }\n[[node]]\nid = "gate-1"\n'


def with_central(
    folder: Path, act: Callable[[dict[str, Any]], Awaitable[None]], *options: str
) -> str:
    """Act on a running central; returns its standard error."""
    site = folder / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    words = ("--site", str(site), "--home", str(folder / "home"), "--port", "0", "--json")

    async def run() -> str:
        process = await Process.start("central", "central", *words, *options, folder=folder)
        try:
            await act(process.ready)
        finally:
            await process.stop()
        return process.log.read_text(encoding="utf-8")

    return asyncio.run(run())


async def administrator(ready: dict[str, Any], ca_certificate: str | None) -> httpx.AsyncClient:
    tls = ssl.create_default_context(cadata=ca_certificate) if ca_certificate else True
    client = httpx.AsyncClient(base_url=ready["url"], headers={"Origin": ready["url"]}, verify=tls)
    secret = ready["invitation_link"].partition("#")[2]
    wish = {"secret": secret, "username": "admin", "password": PASSWORD}
    reply = await client.post("/api/v1/invitations/accept", json=wish)
    assert reply.status_code == 201
    given, is_secure = reply.headers["Set-Cookie"], ca_certificate is not None
    assert (given.startswith(PREFIX), "; Secure" in given) == (is_secure, is_secure)
    if is_secure:
        assert (await client.get("/api/v1/sessions/current")).status_code == 200
    return client


def test_a_terminal_joins_over_https_by_the_fingerprint_of_its_token(tmp_path: Path) -> None:
    async def act(ready: dict[str, Any]) -> None:
        assert ready["url"].startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(verify=False) as first:  # noqa: S501 - as the token proves it
            pem = (await first.get(f"{ready['url']}/api/v1/site/ca.pem")).text
        async with contextlib.aclosing(await administrator(ready, pem)) as client:
            reply = await client.post("/api/v1/nodes/tokens", json={"node": "gate-1"})
        token = NodeToken.from_line(reply.json()["token"])
        der = ssl.PEM_cert_to_DER_cert(pem)
        assert token.ca_fingerprint == hashlib.sha256(der).hexdigest()
        identity = await Home(tmp_path / "edge").enrol(token, site="test", node="gate-1")
        assert identity.ca_certificate == pem

    with_central(tmp_path, act, "--tls")


def test_where_certificates_are_required_a_terminal_joins_and_comes_with_one(
    tmp_path: Path,
) -> None:
    async def act(ready: dict[str, Any]) -> None:
        async with httpx.AsyncClient(verify=False) as first:  # noqa: S501 - as the token proves it
            pem = (await first.get(f"{ready['url']}/api/v1/site/ca.pem")).text
        async with contextlib.aclosing(await administrator(ready, pem)) as client:
            reply = await client.post("/api/v1/nodes/tokens", json={"node": "gate-1"})
        token = NodeToken.from_line(reply.json()["token"])
        identity = await Home(tmp_path / "edge").enrol(token, site="test", node="gate-1")
        terminal = CentralClient(identity, NodeClock(), tls=identity.tls())
        try:
            assert (await terminal.commands()).commands == ()
            assert terminal.certificate_count == 1
        finally:
            await terminal.close()

    options = ("--tls", "--client-certificates", "required", "--terminals-port", "0")
    with_central(tmp_path, act, *options)


def test_certificates_without_tls_are_refused_in_one_line(tmp_path: Path) -> None:
    words = ("--site", str(tmp_path / "site.toml"), "--client-certificates", "optional")

    said = subprocess.run(
        Process.command("central", *words), capture_output=True, text=True, check=False
    )

    assert said.returncode == 2
    assert "--tls" in said.stderr


def test_the_authority_stays_when_central_starts_again(tmp_path: Path) -> None:
    seen = list[str]()

    async def act(ready: dict[str, Any]) -> None:
        async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - only looked at
            seen.append((await client.get(f"{ready['url']}/api/v1/site/ca.pem")).text)

    with_central(tmp_path, act, "--tls")
    with_central(tmp_path, act, "--tls")

    assert seen[0] == seen[1]


def test_there_is_no_link_once_there_is_an_administrator(tmp_path: Path) -> None:
    links = list[str | None]()

    async def act(ready: dict[str, Any]) -> None:
        links.append(ready["invitation_link"])
        if ready["invitation_link"]:
            await (await administrator(ready, None)).aclose()

    logs = [with_central(tmp_path, act) for _ in range(2)]

    assert links[0] is not None
    assert links[1] is None
    assert links[0].partition("#")[2] not in "".join(logs)


def test_a_second_central_on_the_same_file_is_refused_in_one_line(tmp_path: Path) -> None:
    async def act(_: dict[str, Any]) -> None:
        words = ("--site", str(tmp_path / "site.toml"), "--home", str(tmp_path / "home"))
        second = await asyncio.to_thread(
            subprocess.run,
            Process.command("central", *words, "--port", "0", "--json"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (second.returncode, second.stdout) == (1, "")
        assert "another central process" in second.stderr
        assert "Traceback" not in second.stderr

    with_central(tmp_path, act)


def test_without_a_site_file_central_says_what_it_wants() -> None:
    said = subprocess.run(Process.command("central"), capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (2, "")
    assert "--site" in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_neither_names_nor_cards_nor_secrets_are_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    holder_id, node = bench.person("王小明", number="81234567"), bench.node()
    bench.administrator.post(f"/api/v1/people/{holder_id}/cards", json={"number": "0006547886"})
    node.send(node.event(1))
    node.request("GET", "/api/v1/replica?after=0")
    node.request("POST", "/api/v1/events", b"[1]")

    # The browser of the test is in this process, too, and logs for itself.
    records = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    logged = "\n".join(record.getMessage() for record in records)

    cookie = next(iter(bench.administrator.cookies.jar)).value or ""
    for secret in ("王小明", "81234567", "0006547886", PASSWORD, cookie):
        assert secret not in logged
