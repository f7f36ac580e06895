"""The far end of ``drivers.osdp_reader``: readers on one OSDP line, on libosdp's peripheral device.

libosdp speaks and encrypts; what a reader does beyond it stands here: it repeats its last reply
when the same command comes again, and it keeps an event until the next command acknowledges it.
Real readers differ in both, so ``delivery`` says how much of that is done. libosdp's own device
does neither. Asked for its local status it answers zeros (a limit of the Python binding); what is
not zero follows as an event.

Source: SIA OSDP 2.2 (unconfirmed) for repeats; libosdp 3.2.9.
"""

import dataclasses
import os
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final

from drivers.protocols import FrameError, NeedData, osdp
from drivers.protocols.wiegand import WiegandBits
from drivers.simulators.far_end import FarEnd

MARK: Final = bytes([osdp.MARK])
INPUT_COUNT: Final = 8
OUTPUT_COUNT: Final = 8
EVENT_COUNT_MAX: Final = 64
KEY_BYTES: Final = {"*": 0x7F, "#": 0x0D}
FOREIGN_ADDRESS: Final = 0x7E
DELIVERIES: Final = ("acknowledged", "repeated", "once")
COLOURS: Final = ("off", "red", "green", "amber", "blue", "magenta", "cyan", "white")
LISTED_COUNT_MAX: Final = 16
_KEY_FILE = Path(tempfile.gettempdir()) / f"menshen-simulated-osdp-{getattr(os, 'getuid', int)()}"


class _Channel:
    """What libosdp takes for its line."""

    def __init__(self) -> None:
        self.id = 0
        self.arriving, self.leaving = bytearray(), bytearray()

    def read(self, size: int) -> bytes:
        """Return what arrived."""
        data = bytes(self.arriving[:size])
        del self.arriving[:size]
        return data

    def write(self, data: bytes) -> int:
        """Take a reply."""
        self.leaving += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept here."""


class _Reader:
    """One reader: libosdp's device, its memory and what can be seen of it."""

    def __init__(self, address: int, *, key: bytes | None, delivery: str) -> None:
        self.address, self.key, self._delivery = address, key, delivery
        self.led, self.beep_count, self.text = "off", 0, ""
        self.forgotten_count = 0
        self.outputs = [False] * OUTPUT_COUNT
        self.inputs = [False] * INPUT_COUNT
        self.is_tampered = self.has_power_fault = self.is_refusing = False
        self.waiting: deque[dict[str, Any]] = deque()
        self._in_flight: dict[str, Any] | None = None
        self._last_command = self._last_reply = b""
        self._was_secure = False
        self._channel = _Channel()
        self._osdp = import_module("osdp")
        self._device = self._started()

    def _started(self) -> Any:  # noqa: ANN401 - libosdp publishes no types
        osdp_library, capability = self._osdp, self._osdp.Capability
        capabilities = osdp_library.PDCapabilities(
            [
                (capability.OutputControl, 1, OUTPUT_COUNT),
                (capability.LEDControl, 2, 1),
                (capability.AudibleControl, 1, 1),
                (capability.TextOutput, 1, 1),
                (capability.ContactStatusMonitoring, 1, INPUT_COUNT),
                (capability.CommunicationSecurity, 1, 1),
            ]
        )
        library = import_module("osdp_sys")
        library.set_loglevel(osdp_library.LogLevel.Emergency)
        flag = osdp_library.LibFlag
        flags = [flag.InstallMode if self.key is None else flag.EnforceSecure]
        info = osdp_library.PDInfo(self.address, self._channel, scbk=self.key, flags=flags)
        device = library.PeripheralDevice(info.get(), capabilities=capabilities.get())
        device.set_command_callback(self._obey)
        return device

    def restart(self) -> None:
        """Lose power for a moment: the session and what waits are gone, the key is not."""
        self.waiting.clear()
        self._in_flight, self._was_secure = None, False
        self._last_command = self._last_reply = b""
        self._channel = _Channel()
        self._device = self._started()

    def refresh(self) -> None:
        """Let libosdp look at its clock."""
        self._device.refresh()

    def answer(self, command: osdp.Frame) -> bytes:
        """Return the reply to a sound command; empty for none."""
        is_repeated = command.sequence != 0 and command.raw == self._last_command
        if is_repeated and self._delivery != "once":
            return self._last_reply
        self._acknowledge(command)
        self._channel.arriving += MARK + command.raw
        self._offer(command)
        self._channel.leaving.clear()
        # One call reads the command, another may be needed to answer it.
        for _ in range(3):
            self._device.refresh()
            if self._channel.leaving:
                break
        self._last_command, self._last_reply = command.raw, bytes(self._channel.leaving)
        return self._last_reply

    def _acknowledge(self, command: osdp.Frame) -> None:
        """Forget what was sent when the next command shows that it arrived."""
        event, self._in_flight = self._in_flight, None
        if event is not None and command.sequence == 0 and self._delivery == "acknowledged":
            self.waiting.appendleft(event)

    def _offer(self, command: osdp.Frame) -> None:
        """Give libosdp the next event, for the reply to a poll within the secure channel."""
        is_secure = bool(command.security) and self._device.is_sc_active()
        if is_secure and not self._was_secure:
            self._say_what_is_not_normal()
        self._was_secure = is_secure
        if is_secure and command.code == osdp.Command.POLL and self.waiting:
            self._in_flight = self.waiting.popleft()
            self._device.submit_event(self._in_flight)

    def _say_what_is_not_normal(self) -> None:
        if self.is_tampered or self.has_power_fault:
            self.local_status()
        if any(self.inputs):
            self.input_status()

    def put(self, event: dict[str, Any]) -> None:
        """Keep an event until it is asked for; the oldest goes when there are too many."""
        self.waiting.append(event)
        if len(self.waiting) > EVENT_COUNT_MAX:
            self.waiting.popleft()
            self.forgotten_count += 1

    def local_status(self) -> None:
        """Report tamper and power."""
        report = bytes([self.is_tampered, self.has_power_fault])
        self._report(self._osdp.StatusReportType.Local, report)

    def input_status(self) -> None:
        """Report the inputs."""
        self._report(self._osdp.StatusReportType.Input, bytes(self.inputs))

    def _report(self, kind: int, report: bytes) -> None:
        self.put({"event": self._osdp.Event.Status, "type": kind, "report": report})

    def _obey(self, command: Mapping[str, Any]) -> tuple[int, None]:
        """Do what a command says; called by libosdp inside ``refresh``."""
        kinds = self._osdp.Command
        kind = command["command"]
        if self.is_refusing and kind != kinds.Status:
            return -1, None
        if kind == kinds.LED:
            self.led = COLOURS[command["on_color"] % len(COLOURS)]
        elif kind == kinds.Buzzer:
            self.beep_count += command["rep_count"]
        elif kind == kinds.Text:
            self.text = command["data"]
        elif kind == kinds.Output and command["output_no"] < OUTPUT_COUNT:
            self.outputs[command["output_no"]] = command["control_code"] in (2, 4, 5)
        elif kind == kinds.Keyset:
            self.key = bytes(command["data"])
        elif kind != kinds.Status:
            return -1, None
        return 0, None

    def state(self) -> dict[str, Any]:
        """Return what can be seen."""
        return {
            "is_secure": bool(self._device.is_sc_active()),
            "has_key": self.key is not None,
            "led": self.led,
            "beep_count": self.beep_count,
            "text": self.text,
            "outputs": list(self.outputs),
            "inputs": list(self.inputs),
            "tampered": self.is_tampered,
            "power_fault": self.has_power_fault,
            "waiting": len(self.waiting),
            "forgotten": self.forgotten_count,
        }


class Simulator(FarEnd):
    """The readers of one line, and what a hand can do to them; address -1 is the first."""

    KIND = "reader"
    TRANSPORTS = ("serial", "tcp")
    # It begins without a key of its own, as readers come out of the box.
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {
        "install_mode": True,
        "key_file": str(_KEY_FILE),
    }
    ACTIONS: ClassVar = {
        "swipe": {"address": -1, "card": "02D4B19B", "bit_length": 26},
        "keys": {"address": -1, "digits": "1234#"},
        "tamper": {"address": -1, "on": True},
        "power_fault": {"address": -1, "on": True},
        "input": {"address": -1, "channel": 0, "on": True},
        "restart": {"address": -1},
        "refuse": {"address": -1, "on": True},
    }
    STIMULI = (
        ("swipe", {}, "CredentialRead"),
        ("keys", {}, "KeysPressed"),
        ("tamper", {}, "TamperChanged"),
        ("tamper", {"on": False}, "TamperChanged"),
        ("power_fault", {}, "PowerFaultChanged"),
        ("power_fault", {"on": False}, "PowerFaultChanged"),
        ("input", {}, "InputChanged"),
        ("input", {"on": False}, "InputChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What readers are on the line.

        Attributes:
            address: 0..126, a reader each.
            key: 32 hexadecimal digits, the key of all of them; empty is none yet.
            delivery: ``acknowledged``: an event is kept until the next command; ``repeated``: the
                last reply is repeated while the session lasts; ``once``: neither.
        """

        address: Sequence[int] = (0,)
        key: str = dataclasses.field(default="", repr=False)
        delivery: str = DELIVERIES[0]

        def __post_init__(self) -> None:
            if not self.address or not all(0 <= one <= 126 for one in self.address):
                raise ValueError(f"osdp_reader: address is 0..126, not {self.address}")
            if self.delivery not in DELIVERIES:
                raise ValueError(f"osdp_reader: delivery is one of {', '.join(DELIVERIES)}")
            try:
                size_bytes = len(bytes.fromhex(self.key))
            except ValueError:
                size_bytes = -1
            if size_bytes not in (0, 16):
                raise ValueError("osdp_reader: key is 32 hexadecimal digits, or empty")

    def __init__(self, settings: Settings) -> None:
        key = bytes.fromhex(settings.key) or None
        self._decoder = osdp.Decoder()
        self.readers = {
            address: _Reader(address, key=key, delivery=settings.delivery)
            for address in settings.address
        }

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``; a damaged command is not answered."""
        self._decoder.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return replies
            if not frame.is_reply and (reader := self.readers.get(frame.address)) is not None:
                replies += [reply] if (reply := reader.answer(frame)) else []

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``; a reader never speaks unasked."""
        for reader in self.readers.values():
            reader.refresh()
        return []

    def foreign_frame(self, reply: bytes) -> bytes:
        """See ``FarEnd.foreign_frame``; another reader of the line acknowledges."""
        return MARK + osdp.encode_frame(FOREIGN_ADDRESS, osdp.Reply.ACK, sequence=1, is_reply=True)

    def state(self) -> dict[str, Any]:
        """Return every reader's state by address."""
        return {"readers": {str(number): one.state() for number, one in self.readers.items()}}

    def do_swipe(self, address: int, card: str, bit_length: int) -> None:
        """Hold a card to a reader; the card's bits as a hexadecimal number."""
        try:
            bits = WiegandBits(bit_length, int(card, 16))
        except ValueError as error:
            raise ValueError(f"card is a hexadecimal number of bit_length bits: {error}") from error
        library = import_module("osdp")
        self._reader(address).put(
            {
                "event": library.Event.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": library.CardFormat.Wiegand,
                "length": bits.bit_length,
                "data": bits.left_aligned,
            }
        )

    def do_keys(self, address: int, digits: str) -> None:
        """Press keys: digits, ``*`` and ``#``."""
        if not digits or not set(digits) <= set("0123456789*#"):
            raise ValueError("digits are 0..9, * and #")
        data = bytes(KEY_BYTES.get(digit, ord(digit)) for digit in digits)
        library = import_module("osdp")
        self._reader(address).put({"event": library.Event.KeyPress, "reader_no": 0, "data": data})

    def do_tamper(self, address: int, *, on: bool) -> None:
        """Open the housing, or close it."""
        reader = self._reader(address)
        reader.is_tampered = on
        reader.local_status()

    def do_power_fault(self, address: int, *, on: bool) -> None:
        """Let the supply fail, or come back."""
        reader = self._reader(address)
        reader.has_power_fault = on
        reader.local_status()

    def do_input(self, address: int, channel: int, *, on: bool) -> None:
        """Close a contact, or open it."""
        if not 0 <= channel < INPUT_COUNT:
            raise ValueError(f"channel is 0..{INPUT_COUNT - 1}, not {channel}")
        reader = self._reader(address)
        reader.inputs[channel] = on
        reader.input_status()

    def do_restart(self, address: int) -> None:
        """Switch a reader off and on: it forgets what nobody fetched."""
        self._reader(address).restart()

    def do_refuse(self, address: int, *, on: bool) -> None:
        """Refuse every command that makes the reader do something."""
        self._reader(address).is_refusing = on

    def _reader(self, address: int) -> _Reader:
        if address == -1:
            return next(iter(self.readers.values()))
        if address not in self.readers:
            known = ", ".join(map(str, self.readers))
            raise ValueError(f"no reader has address {address}; there are: {known}")
        return self.readers[address]
