"""Central as its pages see it: the same addresses and shapes, from data that a test holds.

It lets a test say exactly what happens at the site, which a real site would have to be driven to.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from central.console import pages
from central.roles import PERMISSIONS
from central.tables import PERSON_MARKS
from tests.central.console.alarm_data import Alarms
from tests.central.console.recognition_data import make_recognition, make_self_test

SESSION = {
    "username": "li.ming",
    "role": "administrator",
    # Nobody may all of this; here every page has its reader.
    "permissions": sorted(PERMISSIONS),
}
PASSWORD = "correct horse battery"
Json = dict[str, Any]


class StandIn:
    """The data, the streams, and the application that serves both."""

    def __init__(self, *, site: Json, nodes: list[Json], events: list[Json]) -> None:
        self.site, self.events = site, events
        self.nodes = {node["node"]: node for node in nodes}
        self.epoch: UUID = uuid4()
        self.alarms = Alarms()
        self.people: list[Json] = []
        self.units: list[Json] = []
        self.reviews: list[Json] = []
        self.stored_faces: Json = {
            "count": 1, "level": "none", "faceless_count": 1, "filing_working_days": 30,
        }  # fmt: skip
        self.recognition: Json = make_recognition()
        self.pairs: list[Json] = []
        self.migration: Json = make_migration()
        self.audit: list[Json] = make_audit()
        self.import_answers: list[tuple[int, Json]] = []
        self.blobs: dict[str, bytes] = {}
        self.candidates: dict[int, list[Json]] = {}
        self.session: Json = SESSION
        self.face_answer: tuple[int, Json] = (201, {"status": "enrolled", "pictures": []})
        self.is_signed_in = True
        self.people_version = 1
        self.requests: list[tuple[str, str, Json]] = []
        self._streams: dict[asyncio.Queue[str], asyncio.AbstractEventLoop] = {}
        self.app = self._make_app()

    @property
    def position(self) -> int:
        """Position of the newest event."""
        return int(self.events[-1]["position"]) if self.events else 0

    @property
    def stream_count(self) -> int:
        """Streams that are open."""
        return len(self._streams)

    def happen(self, stored: Json) -> None:
        """Let an event arrive at central; from any thread."""
        self.events.append(stored)
        self._say("event", stored)

    def report(self, node: Json) -> None:
        """Let a node's state change; from any thread."""
        self.nodes[node["node"]] = node
        self._say("node", node)

    def change_people(self, version: int) -> None:
        """Tell the pages that people have changed; from any thread."""
        self.people_version = version
        self._say("people", {"version": version})

    def end_session(self) -> None:
        """Revoke the session, which ends its streams; from any thread."""
        self.is_signed_in = False
        for queue, loop in list(self._streams.items()):
            loop.call_soon_threadsafe(queue.put_nowait, "")

    def _say(self, name: str, data: Json) -> None:
        self.say_raw(f"event: {name}\ndata: {json.dumps(data)}\n\n")

    def say_raw(self, text: str) -> None:
        """Write to the streams as they are, also what no central would; from any thread."""
        for queue, loop in list(self._streams.items()):
            loop.call_soon_threadsafe(queue.put_nowait, text)

    async def _stream(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._streams[queue] = asyncio.get_running_loop()
        try:
            hello = {"epoch": str(self.epoch), "position": self.position}
            yield f"event: hello\ndata: {json.dumps(hello)}\n\n"
            while text := await queue.get():
                yield text
        finally:
            del self._streams[queue]

    def _make_app(self) -> FastAPI:
        app = FastAPI(openapi_url=None, routes=[*pages.routes()])
        app.include_router(self.alarms.router())
        self._add_sessions(app)
        self._add_site(app)
        self._add_people(app)
        self._add_recognition(app)
        self._add_audit(app)
        return app

    def _add_audit(self, app: FastAPI) -> None:
        @app.get("/api/v1/audit")
        async def audit(
            actor: str = "", action: str = "", about: str = "", before: int = 10**9
        ) -> Json:
            found = [
                entry
                for entry in self.audit
                if entry["sequence"] < before
                and actor in ("", entry["actor_name"], entry["actor"])
                and action in ("", entry["action"])
                and about in " ".join(entry["objects"])
            ]
            rest = found[2:]
            items, after = (found, None) if not rest else (found[:2], found[1]["sequence"])
            return {"items": items, "next": after, "head": f"3:{'0' * 64}"}

        @app.post("/api/v1/people/imports")
        async def compare(request: Request) -> Response:
            async with request.form() as form:
                self.requests.append(("POST", "/people/imports", {"fields": sorted(form)}))
            status, body = self.import_answers.pop(0)
            return JSONResponse(body, status)

        @app.post("/api/v1/people/imports/{import_id}/apply")
        async def apply(import_id: str, body: Json) -> Response:
            self.requests.append(("POST", f"/people/imports/{import_id}/apply", body))
            status, answer = self.import_answers.pop(0)
            return JSONResponse(answer, status)

    def _add_sessions(self, app: FastAPI) -> None:
        @app.middleware("http")
        async def ask_who_is_there(request: Request, call_next: Any) -> Response:  # noqa: ANN401 - starlette's
            path = request.url.path.removeprefix("/api/v1")
            is_open = (
                path in ("/sessions", "/sessions/ways", "/invitations/accept")
                or path == request.url.path
            )
            if is_open or self.is_signed_in:
                response: Response = await call_next(request)
                return response
            return problem(401, "not_signed_in")

        @app.get("/api/v1/sessions/ways")
        def ways() -> Json:
            return {"provider": None}

        @app.get("/api/v1/sessions/current")
        async def current() -> Json:
            return self.session

        @app.delete("/api/v1/sessions/current", status_code=204)
        async def leave() -> None:
            self.is_signed_in = False

        @app.post("/api/v1/sessions", status_code=201, response_model=None)
        async def enter(body: Json) -> Json | Response:
            if body["password"] != PASSWORD:
                return problem(401, "bad_credentials")
            self.is_signed_in = True
            return self.session

        @app.post("/api/v1/invitations/accept", status_code=201)
        async def accept(body: Json) -> Json:
            self.requests.append(("POST", "/invitations/accept", body))
            self.is_signed_in = True
            return self.session

    def _add_site(self, app: FastAPI) -> None:
        @app.get("/api/v1/snapshot")
        async def snapshot() -> Json:
            return {
                "epoch": str(self.epoch),
                "position": self.position,
                "people_version": self.people_version,
                "site": self.site,
                "events": self.events[-100:],
                "nodes": list(self.nodes.values()),
            }

        @app.get("/api/v1/assistance")
        async def assistance() -> Json:
            return {"items": []}

        @app.get("/api/v1/stream")
        async def stream() -> StreamingResponse:
            return StreamingResponse(self._stream(), media_type="text/event-stream")

        @app.get("/api/v1/blobs/{sha256}")
        async def blob(sha256: str) -> Response:
            if sha256 not in self.blobs:
                return problem(404, "blob_not_found")
            return Response(self.blobs[sha256], media_type="image/jpeg")

        @app.get("/api/v1/events/{position}/candidates")
        async def candidates(position: int) -> Json:
            self.requests.append(("GET", f"/events/{position}/candidates", {}))
            return {"items": self.candidates.get(position, [])}

        @app.get("/api/v1/approvals")
        @app.get("/api/v1/countersignatures")
        async def second_persons() -> Json:
            return {"items": []}

        @app.post("/api/v1/nodes/tokens", status_code=201)
        async def token(body: Json) -> Json:
            self.requests.append(("POST", "/nodes/tokens", body))
            return {"token": "menshen1.eyJub2RlIjoi", "expires_at": "2026-11-23T08:15:00Z"}

    def _add_people(self, app: FastAPI) -> None:
        @app.get("/api/v1/people")
        async def people(
            query: str = "",
            limit: int = 100,
            must_come_again: bool | None = None,
            unit: str = "",
        ) -> Json:
            path = next((u["path"] for u in self.units if u["unit_id"] == unit), "")
            found = [
                person
                for person in self.people
                if query in person["name"] + (person["number"] or "")
                and (person["unit"] or "").startswith(path)
                and must_come_again in (None, person["must_come_again"])
            ]
            return {"items": found[:limit], "next": None}

        @app.post("/api/v1/forgiven", status_code=201)
        async def forgive(body: Json) -> Json:
            self.requests.append(("POST", "/forgiven", body))
            return {"number": 1, "at": "2026-11-23T08:00:00Z"}

        @app.get("/api/v1/units")
        async def units() -> Json:
            return {"items": self.units}

        @app.get("/api/v1/access-model")
        async def model() -> Json:
            staff = {"id": "staff", "name": {"zh-CN": "员工", "en": "Staff"}}
            return {"version": 1, "model": {"profiles": [staff]}}

        @app.post("/api/v1/people", status_code=201)
        async def add(body: Json) -> Json:
            self.requests.append(("POST", "/people", body))
            self.people.append(make_person(body["name"], body["number"]))
            return self.people[-1]

        @app.get("/api/v1/people/{holder_id}/cards")
        async def cards(holder_id: str) -> Json:
            person = next(p for p in self.people if p["holder_id"] == holder_id)
            return {"items": [{"card_id": str(n)} for n in range(person["card_count"])]}

        @app.get("/api/v1/people/{holder_id}/consents")
        async def consents(holder_id: str) -> Json:
            person = next(p for p in self.people if p["holder_id"] == holder_id)
            return {"items": [CONSENT] if person["has_face_consent"] else []}

        @app.get("/api/v1/stored-faces")
        async def stored_faces() -> Json:
            return self.stored_faces

        @app.get("/api/v1/consent-texts")
        async def texts() -> Json:
            text = {"purpose": "gate", "version": 1, "zh_cn": "告知书全文", "en": "The notice"}
            return {"items": [text]}

        @app.get("/api/v1/face-deletions")
        async def deletions() -> Json:
            return {"items": []}

        @app.post("/api/v1/people/{holder_id}/face")
        async def face(holder_id: str) -> Response:
            status, body = self.face_answer
            return JSONResponse(body, status)

        @app.get("/api/v1/face-migration")
        async def migration() -> Json:
            return self.migration

        @app.get("/api/v1/face-migration/people.csv")
        async def table() -> Response:
            return Response("name,number\r\n", media_type="text/csv")

        @app.get("/api/v1/face-reviews")
        async def reviews() -> Json:
            return {"items": self.reviews}

        @app.post("/api/v1/face-reviews/{review_id}/{verdict}", status_code=204)
        async def decide(review_id: str, verdict: str) -> None:
            self.requests.append(("POST", f"/face-reviews/{verdict}", {"review_id": review_id}))
            self.reviews.clear()

    def change_recognition(self, **changes: object) -> None:
        """Tell the pages that something of recognition has changed; from any thread."""
        self.recognition.update(changes)
        self._say("recognition", {})

    def _add_recognition(self, app: FastAPI) -> None:
        @app.get("/api/v1/recognition")
        async def recognition() -> Json:
            return self.recognition

        @app.post("/api/v1/recognition/self-test", status_code=202)
        async def run() -> Json:
            self.requests.append(("POST", "/recognition/self-test", {}))
            self.recognition["attempt"] = make_self_test("running", progress=0.4)
            return make_self_test("wanted")

        @app.get("/api/v1/recognition/pairs")
        async def pairs() -> Json:
            return {"items": self.pairs, "count": len(self.pairs)}

        @app.post("/api/v1/recognition/pairs", status_code=204)
        async def add(body: Json) -> None:
            self.requests.append(("POST", "/recognition/pairs", body))

        @app.put("/api/v1/recognition/pairs/{one}/{other}", status_code=204)
        async def decide(one: str, other: str, body: Json) -> None:
            self.requests.append(("PUT", f"/recognition/pairs/{one}/{other}", body))
            for pair in self.pairs:
                pair.update(verdict=body["verdict"], superfluous=other)


CONSENT: Final = {
    "consent_id": "c1", "purpose": "gate", "text_version": 1, "place": "central", "nodes": [],
    "method": "paper", "is_under_14": False, "guardian_name": None, "guardian_relation": None,
    "given_at": "2026-11-20T01:00:00Z", "taken_by": "li.ming", "ended_at": None, "end_reason": None,
}  # fmt: skip


def problem(status: int, code: str, **more: object) -> JSONResponse:
    """Return a refusal as central writes it."""
    body = {"type": "about:blank", "title": code, "status": status, "code": code, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def make_person(name: str, number: str | None = None, **more: object) -> Json:
    """Return a person as central describes one."""
    return {
        "holder_id": str(uuid4()),
        "name": name,
        "number": number,
        "unit": None,
        "is_active": True,
        "valid_from": None,
        "valid_until": None,
        "access_points": None,
        "has_face": False,
        "has_face_consent": True,
        "picture_count": None,
        "must_come_again": False,
        "card_count": 0,
        "profiles": None,
        "has_pin": False,
        "has_duress_pin": False,
        **dict.fromkeys(PERSON_MARKS, False),
        "created_at": "2026-11-20T01:00:00Z",
        **more,
    }


def make_migration(**more: object) -> Json:
    """Return how far faces are, as central says it: all of them are of the site's network."""
    return {
        "pipeline": "production",
        "network": "0" * 64,
        "detail": "",
        "people_count": 2,
        "current_count": 2,
        "renewable_count": 0,
        "must_come_again_count": 0,
        "kept_for_nodes_count": 0,
        "nodes_behind": [],
        **more,
    }


def make_audit() -> list[Json]:
    """Return three entries of an audit log, newest first."""

    def entry(sequence: int, action: str, **more: object) -> Json:
        return {
            "sequence": sequence,
            "at": f"2025-11-23T08:0{sequence}:00Z",
            "actor": "user:1",
            "actor_name": "li.ming",
            "address": "10.0.0.7",
            "action": action,
            "objects": [],
            "purpose": "",
            "detail": {},
            "hash": "0" * 64,
            **more,
        }

    return [
        entry(3, "people_patch", objects=["person:0192"], detail={"fields": ["name"]}),
        entry(2, "blobs_get", objects=["picture:4711"], purpose="incident"),
        entry(1, "first_invitation", actor="central", actor_name=None, address=""),
    ]


def make_preview(**more: object) -> Json:
    """Return what a file would change: one of each kind."""
    counts = dict.fromkeys(("new", "changed", "leavers", "missing", "refused"), 1)
    return {
        "import_id": "i1",
        "token": "t1",
        "expires_at": "2026-11-23T09:00:00Z",
        "counts": {**counts, "unchanged": 40, "left_already": 0},
        "changes": [
            make_change(2, "new", "陈晓", ["name", None, "陈晓"], ["cards", 0, 1]),
            make_change(
                3, "changed", "李梅", ["access_points", ["east"], None],
                ["profiles", None, ["staff"]],
            ),
            make_change(
                4, "leaver", "王小明", ["is_active", True, False],
                ["valid_until", None, "2026-11-30T16:00:00Z"],
            ),
        ],
        "refusals": [{"row": 5, "column": "card", "code": "rounded"}],
        "missing": [{"holder_id": "h9", "number": "1009", "name": "赵刚"}],
        "is_missing_unlikely": False,
        "ignored_columns": ["手机"],
        **more,
    }  # fmt: skip


def make_change(row: int, kind: str, name: str, *fields: list[Any]) -> Json:
    """Return what becomes of one person."""
    return {
        "row": row,
        "kind": kind,
        "number": f"100{row}",
        "name": name,
        "holder_id": None if kind == "new" else f"h{row}",
        "fields": [dict(zip(("field", "before", "after"), field, strict=True)) for field in fields],
    }
