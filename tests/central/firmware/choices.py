"""An image, and boards that could get it."""

from datetime import UTC, datetime

from central.firmware.board_book import Known
from central.firmware.choosing import Candidate
from central.firmware.schemas import Identity, ImageView

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
IMAGE = ImageView(
    sha256="a" * 64, name="gate.bin", version="2.0.0", hw=42, security_counter=0, image="b" * 64,
    key_hash="d" * 64, size_bytes=1000, uploaded_by="admin", uploaded_at=NOW, is_used=False,
)  # fmt: skip


def board(
    device: str = "b0",
    *,
    node: str = "gate-1",
    hw: int = 42,
    version: str = "1.0.0",
    image: str = "0" * 64,
    other_image: str | None = None,
    is_confirmed: bool = True,
    is_known: bool = True,
    is_online: bool = True,
    is_taken: bool = False,
) -> Candidate:
    """Return a board; an ordinary one that can be updated, where nothing else is said."""
    identity = Identity(
        model="gate", hw=hw, revision="", serial_number="1", version=version, image=image,
        is_confirmed=is_confirmed, other_version=None, other_image=other_image, is_claimed=False,
        at=NOW,
    )  # fmt: skip
    known = Known(identity=identity) if is_known else Known()
    return Candidate(device=device, node=node, known=known, is_online=is_online, is_taken=is_taken)
