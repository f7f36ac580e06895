"""What was cut out of a camera's pictures, and that nothing could be."""

from datetime import datetime
from typing import NamedTuple

from config.contract.video_events import MediaFormat


class NothingSeenError(Exception):
    """The camera had no picture then."""


class Content(NamedTuple):
    """A snapshot or clip. Attributes: from_at, to_at: of its first and last picture."""

    data: bytes
    format: MediaFormat
    from_at: datetime
    to_at: datetime
