"""The dependency of node endpoints: a request that the node has signed, its body included."""

import dataclasses

from fastapi import Request, Response

from central.nodes.certified import check_connection
from central.nodes.known import NodeKeys
from central.problems import RefusedError
from central.services import Given, Services
from config.contract.headers import CONTRACT, CONTRACT_VERSION
from config.contract.trust import TrustError, claimed_node, verify_request
from config.crypto.keys import RecipientKey, VerifyingKey


@dataclasses.dataclass(frozen=True, slots=True)
class SignedRequest:
    """Who asks, proven.

    Attributes:
        body: As signed.
        sealing_key: Seals secrets for the node.
        keys: Of the node, by which it was proven.
    """

    node: str
    body: bytes
    sealing_key: RecipientKey
    keys: NodeKeys | None = None


class Signed:
    """A dependency: the signed request, or 401."""

    def __init__(
        self, *, size_bytes_max: int = 0, is_fresh: bool = False, by_any_connection: bool = False
    ) -> None:
        """Say what is taken.

        Args:
            size_bytes_max: Of the body.
            is_fresh: The node's keys are those of this moment, whatever is announced only now.
            by_any_connection: The signature is enough, whatever the site demands beside it.
        """
        self._size_bytes_max, self._is_fresh = size_bytes_max, is_fresh
        self._by_any_connection = by_any_connection

    async def __call__(
        self, request: Request, response: Response, services: Given
    ) -> SignedRequest:
        """Return who asks; refuses with 401 or 413. The answer says which contract is spoken."""
        response.headers[CONTRACT] = str(CONTRACT_VERSION)
        token = token_of(request)
        body = await body_of(request, size_bytes_max=self._size_bytes_max)
        try:
            node = claimed_node(token)
            keys = await services.node_keys.of(node, is_fresh=self._is_fresh)
            if keys is None:
                raise refused("this node has not joined, or was removed")
            try:
                _verify(token, keys, request, services, body)
            except TrustError:
                # It may have changed its keys at another process, of which is heard only now.
                fresh = await services.node_keys.of(node, is_fresh=True)
                if fresh is None or fresh.row == keys.row:
                    raise
                keys = fresh
                _verify(token, keys, request, services, body)
        except TrustError as error:
            raise refused(str(error)) from error
        if not self._by_any_connection:
            check_connection(request, services, node, keys)
        return SignedRequest(node, body, keys.sealing, keys)


def token_of(request: Request) -> str:
    """Return the signature that came with a request; refuses with 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refused("sign the request")
    return token


async def body_of(request: Request, *, size_bytes_max: int) -> bytes:
    """Return the body of a request; refuses with 413."""
    pieces, size_bytes = list[bytes](), 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > size_bytes_max:
            raise RefusedError(413, "too_large", f"at most {size_bytes_max} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _verify(token: str, keys: NodeKeys, request: Request, services: Services, body: bytes) -> None:
    """Check that one of a node's keys has signed this request, or raise why the newest has not."""
    failures = list[TrustError]()
    for key in keys.signing_at(services.now()):
        try:
            verify_with(key, token, request, services, body)
        except TrustError as error:
            failures.append(error)
        else:
            return
    raise failures[0]


def verify_with(
    key: VerifyingKey, token: str, request: Request, services: Services, body: bytes
) -> None:
    """Check that a key has signed this request.

    Raises:
        TrustError: It has not, or this is another request.
    """
    verify_request(
        token,
        key,
        site=services.settings.site.site.id,
        method=request.method,
        target=_target(request),
        body=body,
        now=services.now(),
    )


def _target(request: Request) -> str:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def refused(why: str) -> RefusedError:
    """Return the refusal of whoever cannot prove to be a node."""
    return RefusedError(401, "bad_signature", why)
