"""Controller boards over HTTP: images, boards, roll-outs."""

import asyncio
import re
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from central.database import Transaction
from central.firmware import choosing, deeds, repository, rollout_rows, views
from central.firmware.schemas import (
    BoardList,
    ImageList,
    ImageView,
    RolloutList,
    RolloutPreview,
    RolloutView,
    WantedPreview,
    WantedRollout,
    WantedStart,
    WantedStop,
)
from central.nodes import repository as nodes
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.board_image import (
    IMAGE_SIZE_BYTES_MAX,
    BoardImage,
    ImageError,
    public_keys,
    read_image,
    verify_image,
)
from config.contract.board_events import UpdateReason
from config.contract.identifiers import Sha256, Slug

router = APIRouter(tags=["firmware"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("firmware.read"))]
Keeper = Annotated[Operator, Depends(Requires("firmware.manage"))]
BINARY: Final = "application/octet-stream"
NAME_LENGTH_MAX: Final = 120
_RANGE: Final = re.compile(r"bytes=(\d{1,9})-", re.ASCII)
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }
}


# ---- images


@router.get("/firmware/images")
async def list_images(_: Reader, services: Given) -> ImageList:
    """Return the images that boards can be given, the newest first."""
    async with services.database.read() as transaction:
        return ImageList(items=await repository.images(transaction))


@router.post("/firmware/images", status_code=201, openapi_extra=_BODY)
async def upload_image(
    request: Request,
    operator: Keeper,
    services: Given,
    name: Annotated[str, Query(max_length=NAME_LENGTH_MAX, description="Of the file.")] = "",
) -> ImageView:
    """Keep an image that somebody of the site's `[boards] keys` signed; the body is the file.

    One that is kept already is returned as it is.
    """
    content = await _body(request)
    image = await asyncio.to_thread(_verified, content, services)
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        await repository.add_image(
            transaction,
            image,
            content,
            name=name.replace("\0", "").strip() or f"{image.version}.bin",
            uploaded_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"image:{image.sha256.hex()}", version=str(image.version))
        return await _image(transaction, image.sha256.hex())


@router.delete("/firmware/images/{image}", status_code=204)
async def remove_image(image: Sha256, _: Keeper, services: Given) -> None:
    """Delete an image that no roll-out needs any more."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        if (await _image(transaction, image)).is_used:
            raise RefusedError(
                409, "image_used", "a roll-out that is not over uses it: cancel that first"
            )
        await repository.remove_image(transaction, image)


@router.get(
    "/nodes/current/firmware/{sha256}",
    response_class=Response,
    responses={code: {"content": {BINARY: {}}} for code in (200, 206)},
)
async def fetch_image(
    sha256: Sha256,
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed())],
    wanted: Annotated[str, Header(alias="Range", max_length=64)] = "",
) -> Response:
    """Hand a node an image that it has been told to put onto a board, and no other.

    `Range: bytes=N-` gives what follows the first N bytes.
    """
    async with services.database.read() as transaction:
        content = await repository.content_for(transaction, sha256, node=signed.node)
    if content is None:
        raise RefusedError(404, "image_not_found", "no update of yours wants this image")
    return _from(content, wanted)


def _from(content: bytes, wanted: str) -> Response:
    """Return a file, or its end; what is asked for in another way is answered with the whole."""
    match = _RANGE.fullmatch(wanted)
    begin = int(match[1]) if match else 0
    if not 0 < begin < len(content):
        return Response(content, media_type=BINARY)
    headers = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}
    return Response(content[begin:], 206, media_type=BINARY, headers=headers)


async def _body(request: Request) -> bytes:
    pieces, size_bytes = list[bytes](), 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > IMAGE_SIZE_BYTES_MAX:
            raise RefusedError(
                413, "image_too_large", f"an image has at most {IMAGE_SIZE_BYTES_MAX} bytes"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _verified(content: bytes, services: Services) -> BoardImage:
    """Return an image that boards of this site may be given; refuses every other one."""
    try:
        image = read_image(content)
        verify_image(image, public_keys(services.settings.site.boards.keys))
    except ImageError as error:
        raise _refused(error.reason, str(error)) from error
    if image.hw is None:
        raise _refused(
            UpdateReason.OTHER_BOARD,
            "the image names no type of board: sign it with --custom-tlv 0x00A0 and its number",
        )
    return image


def _refused(reason: UpdateReason, line: str) -> RefusedError:
    return RefusedError(422, f"image_{reason}", line)


async def _image(transaction: Transaction, sha256: str) -> ImageView:
    found = await repository.image_of(transaction, sha256)
    if found is None:
        raise RefusedError(404, "image_not_found", "there is no such image any more")
    return found


# ---- boards


@router.get("/firmware/boards")
async def list_boards(_: Reader, services: Given) -> BoardList:
    """Return the controller boards of the site, and what each last said of itself."""
    async with services.database.read() as transaction:
        candidates = await _candidates(transaction, services)
        updates = [each.known.update for each in candidates]
        found = await rollout_rows.rollouts_of(
            transaction, [each.update_id for each in updates if each is not None]
        )
    items = [views.board_view(each, found) for each in candidates]
    return BoardList(items=sorted(items, key=lambda each: each.device))


async def _candidates(transaction: Transaction, services: Services) -> list[choosing.Candidate]:
    return views.candidates_of(
        services.settings.site,
        await repository.known_boards(transaction),
        online=await nodes.online(transaction, now=services.now()),
        taken=await rollout_rows.taken(transaction),
    )


# ---- roll-outs


@router.post("/firmware/rollouts/preview")
async def preview_rollout(wish: WantedPreview, _: Keeper, services: Given) -> RolloutPreview:
    """Say which boards a roll-out would update, and why it leaves others out; changes nothing."""
    async with services.database.read() as transaction:
        choice, image = await _choice(transaction, wish, services)
    return views.preview(choice, "" if image is None else image.version)


@router.post("/firmware/rollouts", status_code=201)
async def create_rollout(wish: WantedRollout, operator: Keeper, services: Given) -> RolloutView:
    """Make a roll-out of one or many boards: an update, or a rollback to the other image.

    One board begins, then a tenth of all, then the rest; failures halt it.
    """
    now = services.now()
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        choice, image = await _choice(transaction, wish, services)
        if not choice.boards:
            raise RefusedError(
                409,
                "rollout_without_boards",
                "no board would be updated: see why each is left out",
                left_out={each.device: why for each, why in choice.left_out},
            )
        rollout_id = await deeds.create(
            transaction, wish, choice, image, operator=operator, now=now
        )
        transaction.concerns(f"rollout:{rollout_id}", action=wish.action, count=len(choice.boards))
        return await _view(transaction, rollout_id)


@router.get("/firmware/rollouts")
async def list_rollouts(
    _: Reader,
    services: Given,
    device: Annotated[Slug | None, Query(description="Those that have this board.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> RolloutList:
    """Return the newest roll-outs."""
    async with services.database.read() as transaction:
        rows = await rollout_rows.newest(transaction, device=device, limit=limit)
        tallies = await rollout_rows.tallies_of(transaction, [row.rollout_id for row in rows])
    return RolloutList(items=[views.summary(row, tallies[row.rollout_id]) for row in rows])


@router.get("/firmware/rollouts/{rollout_id}")
async def get_rollout(rollout_id: UUID, _: Reader, services: Given) -> RolloutView:
    """Return a roll-out with what has become of each board."""
    async with services.database.read() as transaction:
        return await _view(transaction, rollout_id)


@router.post("/firmware/rollouts/{rollout_id}/start")
async def start_rollout(
    rollout_id: UUID, wish: WantedStart, operator: Keeper, services: Given
) -> RolloutView:
    """Start a roll-out, or go on after a pause or a halt.

    After a halt the boards that are left begin anew with one, then a tenth of them, then the rest.
    """
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        await deeds.start(transaction, rollout_id, wish, operator=operator, now=services.now())
        transaction.concerns(reason=wish.reason)
        return await _view(transaction, rollout_id)


@router.post("/firmware/rollouts/{rollout_id}/pause")
async def pause_rollout(
    rollout_id: UUID, wish: WantedStop, operator: Keeper, services: Given
) -> RolloutView:
    """Begin with no other board; those that are under way end by themselves."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        await deeds.pause(transaction, rollout_id, operator=operator, now=services.now())
        transaction.concerns(reason=wish.reason)
        return await _view(transaction, rollout_id)


@router.post("/firmware/rollouts/{rollout_id}/cancel")
async def cancel_rollout(
    rollout_id: UUID, wish: WantedStop, operator: Keeper, services: Given
) -> RolloutView:
    """End a roll-out; a board that is under way is told to stop, if it is not on trial yet."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        await deeds.cancel(transaction, rollout_id, operator=operator, now=services.now())
        transaction.concerns(reason=wish.reason)
        return await _view(transaction, rollout_id)


async def _choice(
    transaction: Transaction, wish: WantedPreview, services: Services
) -> tuple[choosing.Choice, ImageView | None]:
    image = None if wish.image is None else await _image(transaction, wish.image)
    return choosing.choose(wish, image, await _candidates(transaction, services)), image


async def _view(transaction: Transaction, rollout_id: UUID) -> RolloutView:
    row = await rollout_rows.find(transaction, rollout_id)
    if row is None:
        raise RefusedError(404, "rollout_not_found", "there is no such roll-out")
    members = await rollout_rows.members_of(transaction, [row.rollout_id])
    return views.view(row, members[row.rollout_id])
