"""Pictures over HTTP: put by nodes, shown to operators who may see them."""

import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from central.audit.endpoints import looked
from central.audit.purposes import MONITORING, Purposeful, Reason
from central.blobs import repository
from central.database import EVENTS_LOCK
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract.access import CropClass
from config.contract.identifiers import Sha256

router = APIRouter(tags=["blobs"], responses=RESPONSES)
SIZE_BYTES_MAX: Final = 200_000
JPEG_BEGIN: Final = b"\xff\xd8\xff"


@router.put("/blobs/{sha256}", status_code=204)
async def put_blob(
    sha256: Sha256,
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=SIZE_BYTES_MAX))],
    kind: CropClass = CropClass.ADMITTED,
) -> None:
    """Keep a node's picture for as long as the site's policy says of its kind."""
    if hashlib.sha256(signed.body).hexdigest() != sha256:
        raise RefusedError(422, "wrong_hash", "the picture has another hash")
    if not signed.body.startswith(JPEG_BEGIN):
        raise RefusedError(415, "not_a_jpeg", "pictures are JPEG")
    lifetime = services.settings.site.policy.crop_lifetime(kind)
    if not lifetime:
        # The node's site file is an older one, which kept them.
        return
    async with services.database.write() as transaction:
        await transaction.take_turn(EVENTS_LOCK)
        await repository.put(
            transaction,
            sha256=sha256,
            node=signed.node,
            content=signed.body,
            expires_at=services.now() + lifetime,
        )


@router.get(
    "/blobs/{sha256}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}}
)
async def get_blob(
    sha256: Sha256,
    operator: Annotated[Operator, Depends(Requires("events.crops"))],
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful(MONITORING))],
) -> Response:
    """Return a picture that has not expired."""
    async with services.database.read() as transaction:
        content = await repository.get(transaction, sha256, now=services.now())
    if content is None:
        raise RefusedError(404, "blob_not_found", "it has expired, or never came")
    await looked(services, operator, "blobs_get", f"picture:{sha256}", reason=reason)
    return Response(content, media_type="image/jpeg")
