"""Two lanes of a terminal for the pages' tests: one with a camera whose picture a test holds."""

import dataclasses
from datetime import UTC, datetime

import cv2
import numpy as np
from fastapi import FastAPI

from config.cameras import CameraEntry
from config.contract.access import CredentialKind, DenialReason, Direction
from config.site import (
    AccessPointEntry,
    Assistance,
    BusEntry,
    DeviceEntry,
    Node,
    Site,
    SiteIdentity,
)
from edge.kiosk.app import create_app
from edge.kiosk.state import KioskBoard, KioskState, Phase, Standing
from edge.vision.attempt import View, ViewBox
from models.face.covers import Cover
from models.face.types import Box, Image

KEY = "a key that only this test knows"
SITE = Site(
    site=SiteIdentity(id="test-site", name={"zh-CN": "测试楼", "en": "Test building"}),
    node=(Node(id="gate-1"), Node(id="gate-2")),
    bus=(
        BusEntry(id="line", node="gate-1", port="COM1"),
        BusEntry(id="far", node="gate-2", port="COM2"),
    ),
    device=(
        DeviceEntry(id="gate", driver="speed_gate", bus="line"),
        DeviceEntry(id="far-gate", driver="speed_gate", bus="far"),
    ),
    camera=(CameraEntry(id="camera", node="gate-1", url="0"),),
    access_point=(
        AccessPointEntry(
            id="east", name={"zh-CN": "东通道", "en": "East lane"},
            node="gate-1", device="gate", camera="camera",
        ),
        AccessPointEntry(
            id="west", name={"zh-CN": "西通道", "en": "West lane"}, node="gate-1", device="gate"
        ),
        AccessPointEntry(id="far", node="gate-2", device="far-gate"),
    ),
)  # fmt: skip


def jpeg(image: Image) -> bytes:
    """Return a picture as JPEG."""
    return bytes(cv2.imencode(".jpg", image)[1].tobytes())


def plain_picture(*, grey: int = 120) -> bytes:
    """Return a JPEG of 640 by 480 in one grey."""
    return jpeg(np.full((480, 640, 3), grey, np.uint8))


@dataclasses.dataclass(slots=True)
class HeldView:
    """A live picture that stays as the test leaves it."""

    jpeg: bytes | None = dataclasses.field(default_factory=plain_picture)
    age_s: float = 0.05
    boxes: tuple[ViewBox, ...] = ()
    calls: int = 0

    def view(self) -> View:
        """Return the picture."""
        self.calls += 1
        return View(jpeg=self.jpeg, captured_at_s=0.0, boxes=self.boxes, age_s=self.age_s)

    def show_face(self, *, hint: str | None = None) -> None:
        """Let one face stand in the middle of the picture."""
        box = Box(220, 120, 420, 320)
        self.boxes = (ViewBox(box=box, is_active=True, is_decided=False, hint=hint),)


@dataclasses.dataclass(slots=True)
class Terminal:
    """The pages of ``gate-1``: east has a camera, west takes cards only.

    Attributes:
        liveness: Policy of the access points.
        assistance: Of the site file.
        standing: Of both lanes.
        rings: Points at which the button was pressed.
    """

    board: KioskBoard = dataclasses.field(default_factory=KioskBoard)
    camera: HeldView = dataclasses.field(default_factory=HeldView)
    liveness: str = "passive"
    assistance: Assistance = dataclasses.field(default_factory=Assistance)
    standing: Standing = dataclasses.field(
        default_factory=lambda: Standing(call="none", is_outdated=False, is_cut_off=False)
    )
    rings: list[str] = dataclasses.field(default_factory=list)

    def app(self) -> FastAPI:
        """Return the application."""
        views = {"east": self.camera}
        points = tuple(p.model_copy(update={"liveness": self.liveness}) for p in SITE.access_point)
        site = SITE.model_copy(update={"access_point": points, "assistance": self.assistance})
        return create_app(
            site=site,
            node="gate-1",
            board=self.board,
            views=views,
            standing=lambda _: self.standing,
            ring=self.rings.append,
            local_key=KEY,
        )

    def show(
        self,
        phase: Phase,
        *,
        point: str = "east",
        name: str = "",
        reason: DenialReason | None = None,
        cover: Cover | None = None,
        asks: tuple[CredentialKind, ...] = (),
        direction: Direction = Direction.IN,
    ) -> None:
        """Show a state that begins now."""
        now = datetime.now(UTC)
        self.board.show(
            KioskState(
                access_point=point,
                phase=phase,
                masked_name=name,
                reason=reason,
                cover=cover,
                asks=asks,
                direction=direction,
                changed_at=now,
            )
        )
