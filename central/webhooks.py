"""Webhooks: where one may go, how it is signed, how it is sent; of alarms and of events alike.

Private addresses are usual on a site and are allowed. What no webhook reaches are link-local
addresses, where clouds tell their machines' secrets, the other addresses they do that at, and this
machine, unless the address says so itself. What a name means is looked up once for each request and
that address is connected to, so that it cannot mean something else a moment later. Redirects are
not followed and proxies of the environment not asked: either would take what is signed elsewhere.

Source: Standard Webhooks 1.0.0, "Signature scheme": ``webhook-id``, ``webhook-timestamp`` and
    ``webhook-signature`` (``v1,`` and the base64 HMAC-SHA256 of ``ID.TIMESTAMP.BODY``; after a
    change of secrets one for each, with a space between).
"""

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import secrets
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpcore
from pydantic import AfterValidator, StringConstraints

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
TIMEOUT_S: Final = 10.0
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what one is known by
SECRET_SIZE_BYTES: Final = 32
ANSWER_SIZE_BYTES_MAX: Final = 64_000
METADATA: Final = tuple(
    ip_network(each) for each in ("100.100.100.200/32", "fd00:ec2::254/128", "192.0.0.192/32")
)
"""Where clouds answer their machines beside link-local addresses (Alibaba, Amazon, Oracle)."""
NAT64: Final = IPv6Network("64:ff9b::/96")


FIRST_PAUSE: Final = timedelta(seconds=5)


class NotSentError(Exception):
    """It was not taken; the message is ``CODE`` or ``CODE:NUMBER``, without a secret.

    ``channel_failure.CODE`` of the dictionaries has words for it.
    """

    @property
    def status(self) -> int | None:
        """What the receiver answered; None where it did not."""
        code, _, number = str(self).partition(":")
        return int(number) if code == "answered" and number else None


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("this is no address") from error
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or port == 0 or not (parts.scheme == "https" or is_local):
        raise ValueError("https://..., or http:// on this machine")
    if parts.username or parts.password:
        raise ValueError("no password in the address")
    if not url.isascii() or any(sign.isspace() for sign in url):
        raise ValueError("letters of ASCII without spaces")
    checked_host(parts.hostname)
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        return url
    if is_forbidden(address, is_local=parts.hostname in LOOPBACK):
        raise ValueError("no webhook goes to this address")
    return url


def checked_host(host: str) -> str:
    """Return a name or address that can be looked up at all.

    Raises:
        ValueError: A part of it is empty or longer than 63 letters.
    """
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise ValueError("this is no name of a machine") from error
    return host


WebhookUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_checked_url)]
"""https, or http on this machine; without a password."""


def is_forbidden(address: IPv4Address | IPv6Address, *, is_local: bool) -> bool:
    """Return whether no webhook goes there. Attributes: is_local: the URL names this machine."""
    inner = _inner(address)
    if inner is not None:
        return is_forbidden(inner, is_local=is_local)
    if address.is_loopback:
        return not is_local
    is_metadata = any(address.version == net.version and address in net for net in METADATA)
    return (
        is_metadata or address.is_link_local or address.is_multicast or address.is_unspecified
        or str(address) == "255.255.255.255"
    )  # fmt: skip


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the address of the old kind that one of the new kind stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def pause_after(attempts: int, *, most: timedelta) -> timedelta:
    """Return how long to wait after so many attempts before the one that failed."""
    return min(FIRST_PAUSE * (1 << min(attempts, 16)), most)


def new_secret() -> str:
    """Return a secret as receivers are told it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_SIZE_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return what a receiver makes again with its secret and compares."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Message:
    """What is sent; not printable, as it holds secrets.

    Attributes:
        message_id: The same at each try.
        keys: Secrets, the newest first; it is signed with each.
    """

    url: str
    message_id: str
    body: bytes
    media_type: str
    keys: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it. Attributes: duration_ms: until its answer."""

    status: int
    duration_ms: int


async def post(message: Message, *, now: datetime) -> Taken:
    """Send once.

    Args:
        message: What.
        now: Aware UTC; the receiver refuses what is much older.

    Raises:
        NotSentError: The receiver did not take it.
    """
    timestamp = int(now.timestamp())
    signed = (signature(k, message.message_id, timestamp, message.body) for k in message.keys)
    headers = {
        "Host": urlsplit(message.url).netloc,
        "User-Agent": "menshen",
        "Content-Type": message.media_type,
        "Content-Length": str(len(message.body)),
        "Webhook-Id": message.message_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": " ".join(signed),
    }
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status = await _status(message, headers)
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, TimeoutError) as error:
        raise NotSentError(why(error)) from error
    except httpcore.TimeoutException as error:
        raise NotSentError("no_answer") from error
    if not 200 <= status < 300:
        raise NotSentError(f"answered:{status}")
    return Taken(status, round((time.monotonic() - began_s) * 1000))


async def _status(message: Message, headers: dict[str, str]) -> int:
    network = _Network(is_local=urlsplit(message.url).hostname in LOOPBACK)
    context = ssl.create_default_context()
    async with (
        httpcore.AsyncConnectionPool(ssl_context=context, network_backend=network) as pool,
        pool.stream(
            "POST", message.url, headers=list(headers.items()), content=message.body
        ) as reply,
    ):
        size_bytes = 0
        async for piece in reply.aiter_stream():
            # Nothing of it is used; whoever would send for ever is left.
            size_bytes += len(piece)
            if size_bytes > ANSWER_SIZE_BYTES_MAX:
                break
        return reply.status


class _Network(httpcore.AsyncNetworkBackend):
    """Connects to addresses that a webhook may reach, and to no other that a name means."""

    def __init__(self, *, is_local: bool) -> None:
        self._is_local = is_local
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if any(is_forbidden(ip_address(a), is_local=self._is_local) for a in addresses):
            raise ForbiddenError(host)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(host)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class ForbiddenError(OSError):
    """A name means an address that no webhook goes to."""


def why(error: BaseException) -> str:
    """Return the code of a failure: what whoever set the channel up can do something about."""
    match error:
        case ForbiddenError():
            return "forbidden"
        case ssl.SSLCertVerificationError():
            return "certificate"
        case ssl.SSLError():
            return "cipher"
        case TimeoutError() | httpcore.TimeoutException():
            return "no_answer"
    # A library's error says least, what it was made of says why.
    cause = error.__cause__ or error.__context__
    return "unreachable" if cause is None else why(cause)
