"""Terminals that prove by a certificate, too, who opens a connection: over real TLS."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from central.authority import new_authority
from central.nodes.certificate_endpoints import WISH_COUNT
from central.settings import ClientCertificates
from central.tables import audit_log
from config.contract.headers import CERTIFICATE
from config.contract.node_rotation import sign_rotation
from config.contract.nodes import CertificateWish
from edge.central_answers import CentralUnreachableError
from edge.central_client import CentralClient
from edge.certificates import CertificateKey
from edge.clock import NodeClock
from tests.central.certificates.entrance import CERTIFICATE as CERTIFICATE_TARGET
from tests.central.certificates.entrance import Entered, Terminal, entered
from tests.central.nodes.changing import TARGET as KEYS_TARGET

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


def test_whom_one_was_given_stands_in_the_audit_log(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        wish = CertificateWish(request=CertificateKey().request("gate-1")).model_dump_json()
        async with central.client() as client:
            reply = await gate.ask(client, "POST", CERTIFICATE_TARGET, wish)
        given = x509.load_pem_x509_certificate(reply.json()["certificate"].encode())

        query = select(audit_log.c.actor, audit_log.c.objects).where(
            audit_log.c.action == "nodes_current_certificate_post"
        )
        async with central.services.database.read() as transaction:
            entry = (await transaction.execute(query)).one()
        assert entry.actor == "node:gate-1"
        assert f"certificate:{given.serial_number:x}" in entry.objects

    with_central(tmp_path, REQUIRED, act)


def test_where_it_is_required_a_change_of_keys_locks_no_terminal_out(tmp_path: Path) -> None:
    async def act(central: Entered) -> None:
        gate = await central.node("gate-1")
        before = gate.certified()
        next_key, sealing_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        rotation = sign_rotation(
            site="test",
            node="gate-1",
            old_key=gate.signing_key,
            signing_key=next_key,
            sealing_key=sealing_key.public_key(),
        )
        wish = CertificateWish(request=CertificateKey().request("gate-1")).model_dump_json()

        gate.signing_key = next_key
        async with central.client() as without_any:
            # As after a restart half way: neither key has a certificate in this process.
            change = await gate.ask(without_any, "POST", KEYS_TARGET, rotation.model_dump_json())
            assert change.status_code == 200, change.text
        assert await code_of(gate, before) == "taken"
        central.clock.advance(hours=2)
        assert await code_of(gate, before) == "certificate_refused"
        async with central.client(central.entrance, before) as with_the_old_one:
            reply = await gate.ask(with_the_old_one, "POST", CERTIFICATE_TARGET, wish)
        assert reply.status_code == 201, reply.text
        assert await code_of(gate, gate.certified(now=datetime.now(UTC))) == "taken"

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
