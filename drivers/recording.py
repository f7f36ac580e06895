"""Recordings of a line, read in the form that the file's name says.

``.jsonl`` is ours and holds everything; ``.osdpcap`` and ``.pcap`` (Modbus TCP) are what other
tools read, and hold the bytes only: no settings, and nothing that a driver made of them.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from drivers.protocols import FrameError, NeedData, jsonl_recording, modbus_tcp, osdp, osdpcap, pcap
from drivers.protocols.jsonl_recording import Bytes, Entry, Header
from drivers.protocols.modbus_rtu import encode_frame

SUFFIXES: Final = (".jsonl", ".osdpcap", ".pcap")
FILE_SIZE_BYTES_MAX: Final = 256 * 1024 * 1024
NANOSECONDS_PER_SECOND: Final = 1_000_000_000

_Decoded = TypeVar("_Decoded")


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was read.

    Attributes:
        entries: In the order of their times, seconds after the start.
        notes: What was passed over in the file, for people.
    """

    path: Path
    header: Header
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """From the start to the last entry."""
        return self.entries[-1].t if self.entries else 0.0


def load(path: Path, *, conversation: int | None = None) -> Recording:
    """Read a recording.

    Args:
        path: Its suffix says its form.
        conversation: Of a pcap file with several connections, counted from 1.

    Raises:
        ValueError: It is no sound recording; one line that names the file and the line or packet.
        OSError: It cannot be read.
    """
    readers: dict[str, Callable[[Path, int | None], Recording]] = {
        ".jsonl": _load_jsonl,
        ".osdpcap": _load_osdpcap,
        ".pcap": _load_pcap,
    }
    if path.suffix not in readers:
        raise ValueError(f"{path}: a recording's name ends in {', '.join(SUFFIXES)}")
    if path.stat().st_size > FILE_SIZE_BYTES_MAX:
        raise ValueError(f"{path} has more than {FILE_SIZE_BYTES_MAX // 1024 // 1024} MiB")
    return readers[path.suffix](path, conversation)


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines that are not empty, with their numbers.

    Raises:
        ValueError: The file is no text.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: this is no UTF-8 text") from error
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _load_jsonl(path: Path, _: int | None) -> Recording:
    lines = _lines(path)
    if not lines:
        raise ValueError(f"{path} is empty")
    header = _on_line(path, lines[0], jsonl_recording.decode_header)
    entries = list[Entry]()
    for number, line in lines[1:]:
        entry = _on_line(path, (number, line), jsonl_recording.decode_entry)
        if entries and entry.t < entries[-1].t:
            raise ValueError(f"{path}, line {number}: t goes back")
        entries.append(entry)
    return Recording(path, header, tuple(entries))


def _on_line(path: Path, numbered: tuple[int, str], decode: Callable[[str], _Decoded]) -> _Decoded:
    """Return what a line says.

    Raises:
        ValueError: As ``decode``, with the file and the line's number.
    """
    number, line = numbered
    try:
        return decode(line)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from error


def _load_osdpcap(path: Path, _: int | None) -> Recording:
    entries, first_ns = list[Entry](), None
    for numbered in _lines(path):
        record = _on_line(path, numbered, osdpcap.decode_line)
        first_ns = record.at_ns if first_ns is None else first_ns
        t = max(0.0, (record.at_ns - first_ns) / NANOSECONDS_PER_SECOND)
        entries.append(Bytes(t, _is_command(record), record.data))
    if not entries:
        raise ValueError(f"{path} is empty")
    return Recording(path, Header(redacted=False), tuple(entries))


def _is_command(record: osdpcap.Record) -> bool:
    """Return whether a panel sent it: the frame says so itself, whoever recorded it."""
    decoder = osdp.Decoder()
    decoder.receive_data(record.data)
    try:
        frame = decoder.next_frame()
    except FrameError:
        frame = decoder.next_frame() if decoder.has_begun else NeedData.NEED_DATA
    if isinstance(frame, NeedData):
        return record.direction is osdpcap.Direction.OUT
    return not frame.is_reply


@dataclasses.dataclass
class _Conversation:
    """One connection to a Modbus TCP server."""

    server: pcap.Endpoint
    streams: dict[bool, pcap.Reassembly] = dataclasses.field(
        default_factory=lambda: {True: pcap.Reassembly(), False: pcap.Reassembly()}
    )
    decoders: dict[bool, modbus_tcp.FrameDecoder] = dataclasses.field(
        default_factory=lambda: {
            True: modbus_tcp.FrameDecoder(),
            False: modbus_tcp.FrameDecoder(),
        }
    )
    frames: list[tuple[int, Bytes]] = dataclasses.field(default_factory=list)
    noise_count: int = 0

    def add(self, segment: pcap.Segment) -> None:
        """Take a segment of either direction."""
        is_sent = segment.destination == self.server
        decoder = self.decoders[is_sent]
        decoder.receive_data(self.streams[is_sent].add(segment))
        while True:
            try:
                frame = decoder.next_frame()
            except FrameError:
                self.noise_count += 1
                continue
            if isinstance(frame, NeedData):
                return
            data = encode_frame(frame.unit_id, frame.pdu[0], frame.pdu[1:])
            self.frames.append((segment.at_ns, Bytes(0.0, is_sent, data)))


def _load_pcap(path: Path, wanted: int | None) -> Recording:
    conversations: dict[frozenset[pcap.Endpoint], _Conversation] = {}
    notes = list[str]()
    try:
        for packet in pcap.read_packets(path.read_bytes()):
            try:
                segment = pcap.segment_of(packet)
            except FrameError as error:
                notes.append(str(error))
                continue
            if segment is not None and (server := _server(segment)) is not None:
                ends = frozenset((segment.source, segment.destination))
                conversations.setdefault(ends, _Conversation(server)).add(segment)
    except FrameError as error:
        raise ValueError(f"{path}: {error}") from error
    found = [one for one in conversations.values() if one.frames]
    if not found:
        raise ValueError(f"{path} holds no Modbus TCP (port {modbus_tcp.PORT}) that is whole")
    if wanted is None and len(found) > 1:
        raise ValueError(
            f"{path} holds {len(found)} connections: choose one, --conversation 1, ..."
        )
    if not 1 <= (number := 1 if wanted is None else wanted) <= len(found):
        raise ValueError(f"{path} has connections 1..{len(found)}, not {number}")
    chosen = found[number - 1]
    notes += [f"{chosen.noise_count} x bytes that are no frame"] if chosen.noise_count else []
    first_ns = min(at_ns for at_ns, _ in chosen.frames)
    ordered = sorted(chosen.frames, key=lambda one: one[0])
    entries = [
        dataclasses.replace(one, t=(at_ns - first_ns) / NANOSECONDS_PER_SECOND)
        for at_ns, one in ordered
    ]
    return Recording(path, Header(redacted=False), tuple(entries), tuple(notes))


def _server(segment: pcap.Segment) -> pcap.Endpoint | None:
    for end in (segment.destination, segment.source):
        if end.port == modbus_tcp.PORT:
            return end
    return None
