"""A node's pictures of alarms, as tests need them."""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np

from config.contract.events import ClipKept
from config.contract.identifiers import new_id
from config.contract.picture_sequence import Picture, encode_sequence
from config.contract.video_events import MediaFormat, MediaKind
from tests.central.bench import Node

SECOND = timedelta(seconds=1)


def jpeg(*, grey: int = 90, width: int = 320, height: int = 180) -> bytes:
    """Return a picture of one grey."""
    is_encoded, data = cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))
    assert is_encoded
    return data.tobytes()


def sequence(node: Node) -> bytes:
    """Return a clip of two pictures."""
    now = node.clock()
    return encode_sequence([Picture(jpeg(grey=g), now + n * SECOND) for n, g in ((0, 9), (1, 99))])


def film(path: Path) -> bytes:
    """Return two seconds that grow lighter, as MP4; ``path`` is where it is made."""
    size, rate = (320, 180), 10
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"vp09"), rate, size)
    for grey in range(40, 240, 10):
        writer.write(np.full((size[1], size[0], 3), grey, np.uint8))
    writer.release()
    return path.read_bytes()


def put(node: Node, content: bytes, kind: MediaKind, media_format: MediaFormat) -> int:
    """Send a content; returns central's status code."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = f"/api/v1/clips/{sha256}?kind={kind}&format={media_format}"
    return node.request("PUT", target, content).status_code


def kept_fact(
    node: Node,
    content: bytes,
    kind: MediaKind,
    media_format: MediaFormat,
    *,
    about: tuple[UUID, ...] = (),
    subjects: tuple[str, ...] = (),
) -> ClipKept:
    """Return what a node tells of a content."""
    now = node.clock()
    return ClipKept(
        clip_id=new_id(),
        camera="camera-1",
        kind=kind,
        format=media_format,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        from_at=now - 6 * SECOND,
        to_at=now,
        about=about,
        subjects=subjects,
    )


def kept_picture(node: Node) -> str:
    """Have a node keep a snapshot; returns its hash."""
    content = jpeg()
    assert put(node, content, MediaKind.SNAPSHOT, MediaFormat.JPEG) == 204
    fact = kept_fact(node, content, MediaKind.SNAPSHOT, MediaFormat.JPEG)
    node.send(node.event(1, fact=fact, time=node.clock()))
    return fact.sha256
