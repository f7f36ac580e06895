"""Certificates of nodes over HTTP: a node asks for one with the key that it signs with."""

import math
import time
from typing import Annotated, Final

from cryptography import x509
from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from central.audit.notes import Note
from central.certificates.terminals import CertificateWishError, give
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import address_of
from central.services import Given
from config.contract.nodes import CertificateWish, GivenCertificate

router = APIRouter(tags=["nodes"], responses=RESPONSES)
WISH_SIZE_BYTES_MAX: Final = 4_000
WISH_COUNT: Final = 6
"""A minute of one node: it asks once a day, and at each start."""


@router.post("/nodes/current/certificate", status_code=201)
async def give_node_certificate(
    request: Request,
    services: Given,
    signed: Annotated[
        SignedRequest,
        Depends(Signed(size_bytes_max=WISH_SIZE_BYTES_MAX, is_fresh=True, by_any_connection=True)),
    ],
) -> GivenCertificate:
    """Give a node what it opens connections with for some days; good beside its signatures alone.

    404 where this central takes no certificates.
    """
    authority, port = services.authority, services.certificate.terminals_port
    if authority is None or port is None or signed.keys is None:
        raise RefusedError(404, "no_certificates", "this central takes no certificates")
    wait_s = services.certificate_wishes.take(signed.node, now_s=time.monotonic())
    if wait_s > 0:
        raise RefusedError(
            429,
            "too_many_attempts",
            "too many certificates: wait a minute",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )
    try:
        wish = CertificateWish.model_validate_json(signed.body)
        certificate = give(
            authority,
            wish.request,
            site=services.settings.site.site.id,
            node=signed.node,
            key=signed.keys.row.signing_key,
            now=services.now(),
        )
    except ValidationError as error:
        raise RefusedError(422, "invalid_request", "this is no wish for a certificate") from error
    except CertificateWishError as error:
        raise RefusedError(422, "invalid_request", str(error)) from error
    serial = x509.load_pem_x509_certificate(certificate.encode()).serial_number
    async with services.database.write() as transaction:
        transaction.note(
            Note(
                actor=f"node:{signed.node}",
                address=address_of(request),
                action="nodes_current_certificate_post",
                objects=(f"node:{signed.node}", f"certificate:{serial:x}"),
            )
        )
    return GivenCertificate(certificate=certificate, port=port)
