"""What central answers to a node, and errors that say whether trying again is sensible.

::

    CentralError
    +-- CentralUnreachableError   no answer, or it cannot serve now: try again later
    |   +-- CertificateWantedError    it wants a certificate: get one, and try again
    +-- CentralRefusedError       it understood and refuses this request: the same will not help
"""

import contextlib
import dataclasses
import email.utils
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final, TypeVar

import httpx
from pydantic import ValidationError

from config.contract.assistance import OpenCalls
from config.contract.commands import SignedCommands
from config.contract.diner_links import DinerLink
from config.contract.headers import CERTIFICATE_NEEDED, CERTIFICATE_REFUSED
from config.contract.money import ReservationAnswer, TillPage
from config.contract.node_rotation import RotationTaken
from config.contract.nodes import BatchReceipt, ReleasedKey, ReplicaPage

RETRY_AFTER_S_MAX: Final = 600.0
LINE_LENGTH_MAX: Final = 64 * 1024
BAD_SIGNATURE: Final = "bad_signature"
_ADVICE: Final = {
    BAD_SIGNATURE: ": this node was shut out or replaced; it goes on by itself, and joins again"
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
    RotationTaken,
)


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


class CertificateWantedError(CentralUnreachableError):
    """The signature is good, and central takes it by a connection with another certificate."""


class CentralRefusedError(CentralError):
    """Central understood and refuses. Attributes: status: HTTP. code: central's own word."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"central refuses ({status} {code}){_ADVICE.get(code, '')}")
        self.status, self.code = status, code

    @property
    def is_of_signature(self) -> bool:
        """Whether central knows no such key of this node."""
        return self.code == BAD_SIGNATURE


@dataclasses.dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream."""

    name: str
    data: str


def date_of(response: httpx.Response) -> datetime | None:
    """Return what central's clock said; None where it says nothing that can be read."""
    try:
        at = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """Return a number of seconds; None where it is none."""
    return float(text) if text.isascii() and text.isdecimal() else None


def _retry_after(response: httpx.Response) -> float | None:
    """Return what ``Retry-After`` says; a date counts from the answer's own.

    Source: RFC 9110, section 10.2.3 "Retry-After".
    """
    text = response.headers.get("Retry-After", "")
    seconds = seconds_of(text)
    if seconds is None and text and (at := date_of(response)) is not None:
        with contextlib.suppress(ValueError, TypeError):
            seconds = (email.utils.parsedate_to_datetime(text) - at).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def error_of(response: httpx.Response) -> CentralError:
    """Return what an answer that is no success means."""
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
    if code in (CERTIFICATE_NEEDED, CERTIFICATE_REFUSED):
        return CertificateWantedError(f"central wants a certificate ({code})", is_answered=True)
    return CentralRefusedError(status, code)


def reason_of(error: httpx.HTTPError) -> str:
    """Return why there was no answer."""
    return str(error) or type(error).__name__


def parsed(model: type[_Model], response: httpx.Response, *, is_only_told: bool = False) -> _Model:
    """Return an answer.

    Args:
        model: Of it.
        response: That brought it.
        is_only_told: Nothing is decided by it, so what a newer central says beside what is known
            here is passed over. A rule that is not understood as a whole is no rule.

    Raises:
        CentralUnreachableError: It is none.
    """
    try:
        return model.model_validate_json(
            response.content, extra="ignore" if is_only_told else "forbid"
        )
    except ValidationError as error:
        raise CentralUnreachableError(
            f"central's answer is no {model.__name__}: {error.error_count()} mistakes"
        ) from error


def page_of(response: httpx.Response) -> ReplicaPage:
    """Return a page of the replica; an access model that cannot be read comes as none.

    Raises:
        CentralUnreachableError: It is none.
    """
    try:
        return ReplicaPage.model_validate_json(response.content)
    except ValidationError as error:
        if any(mistake["loc"][:2] != ("access", "model") for mistake in error.errors()):
            return parsed(ReplicaPage, response)
    document = response.json()
    document["access"]["model"] = None
    return ReplicaPage.model_validate_json(json.dumps(document))


async def receive_file(response: httpx.Response, into: bytearray, *, size_bytes: int) -> None:
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


async def server_sent_events(response: httpx.Response) -> AsyncIterator[ServerSentEvent]:
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
