"""Keys over HTTP: how they are, and a new one."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.approvals.permits import permit
from central.keys import KeysError
from central.problems import RESPONSES, RefusedError
from central.rotation.schemas import KeysView
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(prefix="/keys", tags=["privacy"], responses=RESPONSES)
Keeper = Annotated[Operator, Depends(Requires("keys.manage"))]


@router.get("")
async def get_keys(_: Keeper, services: Given) -> KeysView:
    """Return which key wraps the others, and how far a rotation is."""
    return await services.rotation.state()


@router.post("/rotation", status_code=202)
async def rotate(operator: Keeper, services: Given) -> KeysView:
    """Begin to use a new key; everything is made anew in the background, then the old one goes."""
    async with services.database.write() as transaction:
        # The audit log says who began, even if it then cannot.
        transaction.concerns(f"key:{services.kek.key_id}")
        refusal = await permit(
            transaction,
            services.settings.site.policy,
            deed="key_rotation",
            subject={"key": services.kek.key_id},
            operator=operator,
            now=services.now(),
        )
    if refusal is not None:
        raise refusal
    try:
        await services.rotation.begin()
    except KeysError as error:
        raise RefusedError(409, "rotation_not_possible", str(error)) from error
    return await services.rotation.state()
