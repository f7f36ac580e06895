"""Recordings of a line, written while it runs, in the form that the file's name says."""

import dataclasses
import queue
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO, Final, Protocol

from drivers.base import DriverError, Observation
from drivers.decoding_modbus import ModbusInterpreter
from drivers.protocols import jsonl_recording, modbus_tcp, osdpcap, pcap
from drivers.protocols.jsonl_recording import Bytes, End, Entry, Failed, Header, Observed
from drivers.recording import NANOSECONDS_PER_SECOND
from drivers.redaction import Pseudonyms, Redactor, Unchanged

CLIENT: Final = pcap.Endpoint(bytes([192, 0, 2, 1]), 49_152)
"""TEST-NET-1, RFC 5737: which machine it was is nobody's business."""
SERVER: Final = pcap.Endpoint(bytes([192, 0, 2, 2]), modbus_tcp.PORT)


class Writer(Protocol):
    """Makes a file's bytes of entries."""

    def begin(self, header: Header, at_ns: int) -> bytes:
        """Return what stands first."""
        ...

    def entry(self, entry: Entry) -> bytes:
        """Return an entry's bytes; none where the form cannot hold it."""
        ...


class JsonlWriter:
    """JSON lines; see ``protocols.jsonl_recording``."""

    def begin(self, header: Header, at_ns: int) -> bytes:
        """See ``Writer.begin``."""
        return jsonl_recording.encode_header(header).encode() + b"\n"

    def entry(self, entry: Entry) -> bytes:
        """See ``Writer.entry``."""
        return jsonl_recording.encode_entry(entry).encode() + b"\n"


class OsdpcapWriter:
    """OSDPCAP; one record a frame or piece of noise."""

    def __init__(self) -> None:
        self._began_ns = 0

    def begin(self, header: Header, at_ns: int) -> bytes:
        """See ``Writer.begin``."""
        self._began_ns = at_ns
        return b""

    def entry(self, entry: Entry) -> bytes:
        """See ``Writer.entry``."""
        if not isinstance(entry, Bytes):
            return b""
        at_ns = self._began_ns + round(entry.t * NANOSECONDS_PER_SECOND)
        direction = osdpcap.Direction.OUT if entry.is_sent else osdpcap.Direction.IN
        return osdpcap.encode_line(osdpcap.Record(at_ns, direction, entry.data)).encode() + b"\n"


class PcapWriter:
    """One Modbus TCP connection; transaction identifiers are counted anew, from 1."""

    def __init__(self) -> None:
        self._conversation = pcap.ConversationWriter(CLIENT, SERVER)
        self._interpreter = ModbusInterpreter()
        self._transaction_id = self._began_ns = 0

    def begin(self, header: Header, at_ns: int) -> bytes:
        """See ``Writer.begin``."""
        self._began_ns = at_ns
        return self._conversation.begin(at_ns)

    def entry(self, entry: Entry) -> bytes:
        """See ``Writer.entry``."""
        at_ns = self._began_ns + round(entry.t * NANOSECONDS_PER_SECOND)
        if isinstance(entry, End):
            return self._conversation.end(at_ns)
        if not isinstance(entry, Bytes):
            return b""
        self._transaction_id = (self._transaction_id + entry.is_sent) % 0x1_0000
        written = b""
        for meaning in self._interpreter.hear(entry.data, at_s=entry.t, is_sent=entry.is_sent):
            if meaning.data and not meaning.is_noise:
                rtu = meaning.data
                frame = modbus_tcp.Frame(self._transaction_id, rtu[0], rtu[1:-2])
                said = modbus_tcp.encode(frame)
                written += self._conversation.say(at_ns, said, is_from_client=entry.is_sent)
        return written


_WRITERS: Final[Mapping[str, Callable[[], Writer]]] = {
    ".jsonl": JsonlWriter,
    ".osdpcap": OsdpcapWriter,
    ".pcap": PcapWriter,
}


class Recorder:
    """A tap of a bus that writes a file. The bus's thread only queues; ``write`` does the rest."""

    def __init__(
        self,
        file: BinaryIO,
        suffix: str,
        header: Header,
        *,
        began_s: float,
        redactors: tuple[Redactor, Redactor] | None = None,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        """Begin a file.

        Args:
            file: Open for writing; closed by who opened it.
            suffix: One of ``SUFFIXES``.
            header: What is recorded; its ``redacted`` must be true of the redactors.
            began_s: Monotonic time of the start.
            redactors: Of sent and of received bytes; None keeps all as it is.
            pseudonyms: Of observations; None keeps them as they are.

        Raises:
            OSError: The file cannot be written.
        """
        self._file, self._began_s = file, began_s
        self._writer = _WRITERS[suffix]()
        sent, received = redactors or (Unchanged(), Unchanged())
        self._redactors: dict[bool, Redactor] = {True: sent, False: received}
        self._pseudonyms = pseudonyms
        self._queue: queue.SimpleQueue[Bytes] = queue.SimpleQueue()
        self._last_t = 0.0
        self.byte_count = 0
        began_at = datetime.now(UTC)
        header = dataclasses.replace(header, started_at=began_at.isoformat(timespec="seconds"))
        began_ns = round(began_at.timestamp() * NANOSECONDS_PER_SECOND)
        file.write(self._writer.begin(header, began_ns))

    def __call__(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """See ``bus.Tap``."""
        self._queue.put(Bytes(at_s - self._began_s, is_sent, data))

    def write(self) -> None:
        """Write what went over the line until now.

        Raises:
            OSError: The file cannot be written.
        """
        while not self._queue.empty():
            entry = self._queue.get()
            self.byte_count += len(entry.data)
            kept = self._redactors[entry.is_sent].redact(entry.data, at_s=entry.t)
            if kept:
                self._add(dataclasses.replace(entry, data=kept))
        self._file.flush()

    def tell(self, now_s: float, what: Observation | DriverError) -> None:
        """Write what the driver made of what came.

        Raises:
            OSError: The file cannot be written.
        """
        self.write()
        if isinstance(what, DriverError):
            self._add(Failed(now_s - self._began_s, type(what).__name__))
            return
        fields = observation_fields(what)
        if self._pseudonyms is not None:
            fields = self._pseudonyms.fields(fields)
        self._add(Observed(now_s - self._began_s, type(what).__name__, fields))

    def end(self, now_s: float) -> None:
        """Write the end; the recording is whole.

        Raises:
            OSError: The file cannot be written.
        """
        self.write()
        self._add(End(now_s - self._began_s))
        self._file.flush()

    def _add(self, entry: Entry) -> None:
        # Bytes are dated by the bus's thread, what the driver says by its task.
        self._last_t = max(self._last_t, entry.t)
        self._file.write(self._writer.entry(dataclasses.replace(entry, t=self._last_t)))


def observation_fields(observation: Observation) -> dict[str, Any]:
    """Return an observation's fields as JSON values."""
    names = getattr(observation, "__dataclass_fields__", {})  # each kind is a dataclass of its own
    return {name: _json_value(getattr(observation, name)) for name in names}


def _json_value(value: object) -> object:
    if isinstance(value, Enum):
        return _json_value(value.value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_json_value(one) for one in value]
    return value
