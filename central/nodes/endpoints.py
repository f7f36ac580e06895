"""Nodes over HTTP: joining, status, their stream, and what operators see of them."""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import ValidationError

from central import site_values
from central.audit.notes import Note
from central.commands import repository as commands
from central.database import Transaction
from central.events import repository as events
from central.events.facts import NodeRevoked
from central.nodes import repository
from central.nodes.certified import is_certificate_wanted
from central.nodes.key_change import is_wanted
from central.nodes.schemas import NodeView, TokenView, WantedToken
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires, address_of, hashed, new_secret
from central.services import Given, Services
from central.stream import RESPONSE, EventStream, Reader, encode
from central.users.endpoints import limit_attempts
from config.contract import headers
from config.contract.nodes import (
    NodeEnrolment,
    NodeStatus,
    NodeWelcome,
    ReleasedKey,
    ReleaseWish,
)
from config.contract.trust import (
    KEY_SIZE_BYTES,
    NodeToken,
    TrustError,
    public_text,
    recipient_key,
    seal,
    verifying_key,
)

router = APIRouter(tags=["nodes"], responses=RESPONSES)
TOKEN_LIFETIME: Final = timedelta(minutes=15)
STATUS_SIZE_BYTES_MAX: Final = 500_000
RELEASE_SIZE_BYTES_MAX: Final = 1_000
NODE_HEARTBEAT_S: Final = 25.0
"""A node takes a stream for dead after 60 s; there are thousands of them."""
Installer = Annotated[Operator, Depends(Requires("nodes.manage"))]
Viewer = Annotated[Operator, Depends(Requires("nodes.read"))]


@router.get("/nodes")
async def list_nodes(_: Viewer, services: Given) -> list[NodeView]:
    """Return every node."""
    async with services.database.read() as transaction:
        return await repository.views(transaction, installed(services), now=services.now())


@router.post("/nodes/tokens", status_code=201)
async def make_node_token(wish: WantedToken, _: Installer, services: Given) -> TokenView:
    """Make a one-time token for a node of the site file."""
    if wish.node not in installed(services):
        raise RefusedError(404, "node_not_installed", "the site file has no such node")
    secret, expires_at = new_secret(), services.now() + TOKEN_LIFETIME
    async with services.database.write() as transaction:
        await repository.add_token(
            transaction, secret_hash=hashed(secret), node=wish.node, expires_at=expires_at
        )
        transaction.concerns(f"node:{wish.node}")
    authority = services.authority
    token = NodeToken(
        url=services.settings.url,
        node=wish.node,
        secret=secret,
        ca_fingerprint=None if authority is None else authority.fingerprint,
        crypto=services.suite.name,
    )
    return TokenView(token=token.to_line(), expires_at=expires_at)


@router.post("/nodes/enrol", status_code=201, dependencies=[Depends(limit_attempts)])
async def enrol_node(wish: NodeEnrolment, request: Request, services: Given) -> NodeWelcome:
    """Let a node join with its one-time token; keys of an earlier terminal are replaced."""
    try:
        signing_key = verifying_key(wish.signing_key)
        sealing_key = recipient_key(wish.sealing_key)
    except TrustError as error:
        raise RefusedError(422, "invalid_key", "these are no public keys") from error
    if not (services.suite.owns(signing_key) and services.suite.owns(sealing_key)):
        raise RefusedError(
            422,
            "invalid_key",
            f"this site uses --crypto {services.suite.name}: update the terminal",
        )
    now = services.now()
    async with services.database.write() as transaction:
        if not await repository.use_token(
            transaction, hashed(wish.secret), node=wish.node, now=now
        ):
            raise RefusedError(
                410, "token_not_good", "this token was used or is too old: make a new one"
            )
        await repository.put_keys(
            transaction,
            wish.node,
            signing_key=wish.signing_key,
            sealing_key=wish.sealing_key,
            now=now,
        )
        transaction.note(
            Note(
                actor=f"node:{wish.node}",
                address=address_of(request),
                action="nodes_enrol_post",
                objects=(f"node:{wish.node}",),
            )
        )
    return NodeWelcome(
        site=services.settings.site.site.id,
        node=wish.node,
        central_key=public_text(services.central_key.public_key()),
        sealed_card_key=seal(sealing_key, services.card_key),
        ca_certificate=None if services.authority is None else services.authority.pem,
    )


@router.delete("/nodes/{node}", status_code=204)
async def remove_node(node: str, operator: Installer, services: Given) -> None:
    """Shut a node out, as after a theft, and alarm; it needs a new token to join again."""
    fact = NodeRevoked(node=node, user_id=operator.user_id)
    site = services.settings.site.site.id
    async with services.database.write() as transaction:
        await events.state(transaction, fact, site=site, epoch=services.epoch, now=services.now())
        # Refused, nothing of it is kept: not the alarm either.
        if not await repository.remove(transaction, node):
            raise RefusedError(404, "node_not_found")


@router.post("/nodes/current/release")
async def release_node_key(
    services: Given,
    signed: Annotated[
        SignedRequest, Depends(Signed(size_bytes_max=RELEASE_SIZE_BYTES_MAX, is_fresh=True))
    ],
    request: Request,
) -> ReleasedKey:
    """Give a node that starts what opens the keys on its disk; one that is shut out gets none."""
    try:
        wish = ReleaseWish.model_validate_json(signed.body)
        key = recipient_key(wish.key)
    except (ValidationError, TrustError) as error:
        raise RefusedError(422, "invalid_key", "this is no public key") from error
    fresh = secrets.token_bytes(KEY_SIZE_BYTES)
    async with services.database.write() as transaction:
        released = await repository.release_key(transaction, services.kek, signed.node, fresh)
        transaction.note(
            Note(
                actor=f"node:{signed.node}",
                address=address_of(request),
                action="nodes_current_release_post",
                objects=(f"node:{signed.node}",),
            )
        )
    return ReleasedKey(sealed_key=seal(key, released))


@router.put("/nodes/current/status", status_code=204)
async def report_node_status(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=STATUS_SIZE_BYTES_MAX))],
    request: Request,
    response: Response,
) -> None:
    """Take a node's heartbeat; the answer's header says when the next is wanted."""
    try:
        status = NodeStatus.model_validate_json(signed.body, extra="ignore")
    except ValidationError as error:
        raise RefusedError(422, "invalid_request", "this is no status of a node") from error
    policy, now = services.settings.site.policy, services.now()
    interval_s = policy.status_interval_s
    contract = headers.contract_of(request.headers.get(headers.CONTRACT))

    async def keep(transaction: Transaction) -> None:
        await repository.put_status(
            transaction,
            signed.node,
            status,
            now=now,
            interval_s=interval_s,
            contract=contract,
        )

    await services.database.write_whole(keep)
    response.headers[headers.STATUS_INTERVAL] = str(interval_s)
    keys = signed.keys
    if is_certificate_wanted(request, services, signed.node, keys):
        response.headers[headers.CERTIFICATE] = "wanted"
    if keys is not None and is_wanted(signed.node, keys.row, days=policy.node_key_days, now=now):
        response.headers[headers.CHANGE_KEY] = keys.row.signing_key


@router.get(
    "/nodes/current/stream", status_code=200, response_class=EventStream, responses={200: RESPONSE}
)
async def follow_as_node(
    services: Given, signed: Annotated[SignedRequest, Depends(Signed())]
) -> Response:
    """Stream to a node: the version of people, at once and when it changes; that commands wait."""
    return EventStream(frames(services, signed))


async def frames(services: Services, signed: SignedRequest) -> AsyncIterator[bytes]:
    """Yield a node's stream; nothing where it was shut out while it asked."""
    node = signed.node
    with services.node_hub.subscribe(Reader(node)) as subscription:
        async with services.database.read() as transaction:
            # Whoever is shut out from here on is heard of by the subscription.
            keys = await repository.keys_of(transaction, node)
            if keys is None or keys.sealing_key != public_text(signed.sealing_key):
                return
            version = await site_values.replica_version(transaction)
            waiting = await commands.waiting(transaction, node, now=services.now())
        yield encode("replica", json.dumps({"version": version}))
        if waiting:  # asked for while nobody listened
            yield encode(commands.TOPIC, "{}")
        async for frame in subscription.frames(heartbeat_s=NODE_HEARTBEAT_S):
            yield frame


@router.get("/site/ca.pem", response_class=PlainTextResponse, tags=["site"])
async def authority_certificate(services: Given) -> PlainTextResponse:
    """Return the certificate of the site's authority; believed by its fingerprint alone."""
    if services.authority is None:
        raise RefusedError(404, "no_tls", "this central is reached on its own machine only")
    return PlainTextResponse(services.authority.pem, media_type="application/x-pem-file")


def installed(services: Services) -> frozenset[str]:
    """Return the nodes of the site file."""
    return frozenset(node.id for node in services.settings.site.node)
