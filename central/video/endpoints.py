"""Cameras over HTTP: live views, pictures of alarms, and what turns."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from central.audit.endpoints import looked
from central.audit.purposes import MONITORING, Purposeful, Reason
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.stream import Reader
from central.video import repository
from central.video.asking import ask
from central.video.relay import Stream, TooManyError
from central.video.schemas import (
    CameraList,
    CameraView,
    ClipAsked,
    HoldWish,
    KeepWish,
    MediumList,
    MediumView,
    PlaybackWish,
    PresetWish,
    RecordingView,
    StreamView,
)
from central.video.watermark import NoPictureError, marked
from config.cameras import CameraEntry, subjects_of
from config.contract.identifiers import Sha256, Slug, new_id
from config.contract.picture_sequence import (
    BOUNDARY,
    JPEG_BEGIN,
    NoSequenceError,
    Picture,
    decode_sequence,
    encode_part,
)
from config.contract.video_commands import CallPreset, KeepClip, WatchCamera
from config.contract.video_events import MediaFormat, MediaKind

router = APIRouter(tags=["cameras"], responses=RESPONSES)
Watcher = Annotated[Operator, Depends(Requires("video.watch"))]
Viewer = Annotated[Operator, Depends(Requires("video.clips"))]
Looking = Annotated[Reason, Depends(Purposeful(MONITORING))]
CLIP_SIZE_BYTES_MAX: Final = 32_000_000
PICTURE_SIZE_BYTES_MAX: Final = 600_000
LOOK_INTERVAL_S: Final = 1.0
"""How soon a viewer whose session ends sees no more, even where the camera sends nothing."""
MULTIPART: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
_BINARY: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {each: {} for each in (*MediaFormat,)}}
}


@router.get("/cameras")
async def list_cameras(
    _: Annotated[Operator, Depends(Requires("site.read"))], services: Given
) -> CameraList:
    """Return the cameras of the site, what each sees, and how far back its recording reaches."""
    site = services.settings.site
    async with services.database.read() as transaction:
        recordings = await repository.recordings(transaction)
    return CameraList(
        items=[
            CameraView(
                camera=camera.id,
                node=camera.node,
                name=camera.name,
                zone=camera.zone,
                covers=sorted(subjects_of(camera, site.access_point)),
                has_head=camera.ptz is not None,
                presets=sorted(set(camera.presets.values())),
                has_recorder=camera.recorder is not None,
                recording=_recording(recordings.get(camera.id)),
            )
            for camera in site.camera
        ]
    )


def _recording(row: Row[Any] | None) -> RecordingView | None:
    if row is None:
        return None
    return RecordingView(
        days_min=row.days_min,
        oldest_at=row.oldest_at,
        is_enough=row.is_enough,
        problem=row.problem,
        checked_at=row.checked_at,
    )


def _camera(services: Services, camera: str) -> CameraEntry:
    found = next((each for each in services.settings.site.camera if each.id == camera), None)
    if found is None:
        raise RefusedError(404, "camera_not_found", "the site file has no such camera")
    return found


@router.post("/cameras/{camera}/watch")
async def watch_camera(
    camera: Slug, operator: Watcher, services: Given, reason: Looking
) -> StreamView:
    """Have a camera sent as it sees now, and return where to look at it.

    Several viewers share one stream; asking again prolongs it.
    """
    return await _stream_of(services, _camera(services, camera), operator, reason)


@router.post("/cameras/{camera}/playback")
async def play_recording(
    camera: Slug,
    wish: PlaybackWish,
    operator: Annotated[Operator, Depends(Requires("video.playback"))],
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
) -> StreamView:
    """Have a camera's recording sent from a moment on, and return where to look at it."""
    entry = _camera(services, camera)
    if entry.recorder is None or wish.recorded_at > services.now():
        raise RefusedError(422, "not_recorded", "this camera has no recording of that time")
    return await _stream_of(services, entry, operator, reason, recorded_at=wish.recorded_at)


async def _stream_of(
    services: Services,
    camera: CameraEntry,
    operator: Operator,
    reason: Reason,
    *,
    recorded_at: datetime | None = None,
) -> StreamView:
    now = services.now()
    try:
        stream = services.relay.watch(camera.id, camera.node, recorded_at=recorded_at, now=now)
    except TooManyError:
        raise RefusedError(503, "too_many_streams", "too many cameras are watched now") from None
    what = WatchCamera(
        camera=camera.id, stream_id=stream.stream_id, until=stream.until, recorded_at=recorded_at
    )
    async with services.database.write() as transaction:
        await ask(
            transaction,
            camera.node,
            what,
            asked_by=operator.user_id,
            username=operator.username,
            reason=reason.purpose,
            now=now,
        )
        transaction.concerns(f"camera:{camera.id}", **reason.detail, purpose=reason.purpose)
    return StreamView(
        stream_id=stream.stream_id, camera=camera.id, recorded_at=recorded_at, until=stream.until
    )


@router.put("/cameras/streams/{stream_id}", status_code=204)
async def put_picture(
    stream_id: UUID,
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=PICTURE_SIZE_BYTES_MAX))],
    taken_at_ms: Annotated[int, Query(ge=0, le=2**43)],
) -> None:
    """Take a node's newest picture of a live view; 410 where nobody looks any more."""
    if not signed.body.startswith(JPEG_BEGIN):
        raise RefusedError(415, "not_a_jpeg", "pictures are JPEG")
    taken_at = datetime.fromtimestamp(taken_at_ms / 1000, UTC)
    picture = Picture(signed.body, taken_at)
    if not services.relay.put(stream_id, signed.node, picture, now=services.now()):
        raise RefusedError(410, "nobody_looks", "nobody looks at this any more")


@router.get(
    "/cameras/streams/{stream_id}",
    response_class=StreamingResponse,
    responses={200: {"content": {"multipart/x-mixed-replace": {}}}},
)
async def view_stream(
    stream_id: UUID,
    operator: Watcher,
    services: Given,
    count: Annotated[int | None, Query(ge=1, le=100)] = None,
) -> StreamingResponse:
    """Return a stream that ends with the session; who looks, and when, is in its pictures.

    With ``count`` it ends after so many pictures: a browser has few connections, and a wall of many
    cameras takes turns.
    """
    stream = services.relay.find(stream_id, now=services.now())
    if stream is None:
        raise RefusedError(404, "stream_not_found", "this view is over: ask for it again")
    if stream.recorded_at is not None and not operator.may("video.playback"):
        raise RefusedError(403, "forbidden", "this needs the permission video.playback")
    return StreamingResponse(
        _parts(services, stream, operator, count=count),
        media_type=MULTIPART,
        headers={"X-Accel-Buffering": "no"},
    )


async def _parts(
    services: Services, stream: Stream, operator: Operator, *, count: int | None
) -> AsyncIterator[bytes]:
    zone = ZoneInfo(services.settings.site.site.time_zone)
    sequence = sent = 0
    # A subscription that may see nothing: the hub ends it with the session.
    with services.hub.subscribe(Reader(operator.session)) as session:
        try:
            with services.relay.viewing(stream, now=services.now):
                while not session.is_over and not stream.is_over(services.now()) and sent != count:
                    newer = await stream.newer(sequence, timeout_s=LOOK_INTERVAL_S)
                    if newer is None or session.is_over:
                        continue
                    sequence, picture = newer
                    seen_at = services.now().astimezone(zone)
                    text = f"{operator.username}  {seen_at:%Y-%m-%d %H:%M:%S}"
                    try:
                        jpeg = await asyncio.to_thread(marked, picture.jpeg, text)
                    except NoPictureError:
                        continue
                    sent += 1
                    yield encode_part(Picture(jpeg, picture.taken_at))
        except TooManyError:
            return


@router.post("/cameras/{camera}/keep", status_code=202)
async def keep_clip(camera: Slug, wish: KeepWish, operator: Watcher, services: Given) -> ClipAsked:
    """Have the seconds around now kept, as if an alarm had wanted them."""
    entry, now = _camera(services, camera), services.now()
    if entry.clips == "off":
        raise RefusedError(422, "no_clips", "the site file has this camera keep no clips")
    video = services.settings.site.video
    what = KeepClip(
        camera=camera,
        clip_id=new_id(),
        at=now,
        before_s=video.before_s,
        after_s=video.after_s,
        subjects=(camera, *wish.subjects)[:8],
    )
    async with services.database.write() as transaction:
        await ask(
            transaction,
            entry.node,
            what,
            asked_by=operator.user_id,
            username=operator.username,
            reason="keep",
            now=now,
        )
        transaction.concerns(f"camera:{camera}", clip_id=str(what.clip_id))
    return ClipAsked(clip_id=what.clip_id)


@router.post("/cameras/{camera}/preset", status_code=202)
async def call_preset(camera: Slug, wish: PresetWish, operator: Watcher, services: Given) -> None:
    """Turn a camera to a position that is stored in it."""
    entry = _camera(services, camera)
    if entry.ptz is None:
        raise RefusedError(422, "no_head", "nothing turns this camera")
    async with services.database.write() as transaction:
        await ask(
            transaction,
            entry.node,
            CallPreset(device=entry.ptz, preset=wish.preset),
            asked_by=operator.user_id,
            username=operator.username,
            reason="preset",
            now=services.now(),
        )
        transaction.concerns(f"camera:{camera}", preset=wish.preset)


@router.put("/clips/{sha256}", status_code=204)
async def put_clip(
    sha256: Sha256,
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=CLIP_SIZE_BYTES_MAX))],
    kind: MediaKind,
    media_format: Annotated[MediaFormat, Query(alias="format")],
) -> None:
    """Keep a node's picture or clip of an alarm for as long as the site says of its kind."""
    if hashlib.sha256(signed.body).hexdigest() != sha256:
        raise RefusedError(422, "wrong_hash", "the picture has another hash")
    if not await asyncio.to_thread(_is_of, media_format, signed.body):
        raise RefusedError(415, "not_that_format", f"this is no {media_format}")
    async with services.database.write() as transaction:
        await repository.put_content(
            transaction,
            sha256=sha256,
            node=signed.node,
            kind=kind,
            media_format=media_format,
            content=signed.body,
            now=services.now(),
        )


def _is_of(media_format: MediaFormat, content: bytes) -> bool:
    match media_format:
        case MediaFormat.JPEG:
            return content.startswith(JPEG_BEGIN)
        case MediaFormat.MP4:
            return content[4:8] == b"ftyp"
        case MediaFormat.PICTURES:
            try:
                decode_sequence(content)
            except NoSequenceError:
                return False
            return True


@router.get("/clips")
async def list_clips(
    _: Viewer,
    services: Given,
    camera: Slug | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MediumList:
    """Return what was kept, newest first; of one camera, or of all."""
    async with services.database.read() as transaction:
        rows = await repository.newest(transaction, camera=camera, limit=limit)
    return MediumList(items=[MediumView.model_validate(row) for row in rows])


@router.get("/clips/{sha256}", response_class=Response, responses=_BINARY)
async def get_clip(sha256: Sha256, operator: Viewer, services: Given, reason: Looking) -> Response:
    """Return a picture or clip that has not expired."""
    async with services.database.read() as transaction:
        row = await repository.content_of(transaction, sha256)
    if row is None:
        raise RefusedError(404, "clip_not_found", "it has expired, or has not come yet")
    await looked(services, operator, "clips_get", f"clip:{sha256}", reason=reason)
    media_type = row.format
    if media_type == MediaFormat.PICTURES:
        media_type = f"{media_type}; boundary={BOUNDARY}"
    return Response(row.content, media_type=media_type)


@router.post("/clips/{sha256}/hold", status_code=204)
async def hold_clip(
    sha256: Sha256,
    wish: HoldWish,
    operator: Annotated[Operator, Depends(Requires("video.hold"))],
    services: Given,
) -> None:
    """Keep a picture longer, for a report or a case: its age begins after so many days."""
    until = services.now() + timedelta(days=wish.days)
    held_by = f"{operator.username[:20]}: {wish.reason}"
    async with services.database.write() as transaction:
        if not await repository.hold(transaction, sha256, until=until, held_by=held_by):
            raise RefusedError(404, "clip_not_found", "it has expired, or has not come yet")
        transaction.concerns(f"clip:{sha256}", days=wish.days)
