"""Requests to central, each signed by the node; errors say whether trying again is sensible.

::

    CentralError
    +-- CentralUnreachableError   no answer, or it cannot serve now: try again later
    +-- CentralRefusedError       it understood and refuses this request: the same will not help
"""

import contextlib
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
from pydantic import TypeAdapter, ValidationError

from config.contract import headers as headers_of
from config.contract.access import CropClass
from config.contract.assistance import OpenCalls
from config.contract.commands import SignedCommands
from config.contract.diner_links import DinerLink, TerminalLink
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
from config.crypto.suites import suite_of
from config.tracing import HEADER, TRACE, traceparent
from edge.clock import NodeClock
from edge.identity import Identity

TIMEOUT_S: Final = 10.0
STREAM_SILENCE_S_MAX: Final = 60.0
"""A stream that says nothing for this long, keep-alive included, is taken for dead."""
IDLE_CONNECTION_S: Final = 50.0
"""Less than central and proxies keep one, or a request would cross with their close; more than two
reports are apart, or each would open a connection anew."""
RETRY_AFTER_S_MAX: Final = 600.0
LINE_LENGTH_MAX: Final = 64 * 1024
_ADVICE: Final = {
    "bad_signature": ": this node was shut out or replaced; it goes on by itself, and joins again"
    " with a new token"
}
_Model = TypeVar(
    "_Model",
    BatchReceipt,
    ReplicaPage,
    SignedCommands,
    ReleasedKey,
    OpenCalls,
    ReservationAnswer,
    TillPage,
    DinerLink,
)
_BATCH: Final = TypeAdapter(list[Event])


class CentralError(Exception):
    """Base of what can go wrong with central."""


class CentralUnreachableError(CentralError):
    """No answer, or central cannot serve now. Try again later.

    Attributes:
        is_answered: Somebody is there and says so: asking more often would not help.
        is_busy: It serves others, and this not now: it is not lost.
        retry_after_s: So long it wants to be left alone; None where it does not say.
    """

    def __init__(
        self,
        message: str,
        *,
        is_answered: bool = False,
        is_busy: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.is_answered, self.is_busy = is_answered, is_busy
        self.retry_after_s = retry_after_s


class CentralRefusedError(CentralError):
    """Central understood and refuses. Attributes: status: HTTP. code: central's own word."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"central refuses ({status} {code}){_ADVICE.get(code, '')}")
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
            headers={headers_of.CONTRACT: str(headers_of.CONTRACT_VERSION)},
            timeout=TIMEOUT_S,
            limits=httpx.Limits(
                max_connections=8,
                max_keepalive_connections=4,
                keepalive_expiry=IDLE_CONNECTION_S,
            ),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        """Give central a batch; when this returns, central holds all of it durably.

        Args:
            events: Of this node.
            is_backlog: They have waited for long; central takes what happens now first.

        Raises:
            CentralError: It does not, or nobody knows; sending again is harmless.
        """
        body = _BATCH.dump_json(list(events), by_alias=True)
        headers = {headers_of.BACKLOG: "1"} if is_backlog else {}
        response = await self._request(
            "POST", "/api/v1/events", body, BATCH_CONTENT_TYPE, headers=headers
        )
        return _parsed(BatchReceipt, response, is_only_told=True)

    async def put_status(self, status: NodeStatus) -> float | None:
        """Say how the node is; returns after how many seconds central wants to hear it again.

        Raises:
            CentralError: Central did not take it.
        """
        body = status.model_dump_json(by_alias=True).encode()
        target = "/api/v1/nodes/current/status"
        response = await self._request("PUT", target, body, "application/json")
        return _seconds(response.headers.get(headers_of.STATUS_INTERVAL, ""))

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
        return _parsed(OpenCalls, response, is_only_told=True)

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

    async def terminal_link(self, wish: TerminalLink) -> DinerLink:
        """Make the way to the own page of whoever stands at a till of this node.

        Raises:
            CentralError: There is no answer, or none that can be understood; or there is no such
                person.
        """
        body = wish.model_dump_json().encode()
        target = "/api/v1/diners/terminal-links"
        response = await self._request("POST", target, body, "application/json")
        return _parsed(DinerLink, response)

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
        answer = suite_of(self._identity.sealing_key).new_sealing_key()
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

    async def firmware_image(self, sha256: str, into: bytearray, *, size_bytes: int) -> None:
        """Fetch an image for boards, from where an attempt before has broken off.

        Args:
            sha256: Of the file; nobody has checked it when this returns.
            into: What has come already; it grows, whether this returns or raises.
            size_bytes: Of the file.

        Raises:
            CentralError: It has not come as a whole; central has it no more, or there is no answer.
        """
        if len(into) == size_bytes:
            return
        target = f"/api/v1/nodes/current/firmware/{sha256}"
        for is_last in (False, True):
            headers = self._signature("GET", target, b"")
            if into:
                headers["Range"] = f"bytes={len(into)}-"
            request = self._client.build_request("GET", target, headers=headers)
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
                    await _receive_file(response, into, size_bytes=size_bytes)
                    return
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                raise CentralUnreachableError(_reason(error)) from error

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
        self,
        method: str,
        target: str,
        body: bytes = b"",
        content_type: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        named = {} if content_type is None else {"Content-Type": content_type}
        named |= headers or {}
        if trace := TRACE.get():
            named[HEADER] = traceparent(trace)
        for is_last in (False, True):
            asked_at_s = time.monotonic()
            try:
                response = await self._client.request(
                    method,
                    target,
                    content=body,
                    headers={**named, **self._signature(method, target, body)},
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


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() else None


def _retry_after(response: httpx.Response) -> float | None:
    """Return what ``Retry-After`` says; a date counts from the answer's own.

    Source: RFC 9110, section 10.2.3 "Retry-After".
    """
    text = response.headers.get("Retry-After", "")
    seconds = _seconds(text)
    if seconds is None and text and (at := _date_of(response)) is not None:
        with contextlib.suppress(ValueError, TypeError):
            seconds = (email.utils.parsedate_to_datetime(text) - at).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def _error(response: httpx.Response) -> CentralError:
    status = response.status_code
    if status >= 500 or status in (408, 425, 429):
        return CentralUnreachableError(
            f"central answers {status}",
            is_answered=True,
            is_busy=status == httpx.codes.TOO_MANY_REQUESTS,
            retry_after_s=_retry_after(response),
        )
    try:
        code = str(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = response.reason_phrase
    return CentralRefusedError(status, code)


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _parsed(model: type[_Model], response: httpx.Response, *, is_only_told: bool = False) -> _Model:
    """Return an answer.

    Args:
        model: Of it.
        response: That brought it.
        is_only_told: Nothing is decided by it, so what a newer central says beside what is known
            here is passed over. A rule that is not understood as a whole is no rule.
    """
    try:
        return model.model_validate_json(
            response.content, extra="ignore" if is_only_told else "forbid"
        )
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


async def _receive_file(response: httpx.Response, into: bytearray, *, size_bytes: int) -> None:
    """Add to what has come; an answer that begins elsewhere begins anew.

    Raises:
        CentralUnreachableError: It ended early.
        CentralRefusedError: Central has another file under this name, or gives more than it is.
    """
    begins = f"bytes {len(into)}-"
    if response.status_code != httpx.codes.PARTIAL_CONTENT or not response.headers.get(
        "Content-Range", ""
    ).startswith(begins):
        into.clear()
    async for piece in response.aiter_bytes():
        into += piece
        if len(into) > size_bytes:
            into.clear()
            raise CentralRefusedError(response.status_code, "larger_than_said")
    if len(into) < size_bytes:
        raise CentralUnreachableError(f"{len(into)} of {size_bytes} bytes of an image came")


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
