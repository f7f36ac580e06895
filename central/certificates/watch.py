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


async def _told(transaction: Transaction) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads(await read_value(transaction, TOLD))
    except LookupError:
        return {}
    return told


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
        renewed = await self._renew(now)
        async with self._services.database.read() as transaction:
            soon = expiring(await self._all(transaction), now=now)
            was_told = await _told(transaction)
        wanted = {each.name: each.expires_at.isoformat() for each in soon}
        if renewed is None and wanted == was_told:
            return
        async with self._services.database.write() as transaction:
            await transaction.take_turn(MIGRATION_LOCK)
            await write_value_once(transaction, TOLD, "{}")
            told = json.loads(await read_value(transaction, TOLD))
            if renewed is not None:
                await self._state(transaction, renewed, now)
                about = (f"certificate:{renewed.certificate}",)
                transaction.note(Note(actor=CENTRAL, action="certificate_renewed", objects=about))
            if told == wanted:
                return
            for each in soon:
                if told.get(each.name) != wanted[each.name]:
                    fact = CertificateExpiring(certificate=each.name, expires_at=each.expires_at)
                    await self._state(transaction, fact, now)
            await self._alarm(transaction, wanted, now)
            await write_value(transaction, TOLD, json.dumps(wanted))

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
