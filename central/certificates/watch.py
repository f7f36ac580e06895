"""When which certificate is over, and who is told: once an hour, by any one process of central."""

import asyncio
import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from pydantic import JsonValue

from central.alarms.service import raise_alarm, return_alarm
from central.audit.notes import CENTRAL, Note
from central.database import MIGRATION_LOCK, Transaction
from central.events import repository as events
from central.events.facts import CertificateExpiring, CertificateRenewed
from central.oidc import repository as providers
from central.services import Services
from central.site_values import read_value, write_value, write_value_once

_log = logging.getLogger("central.certificates")
WARNED_BEFORE: Final = timedelta(days=30)
CHECK_S: Final = 3600.0
ALARM: Final = "certificate"
TOLD: Final = "certificates_told"
SERVERS: Final = "certificates_servers"
HEARD_FOR: Final = timedelta(hours=3)
"""So long what another process said of its own certificate holds; it says so every hour."""
SERVER, AUTHORITY, PROVIDER = "server", "authority", "provider_authority"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Watched:
    """One certificate."""

    expires_at: datetime
    name: str


def expiring(certificates: list[Watched], *, now: datetime) -> list[Watched]:
    """Return those that are over soon or already, the first first."""
    return sorted(each for each in certificates if each.expires_at - now <= WARNED_BEFORE)


def expiries_in(pem: str) -> Iterator[datetime]:
    """Yield when each certificate of a PEM text is over; nothing where it cannot be read."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return
    for certificate in found:
        yield certificate.not_valid_after_utc


def said_of_servers(
    said: Mapping[str, str], *, own: datetime | None, renewed: datetime | None, now: datetime
) -> dict[str, str]:
    """Return the ends of servers' certificates that are over soon, with when each was said last.

    Each process has a certificate of its own. What another one lately said of its own stands, or
    the alarm would come and go with whoever looks.

    Args:
        said: What was said until now.
        own: The end of this process's certificate, if it is soon.
        renewed: The end of the one that it had before, where it made another just now.
        now: Aware UTC.
    """
    standing = {
        end: at
        for end, at in said.items()
        if now - datetime.fromisoformat(at) < HEARD_FOR
        and (renewed is None or end != renewed.isoformat())
    }
    return standing if own is None else {**standing, own.isoformat(): now.isoformat()}


async def _kept(transaction: Transaction, name: str) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(await read_value(transaction, name))
    except LookupError:
        return {}
    return kept


async def _keep(transaction: Transaction, name: str, value: Mapping[str, str]) -> None:
    await write_value_once(transaction, name, "{}")
    await write_value(transaction, name, json.dumps(value))


def _wanted(
    own: list[Watched], said: Mapping[str, str], renewed: datetime | None, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what is to be told of, the first first, and what is said of servers."""
    ends = {each.name: each.expires_at for each in own}
    servers = said_of_servers(said, own=ends.get(SERVER), renewed=renewed, now=now)
    if servers:
        ends[SERVER] = min(datetime.fromisoformat(end) for end in servers)
    return {name: ends[name].isoformat() for name in sorted(ends, key=lambda n: ends[n])}, servers


class CertificateWatch:
    """The certificates of one site."""

    def __init__(self, services: Services) -> None:
        """Watch what this process serves with, and what the site trusts."""
        self._services = services

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_S)

    async def look(self) -> None:
        """Renew what is due and can be, and tell of what is over soon."""
        now = self._services.now()
        server = self._services.certificate.value
        before = None if server is None else server.expires_at
        renewed = await self._renew(now)
        gone = None if renewed is None else before
        async with self._services.database.read() as transaction:
            own = expiring(await self._all(transaction), now=now)
            kept = await _kept(transaction, TOLD), await _kept(transaction, SERVERS)
        wanted, servers = _wanted(own, kept[1], gone, now)
        if renewed is None and (wanted, servers) == kept:
            return
        async with self._services.database.write() as transaction:
            await transaction.take_turn(MIGRATION_LOCK)
            told = await _kept(transaction, TOLD)
            wanted, servers = _wanted(own, await _kept(transaction, SERVERS), gone, now)
            await _keep(transaction, SERVERS, servers)
            if renewed is not None:
                await self._state(transaction, renewed, now)
                about = (f"certificate:{renewed.certificate}",)
                transaction.note(Note(actor=CENTRAL, action="certificate_renewed", objects=about))
            if told == wanted:
                return
            for name, end in wanted.items():
                if told.get(name) != end:
                    expires_at = datetime.fromisoformat(end)
                    fact = CertificateExpiring(certificate=name, expires_at=expires_at)
                    await self._state(transaction, fact, now)
            await self._alarm(transaction, wanted, now)
            await _keep(transaction, TOLD, wanted)

    async def _renew(self, now: datetime) -> CertificateRenewed | None:
        server = self._services.certificate.value
        try:
            if server is None or not await asyncio.to_thread(server.renew_if_due, now=now):
                return None
        except OSError as error:
            # Told of in time: it stays on the list of those that are over soon.
            _log.error("the server's certificate cannot be made anew: %s", error)
            return None
        _log.info("the server's certificate was made anew")
        return CertificateRenewed(certificate=SERVER, expires_at=server.expires_at or now)

    async def _state(
        self,
        transaction: Transaction,
        fact: CertificateExpiring | CertificateRenewed,
        now: datetime,
    ) -> None:
        services = self._services
        site = services.settings.site.site.id
        await events.state(transaction, fact, site=site, epoch=services.epoch, now=now)

    @staticmethod
    async def _alarm(transaction: Transaction, soon: Mapping[str, str], now: datetime) -> None:
        if soon:
            detail: dict[str, JsonValue] = {
                "certificates": [*soon],
                "expires_at": min(soon.values()),
            }
            await raise_alarm(transaction, kind=ALARM, now=now, detail=detail)
        else:
            await return_alarm(transaction, kind=ALARM, now=now)

    async def _all(self, transaction: Transaction) -> list[Watched]:
        services = self._services
        watched = list[Watched]()
        server = services.certificate.value
        if server is not None and server.expires_at is not None:
            watched.append(Watched(server.expires_at, SERVER))
        if services.authority is not None:
            expires_at = services.authority.certificate.not_valid_after_utc
            watched.append(Watched(expires_at, AUTHORITY))
        provider = await providers.settings_of(transaction)
        if provider is not None:
            ends = list(expiries_in(provider.ca_certificate))
            watched += [Watched(min(ends), PROVIDER)] if ends else []
        return watched
