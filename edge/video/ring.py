"""The last seconds of one camera, kept in case something happens. Pure, bounded twice."""

from collections import deque
from datetime import datetime, timedelta

from config.contract.picture_sequence import Picture


class PictureRing:
    """Pictures in the order of their arrival; the oldest give way."""

    def __init__(self, *, span: timedelta, size_bytes_max: int) -> None:
        """Keep what arrived within ``span`` of the newest, and never more than so many bytes."""
        self._span, self._size_bytes_max = span, size_bytes_max
        self._pictures: deque[Picture] = deque()
        self._size_bytes = 0

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._pictures)

    @property
    def newest(self) -> Picture | None:
        """The last picture that came, however old it is."""
        return self._pictures[-1] if self._pictures else None

    def add(self, picture: Picture) -> None:
        """Take a picture; where the clock was set back, what is kept moves with it."""
        if self._pictures and picture.taken_at < self._pictures[-1].taken_at:
            # Seconds before an alarm are not lost because a time server spoke just then.
            step = self._pictures[-1].taken_at - picture.taken_at
            self._pictures = deque(Picture(p.jpeg, p.taken_at - step) for p in self._pictures)
        self._pictures.append(picture)
        self._size_bytes += len(picture.jpeg)
        oldest_at = picture.taken_at - self._span
        while len(self._pictures) > 1 and (
            self._size_bytes > self._size_bytes_max or self._pictures[0].taken_at < oldest_at
        ):
            self._size_bytes -= len(self._pictures.popleft().jpeg)

    def between(self, from_at: datetime, to_at: datetime) -> list[Picture]:
        """Return what arrived in a span, its ends included."""
        return [p for p in self._pictures if from_at <= p.taken_at <= to_at]

    def nearest(self, at: datetime) -> Picture | None:
        """Return the picture that was taken nearest to a moment."""
        return min(self._pictures, key=lambda p: abs(p.taken_at - at), default=None)
