"""One OSDP line: libosdp as its control panel, in a thread of ours, and a supervisor per reader.

libosdp has no clock, no thread and no port of its own: everything happens in ``refresh``, which is
called here and nowhere else. It writes to and reads from ``Exchanges``, which repeats what was
damaged; the thread carries the bytes. Commands wait in a queue, because libosdp must not be called
inside its own handlers, and events go to bounded queues for the drivers' tasks.

A reader that libosdp gave up is begun anew at once, then after pauses that grow to 5 s, instead of
after its fixed 300 s.

Source: libosdp 3.2.9 (its Python binding, and its behaviour as measured).
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import Any, ClassVar, Final

from drivers.base import CommandRejectedError, DeviceUnreachableError, DriverError
from drivers.bus import Bus
from drivers.osdp_exchanges import ABSENT_S, Exchanges
from drivers.osdp_line_reader import LineReader, settle
from drivers.transport import LineError, Transport
from drivers.turns import Reopening

_log = logging.getLogger("drivers.osdp")

STEP_S: Final = 0.01
REOPEN_LAST_S: Final = 1.0
"""People wait at these devices; and looking for a port costs little."""
INSECURE_S_MAX: Final = 2.0
"""In install mode libosdp goes on without a secure channel; a new key takes less than this."""


class _Channel:
    """What libosdp takes for its line: never blocks."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.id = 0
        self._exchanges = exchanges
        self._readable = bytearray()

    def read(self, size: int) -> bytes:
        """Return what of a reply libosdp has not read yet."""
        if not self._readable:
            self._readable += self._exchanges.take_reply()
        data = bytes(self._readable[:size])
        del self._readable[:size]
        return data

    def write(self, data: bytes) -> int:
        """Take a command; what is left of an earlier reply is void."""
        self._readable.clear()
        self._exchanges.ask(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept here."""


class OsdpLine:
    """The readers of one bus, from the first ``add`` until the last has left."""

    _lines: ClassVar["weakref.WeakKeyDictionary[Bus, OsdpLine]"] = weakref.WeakKeyDictionary()

    def __init__(self, opener: Callable[[], Transport], *, name: str, baudrate: int) -> None:
        """Made by ``of``."""
        self._open_transport, self._name, self._baudrate = opener, name, baudrate
        self._osdp: Any = import_module("osdp")
        self._lock = threading.Lock()
        self._readers: tuple[LineReader, ...] = ()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem: str | None = "the port is not open yet"
        self.lost_at_s = float("-inf")
        self.exchanges = Exchanges(baudrate=baudrate)
        # What follows belongs to the line's thread.
        self._panel: Any = None
        self._wanted_readers: tuple[LineReader, ...] = ()
        self._panel_readers: tuple[LineReader, ...] = ()
        self._ended: list[tuple[Future[None], DriverError | None]] = []
        self._transport: Transport | None = None
        self._reopening = Reopening(last_s=REOPEN_LAST_S)
        self._is_lost = False

    @classmethod
    def of(cls, bus: Bus) -> "OsdpLine":
        """Return the line of a bus; the bus is handed over to it.

        Raises:
            ValueError: Somebody else uses the bus.
        """
        if bus not in cls._lines:
            cls._lines[bus] = cls(bus.hand_over(), name=bus.port, baudrate=bus.baudrate)
        return cls._lines[bus]

    def add(
        self, address: int, *, load_key: Callable[[], bytes], is_install_mode: bool
    ) -> LineReader:
        """Let a reader take part; if the line runs, all its readers begin anew.

        Args:
            address: 0..126.
            load_key: Returns its key, or raises ``ValueError``; called when the line begins.
            is_install_mode: Whether it is given its key if it has none.

        Raises:
            ValueError: The address is taken.
        """
        reader = LineReader(self, address, load_key=load_key, is_install_mode=is_install_mode)
        with self._lock:
            if any(other.address == address for other in self._readers):
                raise ValueError(f"osdp_reader: two readers have address {address}")
            self._readers = (*self._readers, reader)
        return reader

    def start(self) -> None:
        """Begin, with all readers that were added until now; idempotent."""
        with self._lock:
            if self._thread is not None:
                return
            self._is_stopping = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._is_stopping,), name=f"osdp {self._name}", daemon=True
            )
            self._thread.start()

    def remove(self, reader: LineReader) -> None:
        """Let a reader leave; the last one closes the port. Idempotent."""
        with self._lock:
            self._readers = tuple(other for other in self._readers if other is not reader)
            thread = self._thread
            if self._readers:
                return
            self._is_stopping.set()
            self._thread = None
        if thread is not None:
            thread.join()
        # The opener knows the bus, so nothing here would ever be forgotten by itself.
        for bus, line in list(self._lines.items()):
            if line is self:
                del self._lines[bus]

    def capability(self, reader: LineReader, function_code: int) -> tuple[int, int]:
        """See ``LineReader.capability``."""
        panel, readers = self._panel, self._panel_readers
        if panel is None or reader not in readers:
            return 0, 0
        level, count = panel.check_capability(readers.index(reader), function_code)
        return int(level), int(count)

    # ---- the line's thread

    def _run(self, is_stopping: threading.Event) -> None:
        while not is_stopping.is_set():
            try:
                self._step()
            except LineError as error:
                self._lose(error)
                is_stopping.wait(STEP_S)
            except Exception:  # a mistake of ours must not silence all readers of the line
                _log.exception("OSDP on %s failed", self._name)
                is_stopping.wait(STEP_S)
        for reader in self._panel_readers:
            reader.fail_all(f"line {self._name} is closed")
        self._panel, self._panel_readers, self._wanted_readers = None, (), ()
        self.problem = "the port is not open yet"
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _step(self) -> None:
        if self._wanted_readers != self._readers:
            self._wanted_readers = self._readers
            self._make_panel(self._wanted_readers)
        now_s = time.monotonic()
        if self._panel is not None:
            self._panel.refresh()
            for future, error in self._ended:
                settle(future, error)
            self._ended.clear()
            for index, reader in enumerate(self._panel_readers):
                self._supervise(index, reader, now_s)
                self._submit(index, reader)
        transport = self._opened(now_s)
        if data := self.exchanges.next_to_send(now_s=now_s):
            transport.send(data)
        if data := transport.receive(timeout_s=STEP_S):
            self.exchanges.hear(data, now_s=time.monotonic())

    def _make_panel(self, readers: tuple[LineReader, ...]) -> None:
        for reader in self._panel_readers:
            reader.fail_all("the readers of the line begin anew")
            reader.is_online = reader.is_secure = False
        osdp, osdp_sys = self._osdp, import_module("osdp_sys")
        osdp_sys.set_loglevel(osdp.LogLevel.Emergency)  # it writes to the error stream; we log
        self.exchanges = Exchanges(baudrate=self._baudrate)
        channel = _Channel(self.exchanges)
        infos = {reader: info for reader in readers if (info := _info(osdp, channel, reader))}
        self._panel, self._panel_readers = None, tuple(infos)
        if not infos:
            return
        # Not its own ControlPanel: that keeps every event for ever, and prints what goes wrong.
        self._panel = osdp_sys.ControlPanel(list(infos.values()))
        self._panel.set_event_callback(self._on_event)
        self._panel.set_command_completion_callback(self._on_completion)

    def _on_event(self, index: int, event: Mapping[str, Any]) -> int:
        """Take an event; called inside ``refresh``, so libosdp must not be called here."""
        osdp = self._osdp
        reader = self._panel_readers[index]
        if event["event"] != osdp.Event.Notification:
            # Install mode goes on without a secure channel; nobody's card counts there.
            if reader.is_secure:
                reader.put(event, now_s=time.monotonic())
        elif event["type"] == osdp.EventNotification.SecureChannelStatus:
            # With the key that everybody knows (arg1) it is no secure channel yet.
            self._set_secure(reader, is_secure=bool(event["arg0"]) and not event["arg1"])
        elif event["type"] == osdp.EventNotification.PeripheralDeviceStatus:
            reader.is_online = bool(event["arg0"])
            if not reader.is_online:
                reader.restart.gave_up(now_s=time.monotonic())
                reader.fail_all(f"reader {reader.address} went off the line")
        return 0

    def _set_secure(self, reader: LineReader, *, is_secure: bool) -> None:
        if is_secure != reader.is_secure:
            _log.info(
                "reader %d on %s: secure channel %s",
                reader.address,
                self._name,
                "established" if is_secure else "lost",
            )
        reader.is_secure = is_secure
        if is_secure:
            reader.session_count += 1
            reader.restart.succeeded()

    def _on_completion(self, index: int, command: Mapping[str, Any], status: int) -> None:
        """End the oldest command of this kind; libosdp keeps their order."""
        reader = self._panel_readers[index]
        if not reader.submitted or reader.submitted[0].fields["command"] != command["command"]:
            return  # one of libosdp's own
        error: DriverError | None = None
        if status != self._osdp.CompletionStatus.Ok:
            is_heard = time.monotonic() - self.exchanges.heard_at_s(reader.address) < ABSENT_S
            error = (
                CommandRejectedError(f"reader {reader.address} refuses it")
                if is_heard
                else DeviceUnreachableError(f"reader {reader.address} did not confirm the command")
            )
        # What the reader answered comes as an event after this, and shall be there before.
        self._ended.append((reader.submitted.popleft().future, error))

    def _supervise(self, index: int, reader: LineReader, now_s: float) -> None:
        """Begin anew with a reader that libosdp gave up, or took without a secure channel."""
        if reader.is_secure or not reader.is_online:
            reader.insecure_at_s = None
        elif reader.insecure_at_s is None:
            reader.insecure_at_s = now_s
        elif now_s - reader.insecure_at_s >= INSECURE_S_MAX:
            reader.restart.gave_up(now_s=now_s)
        if reader.is_withdrawn:
            # What was reported as failed must not be done seconds later.
            reader.is_withdrawn = False
            reader.fail_all(f"a command to reader {reader.address} was given up")
            self._panel.flush_commands(index)
            self.exchanges.give_up(reader.address)
        if not reader.restart.is_due(now_s=now_s):
            return
        if self._panel.is_pd_enabled(index):
            self._panel.flush_commands(index)
            self._panel.disable_pd(index)
        elif self._panel.enable_pd(index):
            reader.restart.began()

    def _submit(self, index: int, reader: LineReader) -> None:
        while reader.waiting:
            command = reader.waiting.popleft()
            if command.future.cancelled():
                continue
            if not (reader.is_online and reader.is_secure):
                why = reader.problem or f"reader {reader.address} is not on the line"
                settle(command.future, DeviceUnreachableError(why))
            elif self._panel.submit_command(index, dict(command.fields)):
                reader.submitted.append(command)
            else:
                why = f"reader {reader.address} has too many commands waiting"
                settle(command.future, DeviceUnreachableError(why))

    def _opened(self, now_s: float) -> Transport:
        if self._transport is not None:
            return self._transport
        if not self._reopening.is_due(now_s=now_s):
            raise LineError(self.problem or "the port is closed")
        try:
            self._transport = self._open_transport()
        except LineError:
            self._reopening.failed(now_s=now_s)
            raise
        self._reopening.succeeded()
        self.problem = None
        if self._is_lost:
            _log.info("line %s is back", self._name)
        self._is_lost = False
        self.exchanges.forget_wire()
        return self._transport

    def _lose(self, error: LineError) -> None:
        if not self._is_lost:
            _log.warning("line %s is lost: %s", self._name, error)
        self._is_lost = True
        self.lost_at_s = time.monotonic()
        self.problem = str(error)
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            self._reopening.failed(now_s=time.monotonic())


def _info(
    osdp: Any,  # noqa: ANN401 - a module without types
    channel: _Channel,
    reader: LineReader,
) -> dict[str, Any] | None:
    """Return what libosdp wants to know of a reader; None if its key is missing."""
    try:
        key = reader.load_key()
    except ValueError as error:
        reader.key_problem = str(error)
        return None
    reader.key_problem = None
    flags = [osdp.LibFlag.EnableNotification]
    flags.append(osdp.LibFlag.InstallMode if reader.is_install_mode else osdp.LibFlag.EnforceSecure)
    return dict(osdp.PDInfo(reader.address, channel, scbk=key, flags=flags).get())
