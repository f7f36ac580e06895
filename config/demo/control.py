"""The hands of the demo: simulators, central and the terminal, each through its own HTTP door."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import typer

from config.contract.events import Event
from config.contract.identifiers import Frozen

SHOWING: Final = {"purpose": "maintenance", "reference": "demonstration"}
"""Why the demo reads what happened."""


class SimulatorControl:
    """The control port of one simulator."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._http = httpx.AsyncClient(
            base_url=ready["control"], headers={"Authorization": f"Bearer {ready['token']}"}
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def state(self) -> dict[str, Any]:
        """Return the simulator's state."""
        reply = await self._http.get("/state")
        reply.raise_for_status()
        state: dict[str, Any] = reply.json()
        return state

    async def act(self, action: str, **arguments: object) -> None:
        """Do something to the simulated device, as a hand would."""
        reply = await self._http.post(f"/actions/{action}", json=arguments)
        reply.raise_for_status()


class Seen(Frozen):
    """One event as the console saw it. Attributes: seen_at: arrival of the line, aware UTC."""

    event: Event
    seen_at: datetime


class CentralControl:
    """Central as an administrator's browser uses it."""

    def __init__(self, url: str, *, at: str | None = None) -> None:
        """Speak with the site that is called ``url``; ``at`` is where it is reached instead."""
        self.url = url
        headers = {"Origin": url, "Host": httpx.URL(url).netloc.decode()}
        self._http = httpx.AsyncClient(base_url=at or url, timeout=30.0, headers=headers)

    @property
    def cookies(self) -> httpx.Cookies:
        """What this session is known by."""
        return self._http.cookies

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def accept_invitation(self, link: str, *, username: str, password: str) -> None:
        """Become the first administrator."""
        secret = link.partition("#")[2]
        await self._post(
            "/api/v1/invitations/accept", secret=secret, username=username, password=password
        )

    async def invite(self, role: str) -> str:
        """Return a one-time link for a new operator."""
        return str((await self._post("/api/v1/users/invitations", role=role))["link"])

    async def add_operator(self, username: str, password: str, *, role: str) -> None:
        """Let somebody else become an operator."""
        link = await self.invite(role)
        wish = {"username": username, "password": password, "secret": link.partition("#")[2]}
        async with httpx.AsyncClient(base_url=self.url, headers={"Origin": self.url}) as other:
            reply = await other.post("/api/v1/invitations/accept", json=wish)
            reply.raise_for_status()

    async def order(self, path: str, **body: object) -> dict[str, Any]:
        """Have central do something below ``/api/v1``; returns its answer."""
        return await self._post(f"/api/v1{path}", **body)

    async def put(self, path: str, **body: object) -> None:
        """Put a whole document in force below ``/api/v1``."""
        self._accepted(path, await self._http.put(f"/api/v1{path}", json=body))

    async def ask(self, path: str, **words: str) -> dict[str, Any]:
        """Return what central answers to a question below ``/api/v1``."""
        reply = await self._http.get(f"/api/v1{path}", params={**SHOWING, **words})
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    async def download(self, path: str) -> bytes:
        """Return what lies at a path below ``/api/v1``, as it is."""
        reply = await self._http.get(f"/api/v1{path}", params=SHOWING)
        reply.raise_for_status()
        return reply.content

    async def node_token(self, node: str) -> str:
        """Return a one-time token for a node."""
        return str((await self._post("/api/v1/nodes/tokens", node=node))["token"])

    async def add_person(self, name: str, number: str, **more: object) -> str:
        """Return the holder id of a new person."""
        body = {"name": name, "number": number, **more}
        return str((await self._post("/api/v1/people", **body))["holder_id"])

    async def add_card(self, holder_id: str, number: str) -> None:
        """Give a person a card."""
        await self._post(f"/api/v1/people/{holder_id}/cards", number=number)

    async def open_once(self, node: str, access_point: str, *, reason: str) -> str:
        """Have a terminal let one person through; returns the command's id."""
        what = {"kind": "open_once", "access_point": access_point}
        reply = await self._post(f"/api/v1/nodes/{node}/commands", what=what, reason=reason)
        return str(reply["command_id"])

    async def command_state(self, command_id: str) -> str:
        """Return what has become of a command."""
        reply = await self._http.get("/api/v1/commands")
        reply.raise_for_status()
        return next(str(c["state"]) for c in reply.json()["items"] if c["command_id"] == command_id)

    async def consent(self, holder_id: str, *, purpose: str) -> None:
        """Record that a person consented on the screen."""
        await self._post(
            f"/api/v1/people/{holder_id}/consents",
            purpose=purpose,
            text_version=1,
            place="central",
            method="screen",
            is_under_14=False,
        )

    async def enrol_face(self, holder_id: str, photograph: Path) -> bool:
        """Enrol a person by photograph, after recording that they consented on the screen.

        Returns:
            Whether it is done; a person who resembles somebody enrolled waits for a second
            operator.

        Raises:
            typer.TyperException: Central did not accept the photograph.
        """
        await self.consent(holder_id, purpose="gate")
        content = await asyncio.to_thread(photograph.read_bytes)
        reply = await self._http.post(
            f"/api/v1/people/{holder_id}/face", files={"photos": (photograph.name, content)}
        )
        if reply.status_code not in (httpx.codes.CREATED, httpx.codes.ACCEPTED):
            raise typer.TyperException(f"central did not enrol {photograph.name}: {reply.text}")
        return reply.status_code == httpx.codes.CREATED

    async def snapshot(self) -> dict[str, Any]:
        """Return what the console shows first."""
        reply = await self._http.get("/api/v1/snapshot")
        reply.raise_for_status()
        snapshot: dict[str, Any] = reply.json()
        return snapshot

    async def all_events(self) -> AsyncIterator[Event]:
        """Yield every event that central holds, oldest first."""
        after, has_more = 0, True
        while has_more:
            reply = await self._http.get(
                "/api/v1/events", params={"after": after, "limit": 500, **SHOWING}
            )
            reply.raise_for_status()
            page = reply.json()
            for item in page["items"]:
                yield Event.model_validate(item["event"])
            after, has_more = page["next"], page["has_more"]

    async def watch(self) -> AsyncIterator[Seen]:
        """Yield events as the console's live stream brings them, until cancelled."""
        async with self._http.stream("GET", "/api/v1/stream", timeout=None) as reply:
            kind = ""
            async for line in reply.aiter_lines():
                if line.startswith("event:"):
                    kind = line.removeprefix("event:").strip()
                elif line.startswith("data:") and kind == "event":
                    body = json.loads(line.removeprefix("data:"))
                    event = Event.model_validate(body["event"])
                    yield Seen(event=event, seen_at=datetime.now(UTC))

    async def _post(self, path: str, **body: object) -> dict[str, Any]:
        reply = await self._http.post(path, json=body)
        self._accepted(path, reply)
        answer: dict[str, Any] = reply.json()
        return answer

    @staticmethod
    def _accepted(path: str, reply: httpx.Response) -> None:
        if reply.is_error:
            raise typer.TyperException(f"central refused {path}: {reply.text}")


class TerminalControl:
    """The terminal's local door: cards held to its reader, and its status."""

    def __init__(self, url: str, local_key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {local_key}"}
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @classmethod
    def from_ready(cls, ready: dict[str, Any]) -> "TerminalControl":
        """Return the door of the terminal that printed this ready line."""
        return cls(str(ready["kiosk"]).partition("?")[0].rstrip("/"), str(ready["local_key"]))

    async def present_card(self, access_point: str, number: str) -> str:
        """Hold a card to the reader of an access point; return ``granted`` or ``denied``."""
        reply = await self._http.post(
            f"/api/access-points/{access_point}/card", json={"number": number}
        )
        reply.raise_for_status()
        return str(reply.json()["decision"])

    async def tell_till(self, till: str, **command: object) -> bool:
        """Press a key of a till, or pick a dish; returns whether that meant something now."""
        reply = await self._http.post(f"/till/{till}/commands", json=command)
        reply.raise_for_status()
        return bool(reply.json()["is_taken"])

    async def status(self) -> dict[str, Any]:
        """Return the node's status."""
        reply = await self._http.get("/api/status")
        reply.raise_for_status()
        status: dict[str, Any] = reply.json()
        return status
