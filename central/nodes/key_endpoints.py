"""Keys of nodes over HTTP: an operator asks for a change, and the node brings its next keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from central.audit.notes import Note
from central.nodes import key_change
from central.nodes.signed import body_of, refused, token_of, verify_with
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires, address_of
from central.services import Given
from config.contract.node_rotation import (
    ROTATION_SIZE_BYTES_MAX,
    RotationTaken,
    SignedRotation,
    read_rotation,
)
from config.contract.trust import TrustError, claimed_node, recipient_key, seal, verifying_key

router = APIRouter(tags=["nodes"], responses=RESPONSES)
Installer = Annotated[Operator, Depends(Requires("nodes.manage"))]


@router.post("/nodes/current/keys")
async def take_other_keys(request: Request, services: Given) -> RotationTaken:
    """Take a node's next keys: its present key signs for them, and the next one this request.

    Asked again, it answers again. The key before is good for an hour more. No certificate is asked
    for: a central that was restored knows neither of the keys that could have got one.
    """
    token = token_of(request)
    body = await body_of(request, size_bytes_max=ROTATION_SIZE_BYTES_MAX)
    try:
        rotation = read_rotation(SignedRotation.model_validate_json(body))
        key, sealing_key = verifying_key(rotation.signing_key), recipient_key(rotation.sealing_key)
        verify_with(key, token, request, services, body)
        named = (rotation.site, rotation.node)
        if named != (services.settings.site.site.id, claimed_node(token)):
            raise TrustError("this is another node's change of keys")
        if not (services.suite.owns(key) and services.suite.owns(sealing_key)):
            raise TrustError(f"this site uses --crypto {services.suite.name}")
    except ValidationError as error:
        raise RefusedError(422, "invalid_request", "this is no change of a node's keys") from error
    except TrustError as error:
        raise refused(str(error)) from error
    try:
        known = await services.node_keys.of(rotation.node, is_fresh=True)
        # Whoever makes up both keys waits for no turn to write.
        key_change.is_taken(rotation, None if known is None else known.row)
        async with services.database.write() as transaction:
            until = await key_change.take(transaction, rotation, now=services.now())
            transaction.note(
                Note(
                    actor=f"node:{rotation.node}",
                    address=address_of(request),
                    action="nodes_current_keys_post",
                    objects=(f"node:{rotation.node}",),
                )
            )
    except LookupError as error:
        raise refused("this node has not joined, or was removed") from error
    except key_change.OutOfTurnError as error:
        raise RefusedError(
            409, "other_key", "this node has another key than the one that signed for the next"
        ) from error
    return RotationTaken(old_key_until=until, sealed_card_key=seal(sealing_key, services.card_key))


@router.post("/nodes/{node}/keys", status_code=204)
async def want_other_keys(node: str, _: Installer, services: Given) -> None:
    """Have a node change its keys: it does so within a minute, or once it is back."""
    async with services.database.write() as transaction:
        if not await key_change.want(transaction, node, now=services.now()):
            raise RefusedError(404, "node_not_found")
        transaction.concerns(f"node:{node}")
