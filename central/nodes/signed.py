"""The dependency of node endpoints: a request that the node has signed, its body included."""

import dataclasses

from fastapi import Request, Response

from central.nodes.known import NodeKeys
from central.problems import RefusedError
from central.services import Given, Services
from config.contract.headers import CONTRACT, CONTRACT_VERSION
from config.contract.trust import TrustError, claimed_node, verify_request
from config.crypto.keys import RecipientKey


@dataclasses.dataclass(frozen=True, slots=True)
class SignedRequest:
    """Who asks, proven. Attributes: body: as signed. sealing_key: seals secrets for the node."""

    node: str
    body: bytes
    sealing_key: RecipientKey


class Signed:
    """A dependency: the signed request, or 401."""

    def __init__(self, *, size_bytes_max: int = 0, is_fresh: bool = False) -> None:
        """Say what is taken.

        Args:
            size_bytes_max: Of the body.
            is_fresh: The node's keys are those of this moment, whatever is announced only now.
        """
        self._size_bytes_max, self._is_fresh = size_bytes_max, is_fresh

    async def __call__(
        self, request: Request, response: Response, services: Given
    ) -> SignedRequest:
        """Return who asks; refuses with 401 or 413. The answer says which contract is spoken."""
        response.headers[CONTRACT] = str(CONTRACT_VERSION)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("sign the request")
        body = await self._body(request)
        try:
            node = claimed_node(token)
            keys = await services.node_keys.of(node, is_fresh=self._is_fresh)
            if keys is None:
                raise _refused("this node has not joined, or was removed")
            _verify(token, keys, request, services, body)
        except TrustError as error:
            raise _refused(str(error)) from error
        return SignedRequest(node, body, keys.sealing)

    async def _body(self, request: Request) -> bytes:
        pieces, size_bytes = list[bytes](), 0
        async for piece in request.stream():
            size_bytes += len(piece)
            if size_bytes > self._size_bytes_max:
                raise RefusedError(413, "too_large", f"at most {self._size_bytes_max} bytes")
            pieces.append(piece)
        return b"".join(pieces)


def _verify(token: str, keys: NodeKeys, request: Request, services: Services, body: bytes) -> None:
    """Check that one of a node's keys has signed this request, or raise why the last has not."""
    failure = TrustError("this node has no key")
    for key in keys.signing:
        try:
            verify_request(
                token,
                key,
                site=services.settings.site.site.id,
                method=request.method,
                target=_target(request),
                body=body,
                now=services.now(),
            )
        except TrustError as error:
            failure = error
        else:
            return
    raise failure


def _target(request: Request) -> str:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _refused(why: str) -> RefusedError:
    return RefusedError(401, "bad_signature", why)
