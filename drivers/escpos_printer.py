"""A receipt printer that understands ESC/POS, with Chinese characters: serial, or TCP port 9100.

Source: Epson, "ESC/POS Application Programming Guide", as ``drivers.protocols.escpos`` says
(version unconfirmed).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    FaultsChanged,
    Observation,
    ProtocolViolationError,
    Receipt,
    ReceiptText,
)
from drivers.bus import Bus, Priority
from drivers.protocols.escpos import (
    ASK_PRINTED,
    ASK_STATUS,
    CUT,
    INITIALISE,
    PrintedDecoder,
    Status,
    StatusDecoder,
    cleaned,
    cut_to_columns,
    encode_feed,
    encode_line,
    encode_qr,
    encode_style,
    faults_of,
    width_of,
)
from drivers.registry import register

LINE_COUNT_MAX: Final = 200
_ASKED_COUNT_MAX: Final = 6


@register("escpos_printer")
class EscposPrinter:
    """One printer; satisfies ``Driver`` and ``ReceiptPrinter``.

    Its answers have no check sum: a state counts when it was said twice in a row. A receipt is done
    when the printer answers a question that stands behind it; one that comes twice because that
    answer was lost is better than one that never came, so the caller prints again.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What the printer is.

        Attributes:
            columns: Latin characters in a line: 48 on paper of 80 mm, 32 on 58 mm; 16..64.
            timeout_s: Longest wait for its state.
            attempt_count: Times that it is asked before giving up, 1..10.
            print_s: Longest time for one receipt, 1..60.
        """

        columns: int = 48
        timeout_s: float = 0.5
        attempt_count: int = 2
        print_s: float = 10.0

        def __post_init__(self) -> None:
            if not 16 <= self.columns <= 64:
                raise ValueError(f"escpos_printer: columns is 16..64, not {self.columns}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"escpos_printer: timeout_s is above 0 and at most 5, not {self.timeout_s}"
                )
            if type(self.attempt_count) is not int or not 1 <= self.attempt_count <= 10:
                raise ValueError(
                    f"escpos_printer: attempt_count is 1..10, not {self.attempt_count}"
                )
            if not 1 <= self.print_s <= 60:
                raise ValueError(f"escpos_printer: print_s is 1..60, not {self.print_s}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._last: Status | None = None
        self._told: tuple[str, ...] | None = None

    async def start(self) -> None:
        """Set it up and ask for its state; what was known is stale."""
        self._last = self._told = None
        await self._bus.send(INITIALISE, unit_id="escpos_printer")
        self._last = await self._ask()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        status = await self._ask()
        is_confirmed, self._last = status == self._last, status
        faults = faults_of(status)
        if not is_confirmed or faults == self._told:
            return []
        self._told = faults
        return [FaultsChanged(faults)]

    async def print_receipt(self, receipt: Receipt) -> CommandReceipt:
        """See ``ReceiptPrinter.print_receipt``.

        Raises:
            ValueError: It has more than 200 lines, or its QR code cannot be.
        """
        request = self._encoded(receipt) + ASK_PRINTED
        before = await self._sure_status()
        if not before.can_print:
            raise CommandRejectedError(f"nothing was printed: {', '.join(faults_of(before))}")
        try:
            after = await self._bus.exchange(
                request,
                PrintedDecoder(request),
                unit_id="escpos_printer",
                timeout_s=self._settings.print_s,
                priority=Priority.COMMAND,
            )
        except DriverError as error:
            raise DeviceUnreachableError(
                f"whether the receipt was printed is not known: {error}"
            ) from error
        if after.is_paper_out:
            raise DeviceUnreachableError("the paper ran out while the receipt was printed")
        return CommandReceipt(attempts=1)

    def _encoded(self, receipt: Receipt) -> bytes:
        if len(receipt.lines) > LINE_COUNT_MAX:
            raise ValueError(f"a receipt has at most {LINE_COUNT_MAX} lines")
        # Whoever switched it off and on in between has not told us.
        parts = [INITIALISE]
        for line in receipt.lines:
            parts.append(
                encode_style(
                    is_centred=line.is_centred, is_bold=line.is_bold, is_large=line.is_large
                )
            )
            parts += [encode_line(text) for text in self._laid_out(line)]
        if receipt.qr:
            parts += [encode_style(is_centred=True), encode_qr(receipt.qr), encode_feed(1)]
        return b"".join([*parts, encode_style(), CUT])

    def _laid_out(self, line: ReceiptText) -> list[str]:
        """Return a line as it stands on the paper, in as many lines as it takes."""
        column_count = self._settings.columns // (2 if line.is_large else 1)
        lines = cut_to_columns(cleaned(line.text), column_count)
        right = cleaned(line.right)
        if not right:
            return lines
        free = column_count - width_of(lines[-1]) - width_of(right)
        if free < 1:
            lines.append("")
            free = max(0, column_count - width_of(right))
        lines[-1] += " " * free + right
        return lines

    async def _sure_status(self) -> Status:
        """Return a state that was said twice in a row.

        Raises:
            ProtocolViolationError: It says something else each time: noise.
        """
        status = await self._ask()
        for _ in range(_ASKED_COUNT_MAX):
            before, status = status, await self._ask()
            if status == before:
                return status
        raise ProtocolViolationError("the printer does not say the same of itself twice in a row")

    async def _ask(self) -> Status:
        return await ask(
            self._bus,
            ASK_STATUS,
            StatusDecoder,
            unit_id="escpos_printer",
            timeout_s=self._settings.timeout_s,
            attempt_count=self._settings.attempt_count,
        )
