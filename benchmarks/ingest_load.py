"""Nodes that do nothing but tell: the load of ``benchmarks.ingest``.

Each has joined central with a token, signs every request with its own key (decision 1) and keeps
one connection open. What they tell is written from templates, so that the two processors that both
ends share are central's as far as may be.
"""

import asyncio
import dataclasses
import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.access import CredentialKind, DenialReason, Direction, DoorCommandOutcome
from config.contract.access import DoorState as State
from config.contract.events import (
    BATCH_CONTENT_TYPE,
    AccessDenied,
    AccessGranted,
    AccessTaken,
    ChargeRecorded,
    ClockQuality,
    DoorCommandAnswered,
    DoorOpenTooLong,
    DoorSecured,
    DoorStateChanged,
    Event,
    EventData,
)
from config.contract.money import ChargeLine, ChargeMode
from config.contract.trust import NodeToken, public_text, sign_request

SITE_ID: Final = "benchmark"
TARGET: Final = "/api/v1/events"
Mix = dict[type[EventData], int]
OF_GATE: Final[Mix] = {
    AccessGranted: 200,
    DoorCommandAnswered: 195,
    AccessTaken: 190,
    AccessDenied: 25,
    DoorStateChanged: 386,
    DoorOpenTooLong: 4,
}
"""Of a thousand events; every other door that stands open too long is one that is closed again."""
OF_TILL: Final[Mix] = {ChargeRecorded: 160, AccessGranted: 5, DoorStateChanged: 835}
"""The telemetry of a till is as much as that of a gate."""
TILLS: Final = 8
"""One node of so many is a till."""
PEOPLE: Final = tuple(str(uuid4()) for _ in range(2_000))
_ID: Final = "01a22d1c-9e7b-7149-8ddb-"
_OTHER: Final = "01a22d1c-9e7b-7149-9ddb-"
_KEY: Final = "01a22d1c-0000-7000-8000-000000000000"


def facts(number: int) -> dict[type[EventData], EventData]:
    """Return one fact of each type at the gate and the till of a node."""
    gate, till = f"gate-{number}", f"till-{number}"
    passing: dict[str, Any] = {"decision_id": _KEY, "access_point": gate}
    shown: dict[str, Any] = {
        "direction": Direction.IN,
        "credential": CredentialKind.CARD,
        "holder_id": "HOLDER",
    }
    answer: dict[str, Any] = {
        "device": gate,
        "outcome": DoorCommandOutcome.CONFIRMED,
        "elapsed_ms": 41.5,
        "attempts": 1,
    }
    return {
        AccessGranted: AccessGranted(**passing, **shown, credential_to_decision_ms=11.25),
        DoorCommandAnswered: DoorCommandAnswered(**passing, **answer),
        AccessTaken: AccessTaken(**passing, direction=Direction.IN),
        AccessDenied: AccessDenied(**passing, **shown, reason=DenialReason.OUT_OF_SCHEDULE),
        DoorStateChanged: DoorStateChanged(device=gate, state=State.OPEN),
        ChargeRecorded: ChargeRecorded(
            charge_id=UUID(_KEY),
            session_id=uuid4(),
            till=till,
            merchant="canteen",
            holder_id="HOLDER",
            amount_fen=1_200,
            mode=ChargeMode.MENU,
            period="lunch",
            lines=(ChargeLine(item="rice", amount_fen=1_200),),
            credential=CredentialKind.CARD,
        ),
        DoorOpenTooLong: DoorOpenTooLong(device=gate),
        DoorSecured: DoorSecured(device=gate),
    }


class Story:
    """What one node tells, in the shares of its kind; ``next`` never ends."""

    def __init__(self, number: int, node: str) -> None:
        self.epoch, self._number, self._count, self._doors = uuid4(), number, 0, 0
        self.told: Counter[str] = Counter()
        """By the class: the last sequence, of what was written so far."""
        self._templates: dict[type[EventData], tuple[str, str]] = {
            model: self._template(node, fact) for model, fact in facts(number).items()
        }
        mix = OF_GATE if number % TILLS else OF_TILL
        kinds = [model for model, share in mix.items() for _ in range(share)]
        # Spread over the thousand, as they come: 371 has no divisor in common with it.
        self._kinds: list[type[EventData]] = [
            kinds[index * 371 % len(kinds)] for index in range(len(kinds))
        ]

    def _template(self, node: str, fact: EventData) -> tuple[str, str]:
        event = Event(
            id=UUID(_KEY),
            source=f"/{SITE_ID}/{node}",
            type=fact.type_name,
            time=datetime(2000, 1, 1, tzinfo=UTC),
            subject=node,
            epoch=self.epoch,
            event_class=fact.event_class,
            sequence=1,
            clockquality=ClockQuality.SYNCHRONISED,
            data=fact.model_dump(mode="json"),
        )
        text = event.model_dump_json(by_alias=True).replace("%", "%%")
        text = text.replace(f'"id":"{_KEY}"', f'"id":"{_ID}%(id)s"')
        text = text.replace(_KEY, f"{_OTHER}%(id)s").replace("HOLDER", "%(holder)s")
        text = text.replace("2000-01-01T00:00:00Z", "%(time)s")
        return fact.event_class.value, text.replace('"sequence":1', '"sequence":%(sequence)d')

    def next(self, length: int) -> bytes:
        """Return a batch of so many events that happen now."""
        said = list[str]()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        for _ in range(length):
            count = self._count
            self._count += 1
            kind = self._kinds[count % len(self._kinds)]
            if kind is DoorOpenTooLong:
                self._doors += 1
                kind = DoorOpenTooLong if self._doors % 2 else DoorSecured
            event_class, template = self._templates[kind]
            self.told[event_class] = sequence = self.told[event_class] + 1
            values = {
                "id": f"{self._number:03x}{count:09x}",
                "holder": PEOPLE[count * 7 % len(PEOPLE)],
                "time": at,
                "sequence": sequence,
            }
            said.append(template % values)
        return f"[{','.join(said)}]".encode()


@dataclasses.dataclass(slots=True)
class Told:
    """What a node was told that central holds. Attributes: took_s: of each batch."""

    batches: int = 0
    stored: int = 0
    refused: int = 0
    took_s: list[float] = dataclasses.field(default_factory=list)


class Teller:
    """A node with one connection, on which it tells one batch after the other."""

    def __init__(self, url: str, number: int) -> None:
        self.node, self.number = f"node-{number}", number
        self.story, self.told = Story(number, self.node), Told()
        self._url = url
        self._key = Ed25519PrivateKey.generate()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def join(self, token: str) -> None:
        """Join central with a token."""
        wish = {
            "node": self.node,
            "secret": NodeToken.from_line(token).secret,
            "signing_key": public_text(self._key.public_key()),
            "sealing_key": public_text(X25519PrivateKey.generate().public_key()),
        }
        # From an address of its own: one address may not try many tokens.
        transport = httpx.AsyncHTTPTransport(local_address=f"127.1.0.{self.number + 1}")
        async with httpx.AsyncClient(transport=transport) as http:
            reply = await http.post(f"{self._url}/api/v1/nodes/enrol", json=wish)
            reply.raise_for_status()

    async def tell(self, *, length: int, until_s: float) -> None:
        """Tell batches until a monotonic time; each is told until central holds it."""
        while time.monotonic() < until_s:
            body = self.story.next(length)
            began_s = time.monotonic()
            while (wait_s := await self._post(body)) is not None:
                self.told.refused += 1
                await asyncio.sleep(wait_s)
            self.told.took_s.append(time.monotonic() - began_s)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _post(self, body: bytes) -> float | None:
        """Send a batch; returns after how many seconds to send it again, None when it is held."""
        if self._streams is None:
            address = urlsplit(self._url)
            self._streams = await asyncio.open_connection(address.hostname, address.port)
        reader, writer = self._streams
        token = sign_request(
            self._key,
            node=self.node,
            site=SITE_ID,
            method="POST",
            target=TARGET,
            body=body,
            now=datetime.now(UTC),
        )
        head = (
            f"POST {TARGET} HTTP/1.1\r\nHost: central\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: {BATCH_CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.writelines((head.encode("ascii"), body))
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        answer = json.loads(await reader.readexactly(int(headers["content-length"])))
        status = int(lines[0].split()[1])
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return float(headers["retry-after"])
        if status != httpx.codes.OK or answer["conflicts"] or answer["duplicates"]:
            raise RuntimeError(f"{self.node}: {lines[0]}: {answer}")
        self.told.batches += 1
        self.told.stored += answer["stored"]
        return None
