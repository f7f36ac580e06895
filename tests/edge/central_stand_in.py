"""The other end of the uplink for the edge's own tests: central's node endpoints over real HTTP.

It checks every signature, keeps what it is given, and can be slow to understand, stopped and
started again on the same port. The whole chain with the real central is in ``tests/system``.
"""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from config.contract.assistance import OpenCall, OpenCalls
from config.contract.commands import NodeCommand, SignedCommands, sign_command
from config.contract.diner_links import DinerLink, TerminalLink
from config.contract.events import AssistanceRequested, Event, EventClass
from config.contract.identifiers import new_id
from config.contract.money import (
    CanteenPlan,
    ReservationAnswer,
    ReservationWish,
    TillAccount,
    TillPage,
)
from config.contract.nodes import (
    AccessRecord,
    BatchReceipt,
    HolderRecord,
    NodeEnrolment,
    NodeStatus,
    NodeWelcome,
    ReplicaPage,
    SitePairsRecord,
    TemplateRecord,
)
from config.contract.operators import OperatorRecord
from config.contract.trust import (
    NodeToken,
    TrustError,
    encrypt_template,
    from_text,
    public_text,
    seal,
    verify_request,
)
from tests.serving import KEEP_ALIVE_S, free_port

SITE, NODE, SECRET, CARD_KEY = "demo", "gate-1", "once", b"c" * 32
_EVENTS = TypeAdapter(list[Event])


CODE_SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


class CentralStandIn:
    """Central for one node.

    Attributes:
        events: By (epoch, class, sequence).
        duplicate_count: Events that came again.
        clock_error: How far this central's clock is from the node's.
        poison: Event types whose batch is refused as not understood.
        holders: In version order.
        page_length: Holders per page.
        site_pairs: Told to a node that asks for them.
        access: Likewise, without a model that the node has; a dictionary goes out as it is.
        taken_at: When a guard took the calls for assistance; None while they wait.
        key: Signs visitors' codes.
        plan: What tills sell; told to a node that has another version.
        accounts: Of people, in version order.
        operators: Who has rights at terminals.
        reservations: That tills asked for, by charge.
        says: What it answers to them.
        links: To diners' own pages, that tills asked for.
        commands: That wait, as they are signed; a node asks for them again and again.
        firmware: Images for boards, by hash.
        firmware_piece: So many bytes of an image are sent before the line breaks.
    """

    def __init__(self, *, clock_error: timedelta = timedelta(0)) -> None:
        self.events: dict[tuple[UUID, EventClass, int], Event] = {}
        self.duplicate_count = 0
        self.statuses: list[NodeStatus] = []
        self.blobs: dict[str, bytes] = {}
        self.blob_kinds: list[str] = []
        self.holders: list[HolderRecord] = []
        self.page_length = 2
        self.site_pairs: SitePairsRecord | None = None
        self.access: AccessRecord | dict[str, object] | None = None
        self.taken_at: datetime | None = None
        self.key = Ed25519PrivateKey.generate()
        self.plan = CanteenPlan(version=0)
        self.accounts: list[TillAccount] = []
        self.operators: tuple[OperatorRecord, ...] = ()
        self.reservations: dict[UUID, ReservationWish] = {}
        self.says = ReservationAnswer(outcome="reserved")
        self.links: list[TerminalLink] = []
        self.commands: list[NodeCommand] = []
        self.firmware: dict[str, bytes] = {}
        self.firmware_piece = 1 << 24
        self.firmware_asked: list[str] = []
        self._access_changed_at = 0
        self.poison: set[str] = set()
        self.clock_error = clock_error
        self.signing_key: Ed25519PublicKey | None = None
        self.sealing_key: X25519PublicKey | None = None
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self) -> NodeToken:
        return NodeToken(url=self.url, node=NODE, secret=SECRET)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_error

    def start(self) -> None:
        """Listen; after ``stop`` on the same port again."""
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
        config = uvicorn.Config(
            self._app(),
            log_config=None,
            lifespan="off",
            date_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join()
        self._listener.close()

    def put_holder(self, record: HolderRecord) -> None:
        self.holders = [h for h in self.holders if h.holder_id != record.holder_id]
        self.holders.append(record.model_copy(update={"version": self.version + 1}))

    @property
    def version(self) -> int:
        return max((self._access_changed_at, *(holder.version for holder in self.holders)))

    def seal_template(self, holder_id: str, values: bytes, network: str) -> TemplateRecord:
        assert self.sealing_key is not None
        key = b"k" * 32
        return TemplateRecord(
            template_id=new_id(),
            network=network,
            ciphertext=encrypt_template(key, values, holder_id=holder_id, key_version=1),
            sealed_key=seal(self.sealing_key, key),
            key_version=1,
        )

    def set_access(self, access: AccessRecord | dict[str, object]) -> None:
        """Change the access rules, which is a change of the replica."""
        self.access, self._access_changed_at = access, self.version + 1

    def _page(
        self,
        after: int,
        *,
        pairs: bool = False,
        access: int | None = None,
        operators: bool = False,
    ) -> dict[str, object]:
        is_complete = after == 0 or after > self.version
        start = 0 if is_complete else after
        waiting = [holder for holder in self.holders if holder.version > start]
        page = waiting[: self.page_length]
        has_more = len(waiting) > len(page)
        answer = ReplicaPage(
            version=page[-1].version if has_more else self.version,
            has_more=has_more,
            is_complete=is_complete,
            holders=tuple(page),
            site_pairs=self.site_pairs if pairs else None,
            operators=self.operators if operators else None,
        ).model_dump(mode="json")
        return {**answer, "access": None if access is None else self._access_for(access)}

    def _access_for(self, version: int) -> object:
        record = self.access
        if isinstance(record, AccessRecord) and record.version == version:
            record = record.model_copy(update={"model": None})
        return record.model_dump(mode="json") if isinstance(record, AccessRecord) else record

    async def _signed(self, request: Request) -> None:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        try:
            if self.signing_key is None:
                raise TrustError("no such node")
            verify_request(
                request.headers.get("Authorization", "").removeprefix("Bearer "),
                self.signing_key,
                site=SITE,
                method=request.method,
                target=target,
                body=await request.body(),
                now=self.now(),
            )
        except TrustError as error:
            raise HTTPException(
                401, str(error), {"Date": format_datetime(self.now(), usegmt=True)}
            ) from error

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route(
            "/api/v1/nodes/enrol",
            self._enrol,
            methods=["POST"],
            status_code=201,
            response_model=None,
        )
        for method, path, endpoint in (
            ("POST", "events", self._take_events),
            ("PUT", "nodes/current/status", self._take_status),
            ("PUT", "blobs/{sha256}", self._take_blob),
            ("GET", "replica", self._page),
            ("GET", "nodes/current/stream", self._stream),
            ("GET", "nodes/current/assistance", self._open_calls),
            ("GET", "canteen/till", self._till_page),
            ("POST", "canteen/reservations", self._reserve),
            ("POST", "diners/terminal-links", self._link),
            ("GET", "nodes/current/commands", self._commands),
            ("GET", "nodes/current/firmware/{sha256}", self._firmware),
        ):
            app.add_api_route(
                f"/api/v1/{path}",
                endpoint,
                methods=[method],
                dependencies=[Depends(self._signed)],
                response_model=None,
            )
        return app

    def _enrol(self, enrolment: NodeEnrolment) -> NodeWelcome:
        if enrolment.secret != SECRET:
            raise HTTPException(403)
        self.signing_key = Ed25519PublicKey.from_public_bytes(from_text(enrolment.signing_key))
        self.sealing_key = X25519PublicKey.from_public_bytes(from_text(enrolment.sealing_key))
        return NodeWelcome(
            site=SITE,
            node=enrolment.node,
            central_key=public_text(self.key.public_key()),
            sealed_card_key=seal(self.sealing_key, CARD_KEY),
        )

    async def _take_events(self, request: Request) -> BatchReceipt:
        events = _EVENTS.validate_json(await request.body())
        if any(event.type in self.poison for event in events):
            raise HTTPException(422)
        stored = 0
        for event in events:
            key = (event.epoch, event.event_class, event.sequence)
            stored += key not in self.events
            assert self.events.setdefault(key, event) == event
        duplicates = len(events) - stored
        self.duplicate_count += duplicates
        return BatchReceipt(stored=stored, duplicates=duplicates, conflicts=0)

    def _open_calls(self) -> dict[str, object]:
        """List the newest ring of each point."""
        rings = [event.parsed() for event in self.events.values()]
        calls = {
            ring.access_point: OpenCall(
                access_point=ring.access_point, ring_id=ring.ring_id, taken_at=self.taken_at
            )
            for ring in rings
            if isinstance(ring, AssistanceRequested)
        }
        return OpenCalls(items=tuple(calls.values())).model_dump(mode="json")

    def _till_page(self, after: int, plan: int) -> dict[str, object]:
        version = max((account.version for account in self.accounts), default=0)
        return TillPage(
            plan=None if plan == self.plan.version else self.plan,
            accounts=[account for account in self.accounts if account.version > after],
            version=version,
            has_more=False,
        ).model_dump(mode="json")

    async def _reserve(self, request: Request) -> dict[str, object]:
        wish = ReservationWish.model_validate_json(await request.body())
        assert self.reservations.setdefault(wish.charge_id, wish) == wish
        return self.says.model_dump(mode="json")

    async def _link(self, request: Request) -> dict[str, object]:
        self.links.append(TerminalLink.model_validate_json(await request.body()))
        expires_at = self.now() + timedelta(minutes=10)
        made = DinerLink(
            link_id="1", link=f"{self.url}/diner#secret", code_svg=CODE_SVG, expires_at=expires_at
        )
        return made.model_dump(mode="json")

    def _commands(self) -> dict[str, object]:
        signed = [sign_command(each, key=self.key, site=SITE) for each in self.commands]
        return SignedCommands(commands=tuple(signed)).model_dump(mode="json")

    def _firmware(self, sha256: str, request: Request) -> Response:
        data = self.firmware.get(sha256)
        if data is None:
            raise HTTPException(404)
        wanted = request.headers.get("Range", "")
        self.firmware_asked.append(wanted)
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        headers = {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if wanted else {}
        piece = data[first : first + self.firmware_piece]
        return StreamingResponse(iter([piece]), 206 if wanted else 200, headers)

    async def _take_status(self, request: Request) -> Response:
        self.statuses.append(NodeStatus.model_validate_json(await request.body()))
        return Response(status_code=204)

    async def _take_blob(self, sha256: str, request: Request) -> Response:
        self.blobs[sha256] = await request.body()
        self.blob_kinds.append(request.query_params["kind"])
        return Response(status_code=204)

    def _stream(self) -> StreamingResponse:
        async def changes() -> AsyncIterator[str]:
            told, told_count = None, 0
            with contextlib.suppress(asyncio.CancelledError):
                while True:
                    if told != self.version:
                        told = self.version
                        yield f"event: replica\ndata: {json.dumps({'version': told})}\n\n"
                    if told_count != len(self.commands):
                        told_count = len(self.commands)
                        yield "event: commands\ndata: {}\n\n"
                    await asyncio.sleep(0.02)

        return StreamingResponse(changes(), media_type="text/event-stream")
