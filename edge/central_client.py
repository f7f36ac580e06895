"""Requests to central, each signed by the node; see ``edge.central_answers`` for its errors."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final
from uuid import UUID

import httpx
from pydantic import TypeAdapter

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
from config.contract.node_rotation import RotationTaken, SignedRotation
from config.contract.nodes import (
    BatchReceipt,
    NodeStatus,
    ReleasedKey,
    ReleaseWish,
    ReplicaPage,
)
from config.contract.picture_sequence import Picture
from config.contract.trust import TrustError, public_text, unseal
from config.contract.video_events import MediaFormat, MediaKind
from config.crypto.keys import SigningKey
from edge.central_answers import CentralError as CentralError
from edge.central_answers import CentralRefusedError as CentralRefusedError
from edge.central_answers import CentralUnreachableError as CentralUnreachableError
from edge.central_answers import ServerSentEvent as ServerSentEvent
from edge.central_answers import (
    error_of,
    page_of,
    parsed,
    reason_of,
    receive_file,
    seconds_of,
    server_sent_events,
)
from edge.central_requests import STREAM_SILENCE_S_MAX, TIMEOUT_S, SignedRequests

_BATCH: Final = TypeAdapter(list[Event])


class CentralClient(SignedRequests):
    """Central, as one node sees it; for one event loop."""

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
        response = await self.request(
            "POST", "/api/v1/events", body, BATCH_CONTENT_TYPE, headers=headers
        )
        return parsed(BatchReceipt, response, is_only_told=True)

    async def put_status(self, status: NodeStatus) -> float | None:
        """Say how the node is; returns after how many seconds central wants to hear it again.

        Raises:
            CentralError: Central did not take it.
        """
        body = status.model_dump_json(by_alias=True).encode()
        target = "/api/v1/nodes/current/status"
        response = await self.request("PUT", target, body, "application/json")
        if key := response.headers.get(headers_of.CHANGE_KEY):
            self.on_key_to_change(key)
        if headers_of.CERTIFICATE in response.headers:
            await self.certify_if_due()
        return seconds_of(response.headers.get(headers_of.STATUS_INTERVAL, ""))

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
        response = await self.request("GET", target)
        return page_of(response)

    async def commands(self) -> SignedCommands:
        """Return the commands that wait for this node; nobody has checked who signed them.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        response = await self.request("GET", "/api/v1/nodes/current/commands")
        return parsed(SignedCommands, response)

    async def open_calls(self) -> OpenCalls:
        """Return the calls for assistance at this node that nobody has closed.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        response = await self.request("GET", "/api/v1/nodes/current/assistance")
        return parsed(OpenCalls, response, is_only_told=True)

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        """Ask central to keep money for a charge; the same key asks again for the same.

        Raises:
            CentralError: There is no answer, or none that can be understood; central may have kept
                it all the same.
        """
        body = wish.model_dump_json().encode()
        target = "/api/v1/canteen/reservations"
        response = await self.request("POST", target, body, "application/json")
        return parsed(ReservationAnswer, response)

    async def terminal_link(self, wish: TerminalLink) -> DinerLink:
        """Make the way to the own page of whoever stands at a till of this node.

        Raises:
            CentralError: There is no answer, or none that can be understood; or there is no such
                person.
        """
        body = wish.model_dump_json().encode()
        target = "/api/v1/diners/terminal-links"
        response = await self.request("POST", target, body, "application/json")
        return parsed(DinerLink, response)

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        """Return what tills need that changed.

        Args:
            after: Version of the accounts that are here; 0 is none.
            plan: Version of the plan that is here.

        Raises:
            CentralError: There is no answer, or none that can be understood.
        """
        target = f"/api/v1/canteen/till?after={after}&plan={plan}"
        return parsed(TillPage, await self.request("GET", target))

    async def released_key(self, *, signing_key: SigningKey | None = None) -> bytes:
        """Return what opens the keys on this node's disk.

        Args:
            signing_key: Signs the request; None is the node's.

        Raises:
            CentralError: Central does not answer, or this node is shut out.
        """
        answer = self.identity.suite.new_sealing_key()
        body = ReleaseWish(key=public_text(answer.public_key())).model_dump_json().encode()
        target = "/api/v1/nodes/current/release"
        response = await self.request("POST", target, body, "application/json", key=signing_key)
        try:
            return unseal(answer, parsed(ReleasedKey, response).sealed_key)
        except TrustError as error:
            raise CentralUnreachableError("central's answer is sealed for another") from error

    async def change_keys(
        self, rotation: SignedRotation, *, signing_key: SigningKey
    ) -> RotationTaken:
        """Bring this node's next keys; repeated, it does no harm.

        Args:
            rotation: From the keys that central knows.
            signing_key: The next one, which signs this request.

        Raises:
            CentralError: Central did not take them, or nobody knows.
        """
        body, target = rotation.model_dump_json().encode(), "/api/v1/nodes/current/keys"
        response = await self.request("POST", target, body, "application/json", key=signing_key)
        return parsed(RotationTaken, response, is_only_told=True)

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
        identity = self.identity
        items = [
            sign_statement(
                identity.signing_key,
                FaceStatement(
                    site=identity.site,
                    node=identity.node,
                    holder_id=holder_id,
                    template_ids=tuple(template_ids),
                    replica_version=version,
                    at=self.clock.now(),
                ),
            )
            for holder_id, template_ids in held.items()
        ]
        said = FaceStatements(
            items=tuple(items[:STATEMENT_COUNT_MAX]), erased=tuple(erased[:STATEMENT_COUNT_MAX])
        )
        body = said.model_dump_json().encode()
        await self.request("POST", "/api/v1/nodes/current/faces", body, "application/json")

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        """Give central a picture, and say of which kind it is.

        Raises:
            CentralError: Central did not take it.
        """
        target = f"/api/v1/blobs/{sha256}?kind={kind}"
        await self.request("PUT", target, jpeg, "image/jpeg")

    async def put_clip(
        self, sha256: str, content: bytes, kind: MediaKind, media_format: MediaFormat
    ) -> None:
        """Give central a snapshot or clip of an alarm.

        Raises:
            CentralError: Central did not take it.
        """
        target = f"/api/v1/clips/{sha256}?kind={kind}&format={media_format}"
        await self.request("PUT", target, content, "application/octet-stream")

    async def put_picture(self, stream_id: UUID, picture: Picture) -> bool:
        """Give central the newest picture of a live view; returns whether anybody looks.

        Raises:
            CentralError: Central did not take it.
        """
        taken_at = int(picture.taken_at.timestamp() * 1000)
        target = f"/api/v1/cameras/streams/{stream_id}?taken_at_ms={taken_at}"
        try:
            await self.request("PUT", target, picture.jpeg, "image/jpeg")
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
            headers = self.signature("GET", target, b"")
            if into:
                headers["Range"] = f"bytes={len(into)}-"
            request = self.http.build_request("GET", target, headers=headers)
            asked_at_s, certificate_count = time.monotonic(), self.certificate_count
            try:
                response = await self.http.send(request, stream=True)
                try:
                    self.compare_clocks(response, asked_at_s)
                    if not response.is_success:
                        await response.aread()
                        if response.status_code != 401 or is_last:
                            raise error_of(response)
                        await self.mend(error_of(response), since=certificate_count)
                        continue
                    await receive_file(response, into, size_bytes=size_bytes)
                    return
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                raise CentralUnreachableError(reason_of(error)) from error

    async def stream(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the node's live stream until it ends.

        Raises:
            CentralError: It cannot be had, or broke.
        """
        target = "/api/v1/nodes/current/stream"
        for is_last in (False, True):
            request = self.http.build_request(
                "GET",
                target,
                headers={**self.signature("GET", target, b""), "Accept": "text/event-stream"},
                timeout=httpx.Timeout(TIMEOUT_S, read=STREAM_SILENCE_S_MAX),
            )
            asked_at_s, certificate_count = time.monotonic(), self.certificate_count
            try:
                response = await self.http.send(request, stream=True)
                try:
                    self.compare_clocks(response, asked_at_s)
                    if not response.is_success:
                        await response.aread()
                        if response.status_code != 401 or is_last:
                            raise error_of(response)
                        await self.mend(error_of(response), since=certificate_count)
                        continue
                    async for event in server_sent_events(response):
                        yield event
                    return
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                raise CentralUnreachableError(reason_of(error)) from error
