"""What libosdp says and what the wire carries, made sound: damaged replies are asked for again.

libosdp 3.2.9 takes a reader off the line for 300 s at the first damaged reply, and the secure
channel with it; what the reader had just sent is lost then. OSDP has its own cure: a command that
is repeated with the same sequence number is not done again, its reply is repeated. So libosdp hears
sound replies only, each once and in time, and the repeats are made here.

* One exchange on the wire at a time; libosdp's newest command goes before repeats.
* Bytes that are no sound reply, then silence: the command is repeated. Nothing at all: it is
  repeated after the time that the standard gives a reader to answer, until the reader counts as
  absent; from then on it costs the others libosdp's own tries alone, 0.2 s in each second.
* A sound reply that comes after libosdp stopped listening is kept until it asks the same again.
* A reply with a MAC is heard once: its copies would break the chain of the secure channel.

Source: SIA OSDP 2.2 (unconfirmed): sequence numbers, reply time of 200 ms.
"""

import dataclasses
from collections import deque
from typing import Final

from drivers.protocols import FrameError, NeedData, osdp

GAP_S: Final = 0.04
"""Longer between two bytes of a frame is no frame; an adapter may hold bytes for 16 ms."""
REPLY_TIME_S: Final = 0.2
ABSENT_S: Final = 0.8
"""Who was asked and has not said anything sound for so long is absent. Four tries fit into it."""
DAMAGED_REPEATS_MAX: Final = 8
REMEMBERED_REPLIES_MAX: Final = 16
MARK: Final = bytes([osdp.MARK])
BITS_PER_CHARACTER: Final = 10


@dataclasses.dataclass(slots=True)
class _Command:
    """The last command to one reader, and what became of it."""

    raw: bytes
    sequence: int
    sent_at_s: float | None = None
    reply: bytes = b""
    is_taken: bool = False
    damaged_count: int = 0


@dataclasses.dataclass(slots=True)
class Counts:
    """What happened on the line. Attributes: repeated: commands that were sent once more."""

    sent: int = 0
    answered: int = 0
    repeated: int = 0
    damaged: int = 0
    silent: int = 0
    copies: int = 0


class Exchanges:
    """The commands of one line; for one thread. Times are monotonic seconds."""

    def __init__(self, *, baudrate: int) -> None:
        self._character_s = BITS_PER_CHARACTER / baudrate
        self._commands: dict[int, _Command] = {}
        self._queue: deque[int] = deque()
        self._listener: int | None = None
        self._on_wire: int | None = None
        self._sent_at_s = self._byte_at_s = float("-inf")
        self._has_heard = False
        self._decoder = osdp.Decoder()
        self._replies: dict[int, deque[bytes]] = {}
        self._heard_at_s: dict[int, float] = {}
        self.counts = Counts()

    def heard_at_s(self, address: int) -> float:
        """Return when a reader's last sound reply came; minus infinity before the first."""
        return self._heard_at_s.get(address, float("-inf"))

    def silent_s(self, address: int, *, now_s: float) -> float:
        """Return for how long a reader has been asked without a sound reply; 0 if it answered."""
        command = self._commands.get(address)
        if command is None or command.is_taken or command.reply or command.sent_at_s is None:
            return 0.0
        return now_s - max(command.sent_at_s, self.heard_at_s(address))

    def forget_wire(self) -> None:
        """The port was lost: nothing is on the wire any more."""
        self._on_wire, self._decoder = None, osdp.Decoder()

    # ---- towards libosdp

    def ask(self, raw: bytes) -> None:
        """Take what libosdp sends, one whole frame; it listens to that reader from now on."""
        decoder = osdp.Decoder()
        decoder.receive_data(raw)
        frame = decoder.next_frame()
        if isinstance(frame, NeedData):
            raise ValueError("libosdp writes whole frames")
        address = self._listener = frame.address
        command = self._commands.get(address)
        if command is None or command.raw != raw or command.is_taken:
            self._commands[address] = _Command(raw, frame.sequence)
            if self._on_wire == address:
                self._on_wire = None
        elif command.reply or self._on_wire == address:
            return
        self._put_first(address)

    def take_reply(self) -> bytes:
        """Return the reply that libosdp listens for, once; empty while there is none."""
        command = None if self._listener is None else self._commands.get(self._listener)
        if command is None or not command.reply:
            return b""
        command.is_taken = True
        reply, command.reply = command.reply, b""
        return reply

    def give_up(self, address: int) -> None:
        """Never send a reader's present command again; libosdp is told that it was refused."""
        command = self._commands.get(address)
        if command is None or command.is_taken:
            return
        command.reply = MARK + osdp.encode_frame(
            address,
            osdp.Reply.NAK,
            bytes([osdp.Refusal.RECORD]),
            sequence=command.sequence,
            is_reply=True,
        )
        if address in self._queue:
            self._queue.remove(address)

    # ---- towards the wire

    def hear(self, data: bytes, *, now_s: float) -> None:
        """Take bytes from the wire."""
        self._byte_at_s = now_s
        self._decoder.receive_data(data)
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                self._has_heard = True
                continue
            if isinstance(frame, NeedData):
                self._has_heard = self._has_heard or self._decoder.has_begun
                return
            if frame.is_reply:  # some adapters let us hear our own commands
                self._hear_reply(frame, now_s)

    def next_to_send(self, *, now_s: float) -> bytes:
        """Return what to put on the wire now; empty for nothing."""
        if self._on_wire is not None and not self._is_over(self._on_wire, now_s):
            return b""
        if not self._queue:
            return b""
        address = self._on_wire = self._queue.popleft()
        self._decoder, self._has_heard = osdp.Decoder(), False
        self._sent_at_s = now_s
        self.counts.sent += 1
        command = self._commands[address]
        if command.sent_at_s is None:
            command.sent_at_s = now_s
        return command.raw

    def _is_over(self, address: int, now_s: float) -> bool:
        """Return whether nobody answers any more; the command may wait to be repeated then."""
        command = self._commands[address]
        if self._has_heard:
            if now_s - self._byte_at_s < GAP_S:
                return False
            self._repeat_damaged(address, command)
            return True
        if now_s - self._sent_at_s < REPLY_TIME_S + len(command.raw) * self._character_s:
            return False
        self.counts.silent += 1
        self._on_wire = None
        is_wanted = not command.reply and address not in self._queue
        if is_wanted and self.silent_s(address, now_s=now_s) < ABSENT_S:
            self.counts.repeated += 1
            self._queue.append(address)
        return True

    def _repeat_damaged(self, address: int, command: _Command) -> None:
        self.counts.damaged += 1
        self._on_wire = None
        command.damaged_count += 1
        if command.damaged_count <= DAMAGED_REPEATS_MAX and not command.reply:
            self.counts.repeated += 1
            if address == self._listener:
                self._put_first(address)
            elif address not in self._queue:
                self._queue.append(address)

    def _hear_reply(self, frame: osdp.Frame, now_s: float) -> None:
        command = self._commands.get(frame.address)
        if command is None or command.is_taken or command.reply:
            self.counts.copies += 1
            return
        known = self._replies.setdefault(frame.address, deque(maxlen=REMEMBERED_REPLIES_MAX))
        if frame.raw in known or not _fits(frame, command):
            self.counts.copies += 1
            return
        self._heard_at_s[frame.address] = now_s
        is_awaited = self._on_wire == frame.address
        if is_awaited and frame.refusal == osdp.Refusal.CHECK_CHARACTER and known:
            # It could read our check characters before, so the command was damaged on its way.
            self._repeat_damaged(frame.address, command)
            return
        if frame.mac:
            known.append(frame.raw)
        command.reply = MARK + frame.raw
        self.counts.answered += 1
        if frame.address in self._queue:
            self._queue.remove(frame.address)
        if is_awaited:
            self._on_wire = None

    def _put_first(self, address: int) -> None:
        if address in self._queue:
            self._queue.remove(address)
        self._queue.appendleft(address)


def _fits(frame: osdp.Frame, command: _Command) -> bool:
    """Return whether a reply may answer a command: busy and lost sequences have their own."""
    return (
        frame.sequence == command.sequence
        or frame.code == osdp.Reply.BUSY
        or frame.refusal == osdp.Refusal.SEQUENCE
    )
