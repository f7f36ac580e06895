"""Requests to central, each signed by the node; errors say whether trying again is sensible.

::

    CentralError
    +-- CentralUnreachableError   no answer, or it cannot serve now: try again later
    +-- CentralRefusedError       it understood and refuses this request: the same will not help
"""

import dataclasses
import email.utils
import json
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from config.contract.access import CropClass
from config.contract.assistance import OpenCalls
from config.contract.commands import SignedCommands
from config.contract.events import BATCH_CONTENT_TYPE, Event
from config.contract.face_statements import (
    STATEMENT_COUNT_MAX,
    FaceStatement,
    FaceStatements,
    SignedStatement,
    sign_statement,
)
from config.contract.money import ReservationAnswer, ReservationWish, TillPage
from config.contract.nodes import (
    BatchReceipt,
    NodeStatus,
    ReleasedKey,
    ReleaseWish,
    ReplicaPage,
)
from config.contract.picture_sequence import Picture
from config.contract.trust import TrustError, public_text, sign_request, unseal
from config.contract.video_events import MediaFormat, MediaKind
from edge.clock import NodeClock
from edge.identity import Identity

TIMEOUT_S: Final = 10.0
STREAM_SILENCE_S_MAX: Final = 60.0
"""A stream that says nothing for this long, keep-alive included, is taken for dead."""
LINE_LENGTH_MAX: Final = 64 * 1024
_Model = TypeVar(
    "_Model",
    BatchReceipt,
    ReplicaPage,
    SignedCommands,
    ReleasedKey,
    OpenCalls,
    ReservationAnswer,
    TillPage,
)
_BATCH: Final = TypeAdapter(list[Event])


class CentralError(Exception):
    """Base of what can go wrong with central."""


class CentralUnreachableError(CentralError):
    """No answer, or central cannot serve now. Try again later.

    Attributes:
        is_answered: Somebody is there and says so: asking more often would not help.
    """

    def __init__(self, message: str, *, is_answered: bool = False) -> None:
        super().__init__(message)
        self.is_answered = is_answered


class CentralRefusedError(CentralError):
    """Central understood and refuses. Attributes: status: HTTP. code: central's own word."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"central refuses ({status} {code})")
        self.status, self.code = status, code


@dataclasses.dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream."""

    name: str
    data: str


class CentralClient:
    """Central, as one node sees it; for one event loop."""

    def __init__(
        self, identity: Identity, clock: NodeClock, *, tls: ssl.SSLContext | None = None
    ) -> None:
        """Speak for a node; ``tls`` is ``identity.tls()``, which reads and so is not done here."""
        self._identity, self._clock = identity, clock
        self._client = httpx.AsyncClient(
            base_url=identity.url,
            verify=True if tls is None else tls,
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send_events(self, events: Sequence[Event]) -> BatchReceipt:
        """Give central a batch; when this returns, central holds all of it durably.

        Raises:
            CentralError: It does not, or nobody knows; sending again is harmless.
        """
        body = _BATCH.dump_json(list(events), by_alias=True)
        response = await self._request("POST", "/api/v1/events", body, BATCH_CONTENT_TYPE)
        return _parsed(BatchReceipt, response)

    async def put_status(self, status: NodeStatus) -> None:
        """Say how the node is.

        Raises:
            CentralError: Central did not take it.
        """
        body = status.model_dump_json(by_alias=True).encode()
        await self._request("PUT", "/api/v1/nodes/current/status", body, "application/json")

    async def replica_page(self, *, after: int, access: int) -> ReplicaPage:
        """Return the changes after a version.

        Args:
            after: That version.
            access: Version of the access model that is here; 0 is none. One that cannot be read
                comes as none, so that people are known all the same.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        target = (
            f"/api/v1/replica?after={after}&pairs=true&access={access}&statements=true"
            "&operators=true"
        )
        response = await self._request("GET", target)
        return _page(response)

    async def commands(self) -> SignedCommands:
        """Return the commands that wait for this node; nobody has checked who signed them.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        response = await self._request("GET", "/api/v1/nodes/current/commands")
        return _parsed(SignedCommands, response)

    async def open_calls(self) -> OpenCalls:
        """Return the calls for assistance at this node that nobody has closed.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        response = await self._request("GET", "/api/v1/nodes/current/assistance")
        return _parsed(OpenCalls, response)

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        """Ask central to keep money for a charge; the same key asks again for the same.

        Raises:
            CentralError: There is no answer, or none that can be understood; central may have kept
                it all the same.
        """
        body = wish.model_dump_json().encode()
        target = "/api/v1/canteen/reservations"
        response = await self._request("POST", target, body, "application/json")
        return _parsed(ReservationAnswer, response)

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        """Return what tills need that changed.

        Args:
            after: Version of the accounts that are here; 0 is none.
            plan: Version of the plan that is here.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        target = f"/api/v1/canteen/till?after={after}&plan={plan}"
        return _parsed(TillPage, await self._request("GET", target))

    async def released_key(self) -> bytes:
        """Return what opens the keys on this node's disk.

        Raises:
            CentralError: Central does not answer, or this node is shut out.
        """
        answer = X25519PrivateKey.generate()
        body = ReleaseWish(key=public_text(answer.public_key())).model_dump_json().encode()
        target = "/api/v1/nodes/current/release"
        response = await self._request("POST", target, body, "application/json")
        try:
            return unseal(answer, _parsed(ReleasedKey, response).sealed_key)
        except TrustError as error:
            raise CentralUnreachableError("central's answer is sealed for another") from error

    async def say_held(
        self,
        held: Mapping[str, Sequence[UUID]],
        *,
        version: int,
        erased: Sequence[SignedStatement],
    ) -> None:
        """Say, signed, which templates lie here; and give back erasures that central forgot.

        Args:
            held: By holder; an empty sequence proves that there is none.
            version: Of the replica that was looked at.
            erased: As central signed them.

        Raises:
            CentralError: Central did not take it.
        """
        identity = self._identity
        items = [
            sign_statement(
                identity.signing_key,
                FaceStatement(
                    site=identity.site,
                    node=identity.node,
                    holder_id=holder_id,
                    template_ids=tuple(template_ids),
                    replica_version=version,
                    at=self._clock.now(),
                ),
            )
            for holder_id, template_ids in held.items()
        ]
        said = FaceStatements(
            items=tuple(items[:STATEMENT_COUNT_MAX]), erased=tuple(erased[:STATEMENT_COUNT_MAX])
        )
        body = said.model_dump_json().encode()
        await self._request("POST", "/api/v1/nodes/current/faces", body, "application/json")

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        """Give central a picture, and say of which kind it is.

        Raises:
            CentralError: Central did not take it.
        """
        target = f"/api/v1/blobs/{sha256}?kind={kind}"
        await self._request("PUT", target, jpeg, "image/jpeg")

    async def put_clip(
        self, sha256: str, content: bytes, kind: MediaKind, media_format: MediaFormat
    ) -> None:
        """Give central a snapshot or clip of an alarm.

        Raises:
            CentralError: Central did not take it.
        """
        target = f"/api/v1/clips/{sha256}?kind={kind}&format={media_format}"
        await self._request("PUT", target, content, "application/octet-stream")

    async def put_picture(self, stream_id: UUID, picture: Picture) -> bool:
        """Give central the newest picture of a live view; returns whether anybody looks.

        Raises:
            CentralError: Central did not take it.
        """
        taken_at = int(picture.taken_at.timestamp() * 1000)
        target = f"/api/v1/cameras/streams/{stream_id}?taken_at_ms={taken_at}"
        try:
            await self._request("PUT", target, picture.jpeg, "image/jpeg")
        except CentralRefusedError as error:
            if error.status == httpx.codes.GONE:
                return False
            raise
        return True

    async def stream(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the node's live stream until it ends.

        Raises:
            CentralError: It cannot be had, or broke.
        """
        target = "/api/v1/nodes/current/stream"
        for is_last in (False, True):
            request = self._client.build_request(
                "GET",
                target,
                headers={**self._signature("GET", target, b""), "Accept": "text/event-stream"},
                timeout=httpx.Timeout(TIMEOUT_S, read=STREAM_SILENCE_S_MAX),
            )
            asked_at_s = time.monotonic()
            try:
                response = await self._client.send(request, stream=True)
                try:
                    self._compare_clocks(response, asked_at_s)
                    if response.status_code == 401 and not is_last:
                        continue
                    if not response.is_success:
                        await response.aread()
                        raise _error(response)
                    async for event in _server_sent_events(response):
                        yield event
                    return
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                raise CentralUnreachableError(_reason(error)) from error

    async def _request(
        self, method: str, target: str, body: bytes = b"", content_type: str | None = None
    ) -> httpx.Response:
        headers = {} if content_type is None else {"Content-Type": content_type}
        for is_last in (False, True):
            asked_at_s = time.monotonic()
            try:
                response = await self._client.request(
                    method,
                    target,
                    content=body,
                    headers={**headers, **self._signature(method, target, body)},
                )
            except httpx.HTTPError as error:
                raise CentralUnreachableError(_reason(error)) from error
            self._compare_clocks(response, asked_at_s)
            if response.is_success:
                return response
            # A wrong clock makes a signature that is too old; the answer's date has corrected it.
            if response.status_code != 401 or is_last:
                raise _error(response)
        raise AssertionError("the loop returns or raises")

    def _signature(self, method: str, target: str, body: bytes) -> dict[str, str]:
        token = sign_request(
            self._identity.signing_key,
            node=self._identity.node,
            site=self._identity.site,
            method=method,
            target=target,
            body=body,
            now=self._clock.now(),
        )
        return {"Authorization": f"Bearer {token}"}

    def _compare_clocks(self, response: httpx.Response, asked_at_s: float) -> None:
        at = _date_of(response)
        if at is not None:
            self._clock.compare(at, took_s=time.monotonic() - asked_at_s)


def _date_of(response: httpx.Response) -> datetime | None:
    try:
        at = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _error(response: httpx.Response) -> CentralError:
    status = response.status_code
    if status >= 500 or status in (408, 425, 429):
        return CentralUnreachableError(f"central answers {status}", is_answered=True)
    try:
        code = str(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = response.reason_phrase
    return CentralRefusedError(status, code)


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _parsed(model: type[_Model], response: httpx.Response) -> _Model:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise CentralUnreachableError(
            f"central's answer is no {model.__name__}: {error.error_count()} mistakes"
        ) from error


def _page(response: httpx.Response) -> ReplicaPage:
    try:
        return ReplicaPage.model_validate_json(response.content)
    except ValidationError as error:
        if any(mistake["loc"][:2] != ("access", "model") for mistake in error.errors()):
            return _parsed(ReplicaPage, response)
    document = response.json()
    document["access"]["model"] = None
    return ReplicaPage.model_validate_json(json.dumps(document))


async def _server_sent_events(response: httpx.Response) -> AsyncIterator[ServerSentEvent]:
    """Yield events; a field that is not known is passed over, as the standard has it.

    Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
    """
    name, data = "", list[str]()
    async for line in response.aiter_lines():
        if not line:
            if data:
                yield ServerSentEvent(name or "message", "\n".join(data))
            name, data = "", []
            continue
        if len(line) > LINE_LENGTH_MAX:
            raise CentralUnreachableError("central's stream has a line without an end")
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
