"""Cameras of the site file: what each one sees, hides, keeps and can be turned to."""

from collections.abc import Collection, Iterable
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, StringConstraints, model_validator

from config.contract.identifiers import Frozen, Slug

Share = Annotated[float, Field(ge=0, le=1)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""What an event is about: an access point, device, fire zone, checkpoint, or the ``zone`` of a
device."""


class Mask(Frozen):
    """A part of the picture that nobody is to see, in shares of its width and height."""

    left: Share
    top: Share
    right: Share
    bottom: Share

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.left < self.right and self.top < self.bottom):
            raise ValueError("a mask goes from left to right and from top to bottom")
        return self


class CameraRecorder(Frozen):
    """Where a camera is recorded day and night; Menshen reads there and keeps nothing of it.

    Attributes:
        url: ``http://USER:PASSWORD@HOST`` of a recorder.
        protocol: What it speaks: Hikvision's ISAPI, or ONVIF Profile G.
        track: ISAPI: 101 is the main stream of its first channel.
        rtsp_port: ISAPI: where it replays. ONVIF says so itself.
        recording: ONVIF: the token of this camera's recording; may be empty if it has one alone.
        days_min: The recording must reach back so far (GA and local rules say 30 or 90).
        is_continuous: ISAPI: 12 hours without a recording are wrong, too; not for recorders that
            wait for movement.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
    protocol: Literal["isapi", "onvif"] = "isapi"
    track: Annotated[int, Field(ge=1, le=99_999)] = 101
    rtsp_port: Annotated[int, Field(ge=1, le=65_535)] = 554
    recording: Annotated[str, StringConstraints(max_length=64)] = ""
    days_min: Annotated[int, Field(ge=1, le=365)] = 30
    is_continuous: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.is_continuous and self.protocol == "onvif":
            raise ValueError(
                "is_continuous is for ISAPI: ONVIF tells the ends of a recording alone"
            )
        return self


class CameraEntry(Frozen):
    """One camera.

    Attributes:
        url: ``rtsp://``, ``http://`` (MJPEG), a number (USB), a video file, a folder of pictures.
        zone: Where it stands, as people there call it.
        covers: What it sees; an access point that names it as its camera need not be listed.
        masks: Burnt black into every picture before it leaves the node.
        clips: ``pictures``: seconds before and after an alarm are a sequence of pictures.
            ``copy``: they are the camera's own stream, cut by an ``ffmpeg`` of this machine and
            not encoded again; only for ``rtsp://`` without masks. ``auto``: ``copy`` where that
            is possible and nobody else reads the camera. ``off``: none.
        ptz: Device that turns it.
        presets: By subject: where it is turned to when an alarm is about it.
    """

    id: Slug
    node: Slug
    url: str
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    zone: str = ""
    covers: tuple[Subject, ...] = ()
    masks: Annotated[tuple[Mask, ...], Field(max_length=16)] = ()
    clips: Literal["auto", "pictures", "copy", "off"] = "auto"
    recorder: CameraRecorder | None = None
    ptz: Slug | None = None
    presets: dict[Subject, Annotated[int, Field(ge=1, le=255)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.presets and self.ptz is None:
            raise ValueError(f"camera {self.id!r} has presets and no ptz device that turns it")
        if self.clips == "copy" and (self.masks or not self.url.lower().startswith("rtsp")):
            raise ValueError(
                f"camera {self.id!r}: clips = 'copy' is for rtsp:// without masks, which could not"
                " be burnt into a stream that is only copied"
            )
        return self


class Video(Frozen):
    """How alarms get their pictures, and how cameras are watched, at every node alike.

    Attributes:
        before_s, after_s: What a clip shows of the time around an event; with 2 s after it, a guard
            has the clip within 3 s.
        frames_per_second: Of a sequence of pictures.
        picture_px: Long side of those pictures and of live views.
        memory_mb: For the pictures of one camera that are kept in case something happens.
        disk_mb: For clips that wait for central, at one node; the oldest give way.
        wait_h: A clip that central did not get by then is let go.
        clips_per_hour: Of one camera; further ones are counted and not made.
        live_frames_per_second: Of a live view.
        live_per_node: Live views that one node sends at once.
        ffmpeg: The program; a name is looked for in PATH.
    """

    before_s: Annotated[float, Field(ge=5, le=30)] = 6.0
    after_s: Annotated[float, Field(ge=1, le=30)] = 2.0
    frames_per_second: Annotated[float, Field(ge=1, le=10)] = 5.0
    picture_px: Annotated[int, Field(ge=320, le=1280)] = 800
    memory_mb: Annotated[int, Field(ge=2, le=256)] = 16
    disk_mb: Annotated[int, Field(ge=10, le=100_000)] = 512
    wait_h: Annotated[int, Field(ge=1, le=720)] = 72
    clips_per_hour: Annotated[int, Field(ge=1, le=600)] = 60
    live_frames_per_second: Annotated[float, Field(ge=1, le=15)] = 6.0
    live_per_node: Annotated[int, Field(ge=1, le=16)] = 4
    ffmpeg: str = "ffmpeg"


class WatchedPoint(Protocol):
    """The part of an access point that is needed here."""

    @property
    def id(self) -> str:
        """Of the access point."""
        ...

    @property
    def device(self) -> str:
        """Its gate."""
        ...

    @property
    def camera(self) -> str | None:
        """Its camera."""
        ...


def subjects_of(camera: CameraEntry, points: Iterable[WatchedPoint]) -> frozenset[str]:
    """Return everything that a camera sees: what it lists, and the points that name it."""
    own = {name for p in points if p.camera == camera.id for name in (p.id, p.device)}
    return frozenset({*camera.covers, *own})


def covering(
    cameras: Iterable[CameraEntry], points: Collection[WatchedPoint], subjects: Collection[str]
) -> tuple[CameraEntry, ...]:
    """Return the cameras that see any of what an event is about."""
    wanted = frozenset(subjects)
    return tuple(c for c in cameras if c.id in wanted or subjects_of(c, points) & wanted)
