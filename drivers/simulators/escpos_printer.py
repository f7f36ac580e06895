"""The receipt printer that ``drivers.escpos_printer`` prints on.

What it prints is text: lines as they stand on the paper, a QR code as ``[QR ...]``, a cut as a row
of dashes. It stops in the middle of a receipt when the paper ends, and goes on with the next roll.

Source: as the driver's.
"""

import dataclasses
from collections import deque
from pathlib import Path
from typing import Any, ClassVar, Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.escpos import (
    Command,
    CommandDecoder,
    Status,
    cut_to_columns,
    decode_text,
    encode_printed,
    encode_status,
    width_of,
)
from drivers.simulators.far_end import FarEnd

ROLL_LINES: Final = 2000
LOW_LINES: Final = 100
QR_LINES: Final = 6
CUT_MARK: Final = "- - - - - - - - - - - -"
KEPT_LINE_COUNT_MAX: Final = 400
WAITING_COUNT_MAX: Final = 4000


class Simulator(FarEnd):
    """One printer.

    Attributes:
        paper: The last lines that it printed.
        receipt_count: Cuts.
        paper_lines: Left on the roll.
    """

    KIND = "printer"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "run_out": {"lines_left": 0},
        "load_paper": {},
        "open_cover": {"on": True},
        "jam_cutter": {"on": True},
    }
    STIMULI = (
        ("open_cover", {}, "FaultsChanged"),
        ("open_cover", {"on": False}, "FaultsChanged"),
        ("run_out", {}, "FaultsChanged"),
        ("load_paper", {}, "FaultsChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What it has.

        Attributes:
            columns: Of a line.
            file: Gets every line that is printed, in UTF-8; empty is none.
        """

        columns: int = 48
        file: str = ""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._decoder = settings, CommandDecoder()
        self._file = Path(settings.file) if settings.file else None
        self._waiting = deque[Command](maxlen=WAITING_COUNT_MAX)
        self.paper = deque[str](maxlen=KEPT_LINE_COUNT_MAX)
        self.paper_lines, self.receipt_count = ROLL_LINES, 0
        self.is_cover_open = self.has_cutter_error = False
        self._line, self._qr = "", ""
        self._is_centred = self._is_large = self._is_chinese = False

    @property
    def status(self) -> Status:
        """How it is."""
        is_out = self.paper_lines <= 0
        return Status(
            is_offline=is_out or self.is_cover_open or self.has_cutter_error,
            is_cover_open=self.is_cover_open,
            is_paper_out=is_out,
            is_paper_low=self.paper_lines < LOW_LINES,
            has_cutter_error=self.has_cutter_error,
        )

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``; a question for its state overtakes what waits."""
        self._decoder.receive_data(data)
        answers = list[bytes]()
        while True:
            try:
                command = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(command, NeedData):
                return answers + self._work_off()
            if command.name == "ask_status":
                answers.append(encode_status(self.status, command.data[0]))
            else:
                self._waiting.append(command)

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: goes on where it had stopped."""
        return self._work_off()

    def _work_off(self) -> list[bytes]:
        answers = list[bytes]()
        while self._waiting and not self.status.is_offline:
            command = self._waiting.popleft()
            if command.name == "ask_printed":
                answers.append(encode_printed(self.status))
            else:
                self._do(command)
        return answers

    def _do(self, command: Command) -> None:
        match command.name:
            case "initialise":
                self._line, self._qr = "", ""
                self._is_centred = self._is_large = self._is_chinese = False
            case "chinese":
                self._is_chinese = True
            case "text":
                text = decode_text(command.data)
                self._line += text if self._is_chinese else command.data.decode("cp437")
            case "line":
                self._print_line()
            case "align":
                self._is_centred = command.data[0] in (1, ord("1"))
            case "size":
                self._is_large = command.data[0] != 0
            case "feed":
                for _ in range(command.data[0]):
                    self._print_line()
            case "qr_store":
                self._qr = command.data.decode("utf-8", "replace")
            case "qr_print":
                self._put(self._centred(f"[QR {self._qr}]"), QR_LINES)
            case "cut":
                self._put(CUT_MARK, 1)
                self.receipt_count += 1

    def _print_line(self) -> None:
        column_count = self._settings.columns // (2 if self._is_large else 1)
        for text in cut_to_columns(self._line, column_count):
            self._put(self._centred(text) if self._is_centred else text, 1 + self._is_large)
        self._line = ""

    def _centred(self, text: str) -> str:
        return " " * max(0, (self._settings.columns - width_of(text)) // 2) + text

    def _put(self, text: str, line_count: int) -> None:
        text = text.rstrip()
        self.paper.append(text)
        self.paper_lines = max(0, self.paper_lines - line_count)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "receipt_count": self.receipt_count,
            "paper_lines": self.paper_lines,
            "is_cover_open": self.is_cover_open,
            "has_cutter_error": self.has_cutter_error,
            "last_lines": list(self.paper)[-8:],
        }

    def do_run_out(self, lines_left: int) -> None:
        """Have the roll end after some lines."""
        self.paper_lines = lines_left

    def do_load_paper(self) -> None:
        """Put a new roll in."""
        self.paper_lines = ROLL_LINES

    def do_open_cover(self, *, on: bool) -> None:
        """Open the cover, or close it."""
        self.is_cover_open = on

    def do_jam_cutter(self, *, on: bool) -> None:
        """Let something stick in the cutter, or take it out."""
        self.has_cutter_error = on
