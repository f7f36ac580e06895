"""The last seconds of a camera's own stream, in memory: an MPEG transport stream cut at its keys.

Pure. The stream is what ``ffmpeg`` makes of the camera's packets without encoding them again;
tables are repeated before each key picture, so that a cut may begin at any of them.

Source: ISO/IEC 13818-1, 2.4.3.2 (transport packets), 2.4.3.4 (adaptation field:
``random_access_indicator``), 2.4.4.3 (program association).
"""

import dataclasses
from collections import deque
from datetime import datetime, timedelta
from typing import Final

PACKET_SIZE_BYTES: Final = 188
SYNC: Final = 0x47
_PAT_PID: Final = 0
TABLES_SIZE_BYTES_MAX: Final = 4 * PACKET_SIZE_BYTES


@dataclasses.dataclass(slots=True)
class _Group:
    """From one key picture to the next. Attributes: began_at: arrival of its first packet."""

    began_at: datetime
    ended_at: datetime
    data: bytearray


class StreamRing:
    """Groups of pictures in the order of their arrival; the oldest give way."""

    def __init__(self, *, span: timedelta, size_bytes_max: int) -> None:
        """Keep groups that ended within ``span``, and never more than so many bytes.

        A group alone that is larger is let go: a stream without key pictures cannot be cut.
        """
        self._span, self._size_bytes_max = span, size_bytes_max
        self._groups: deque[_Group] = deque()
        self._rest = bytearray()
        self._tables = bytearray()
        self._pmt_pid: int | None = None
        self.noise_count = 0

    @property
    def newest_at(self) -> datetime | None:
        """When the last packet came."""
        return self._groups[-1].ended_at if self._groups else None

    def clear(self) -> None:
        """Begin anew: what comes now does not continue what came."""
        self._groups.clear()
        self._rest.clear()
        self._tables.clear()

    def feed(self, data: bytes, *, at: datetime) -> None:
        """Take what came, in pieces of any size; what is no packet is passed over and counted."""
        self._rest += data
        begin = 0
        while len(self._rest) - begin >= PACKET_SIZE_BYTES:
            if self._rest[begin] != SYNC:
                begin += 1
                self.noise_count += 1
                continue
            self._take(self._rest[begin : begin + PACKET_SIZE_BYTES], at)
            begin += PACKET_SIZE_BYTES
        del self._rest[:begin]
        self._shrink(at)

    def _take(self, packet: bytearray, at: datetime) -> None:
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == _PAT_PID:
            self._tables[:] = packet
            self._pmt_pid = _pmt_pid(packet)
        elif pid == self._pmt_pid:
            if len(self._tables) < TABLES_SIZE_BYTES_MAX:
                self._tables += packet
        elif _begins_group(packet):
            self._groups.append(_Group(at, at, self._tables + packet))
        elif self._groups:
            self._groups[-1].data += packet
            self._groups[-1].ended_at = at

    def _shrink(self, at: datetime) -> None:
        size_bytes = sum(len(group.data) for group in self._groups)
        while self._groups and (
            size_bytes > self._size_bytes_max or self._groups[0].ended_at < at - self._span
        ):
            size_bytes -= len(self._groups.popleft().data)

    def cut(self, from_at: datetime, to_at: datetime) -> tuple[bytes, datetime, datetime] | None:
        """Return the stream of a span, from the key picture before it, and its true span."""
        found = [g for g in self._groups if g.ended_at >= from_at and g.began_at <= to_at]
        if not found:
            return None
        return b"".join(g.data for g in found), found[0].began_at, found[-1].ended_at

    def newest_group(self) -> tuple[bytes, datetime] | None:
        """Return the newest group that holds a whole key picture, and when it began."""
        whole = list(self._groups)[-2:]
        return (bytes(whole[0].data), whole[0].began_at) if whole else None


def _begins_group(packet: bytearray) -> bool:
    has_adaptation = bool(packet[3] & 0x20) and packet[4] > 0
    return has_adaptation and bool(packet[5] & 0x40)


def _pmt_pid(packet: bytearray) -> int | None:
    """Return which packets are the table of the first programme."""
    begin = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    if begin >= PACKET_SIZE_BYTES:
        return None
    entry = begin + 1 + packet[begin] + 8
    if entry + 4 > PACKET_SIZE_BYTES:
        return None
    return (packet[entry + 2] & 0x1F) << 8 | packet[entry + 3]
