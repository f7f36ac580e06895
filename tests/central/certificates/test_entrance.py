"""Terminals that prove by a certificate, too, who opens a connection: over real TLS."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from central.authority import new_authority
from central.nodes.certificate_endpoints import WISH_COUNT
from central.settings import ClientCertificates
from config.contract.headers import CERTIFICATE
from config.contract.nodes import CertificateWish
from edge.central_answers import CentralUnreachableError
from edge.central_client import CentralClient
from edge.certificates import CertificateKey
from edge.clock import NodeClock
from tests.central.certificates.entrance import CERTIFICATE as CERTIFICATE_TARGET
from tests.central.certificates.entrance import Entered, Terminal, entered

OFF, OPTIONAL, REQUIRED = ClientCertificates


def with_central(
    folder: Path, wanted: ClientCertificates, act: Callable[[Entered], Awaitable[None]]
) -> None:
    async def run() -> None:
        async with entered(folder, wanted) as central:
            await act(central)

    asyncio.run(run())


async def code_of(
    terminal: Terminal, tls: ssl.SSLContext | None = None, url: str | None = None
) -> str:
    """Return what a report meets with: central's word, ``taken``, or ``no connection``."""
    async with terminal.central.client(url or terminal.central.entrance, tls) as client:
        try:
            reply = await terminal.report(client)
        except httpx.TransportError:
            return "no connection"
    return "taken" if reply.is_success else str(reply.json()["code"])


def test_at_the_entrance_the_right_certificate_is_taken_and_no_other(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate, other = await central.node("gate-1"), await central.node("gate-2")
        stranger = new_authority("test", now=datetime.now(UTC))
        ran_out = datetime.now(UTC) - timedelta(days=4)

        assert await code_of(gate, gate.certified()) == "taken"
        assert await code_of(gate) == "no connection"
        assert await code_of(gate, gate.certified(by=stranger)) == "no connection"
        assert await code_of(gate, gate.certified(now=ran_out)) == "no connection"
        assert await code_of(gate, other.certified()) == "certificate_refused"

    with_central(tmp_path, OPTIONAL, act)


def test_a_certificate_ends_with_the_membership_that_it_was_given_for(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        tls = gate.certified()

        await central.shut_out("gate-1")
        after = await code_of(gate, tls)
        joined_again = await central.node("gate-1")

        assert after == "bad_signature"
        assert await code_of(joined_again, tls) == "certificate_refused"
        assert await code_of(joined_again, joined_again.certified()) == "taken"

    with_central(tmp_path, OPTIONAL, act)


def test_a_certificate_that_runs_out_ends_what_was_opened_with_it(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        async with central.client(central.entrance, gate.certified()) as client:
            before = await gate.report(client)
            central.clock.advance(days=3)
            after = await gate.report(client)

        assert (before.status_code, after.status_code) == (204, 401)
        assert after.json()["code"] == "certificate_refused"

    with_central(tmp_path, OPTIONAL, act)


def test_where_it_is_optional_who_knows_nothing_of_it_goes_on(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        assert await code_of(await central.node("gate-1"), url=central.url) == "taken"

    with_central(tmp_path, OPTIONAL, act)


def test_where_it_is_required_a_signature_alone_is_not_enough(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")

        assert await code_of(gate, url=central.url) == "certificate_needed"
        # At the address nobody is asked for one, so that no browser asks its user which.
        assert await code_of(gate, gate.certified(), url=central.url) == "certificate_needed"
        assert await code_of(gate, gate.certified()) == "taken"

    with_central(tmp_path, REQUIRED, act)


def test_where_it_is_required_browsers_and_terminals_that_join_need_none(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        wish = {"node": "gate-1", "secret": "x", "signing_key": "", "sealing_key": ""}
        async with central.client() as browser:
            page = await browser.get("/")
            joining = await browser.post("/api/v1/nodes/enrol", json=wish)

        assert page.status_code == 200
        assert joining.json()["code"] == "invalid_key"

    with_central(tmp_path, REQUIRED, act)


@pytest.mark.parametrize("wanted", [OPTIONAL, REQUIRED])
def test_a_terminal_gets_its_certificate_by_itself_and_goes_by_it(
    tmp_path: Path, wanted: ClientCertificates
) -> None:
    ports = list[int | None]()

    async def note(response: httpx.Response) -> None:
        address = response.extensions["network_stream"].get_extra_info("server_addr")
        ports.append(address[1])

    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        identity = gate.identity
        client = CentralClient(identity, NodeClock(), tls=identity.tls())
        client.http.event_hooks["response"].append(note)
        try:
            await client.put_status(gate.status())
            await client.put_status(gate.status())
        finally:
            await client.close()

        assert f"https://localhost:{ports[-1]}" == central.entrance

    with_central(tmp_path, wanted, act)


def test_a_terminal_whose_certificate_leads_nowhere_goes_by_the_address(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        identity = gate.identity
        client = CentralClient(identity, NodeClock(), tls=identity.tls())
        # As where a firewall lets nobody through to the other port.
        central.services.certificate.terminals_port = 9
        try:
            await client.put_status(gate.status())
            with pytest.raises(CentralUnreachableError):
                await client.put_status(gate.status())
            await client.put_status(gate.status())
            await client.put_status(gate.status())
        finally:
            await client.close()

    with_central(tmp_path, OPTIONAL, act)


def test_a_terminal_that_joins_anew_gets_another_certificate_at_once(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        identity = gate.identity
        client = CentralClient(identity, NodeClock(), tls=identity.tls())
        try:
            await client.put_status(gate.status())
            await central.shut_out("gate-1")
            identity.signing_key = (await central.node("gate-1")).signing_key
            await client.put_status(gate.status())
        finally:
            await client.close()

    with_central(tmp_path, REQUIRED, act)


def test_nobody_is_given_one_without_end_or_for_something_else(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        wish = CertificateWish(request=CertificateKey().request("gate-1")).model_dump_json()
        bodies = ["{}", '{"request": "nothing"}', *[wish] * (WISH_COUNT - 1)]
        async with central.client() as client:
            statuses = [
                (await gate.ask(client, "POST", CERTIFICATE_TARGET, body)).status_code
                for body in bodies
            ]

        assert statuses == [422, 422, *[201] * (WISH_COUNT - 2), 429]

    with_central(tmp_path, REQUIRED, act)


def test_as_shipped_central_asks_for_none_and_gives_none(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        wish = CertificateWish(request=CertificateKey().request("gate-1")).model_dump_json()
        async with central.client() as client:
            report = await gate.report(client)
            answer = await gate.ask(client, "POST", CERTIFICATE_TARGET, wish)

        assert CERTIFICATE not in report.headers
        assert (answer.status_code, answer.json()["code"]) == (404, "no_certificates")

    with_central(tmp_path, OFF, act)
