"""The receipt printer: bytes of the manuals, Chinese text, and a receipt that is done or is not."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    PRINTER_FAULTS,
    CommandRejectedError,
    DeviceUnreachableError,
    FaultsChanged,
    ProtocolViolationError,
    Receipt,
    ReceiptPrinter,
    ReceiptText,
)
from drivers.bus import Bus
from drivers.escpos_printer import EscposPrinter
from drivers.protocols import escpos
from drivers.protocols.escpos import Command, CommandDecoder, PrintedDecoder, Status, StatusDecoder
from drivers.simulators.escpos_printer import CUT_MARK, Simulator
from tests.drivers.heard import cut, frames_of, observed
from tests.drivers.lines import LineInMemory, answers_of, with_bus

# What python-escpos 3.1 sends for qr("menshen:1", native=True, size=6, ec=1).
QR = bytes.fromhex(
    "1d 28 6b 04 00 31 41 32 00 1d 28 6b 03 00 31 43 06 1d 28 6b 03 00 31 45 31"
    "1d 28 6b 0c 00 31 50 30 6d 65 6e 73 68 65 6e 3a 31 1d 28 6b 03 00 31 51 30"
)
LUNCH = Receipt(
    (
        ReceiptText("第一食堂", is_centred=True, is_large=True),
        ReceiptText("红烧肉 250 g", right="12.50"),
        ReceiptText("合计", right="12.50", is_bold=True),
    ),
    qr="menshen:1",
)


def printer(bus: Bus, **settings: object) -> EscposPrinter:
    """Return a driver for narrow paper, that does not wait long."""
    given_settings = {
        "columns": 32,
        "print_s": 1.0,
        "timeout_s": 0.2,
        "attempt_count": 1,
        **settings,
    }
    return EscposPrinter(bus, EscposPrinter.Settings(**given_settings))  # type: ignore[arg-type]


def simulated(**settings: object) -> Simulator:
    """Return a simulated printer with narrow paper."""
    return Simulator(Simulator.Settings(columns=32, **settings))  # type: ignore[arg-type]


def test_a_qr_code_is_sent_as_another_library_sends_it() -> None:
    assert escpos.encode_qr("menshen:1") == QR


def test_chinese_text_goes_out_in_gb18030_and_the_yuan_sign_as_one_that_printers_have() -> None:
    assert escpos.encode_line("实付¥8") == bytes.fromhex("CA B5 B8 B6 A3 A4 38 0A")


@given(text=st.text(max_size=60))
def test_no_text_of_anybody_is_ever_a_command(text: str) -> None:
    commands, refusals = frames_of(CommandDecoder(), [escpos.encode_line(text)])

    assert {command.name for command in commands} <= {"text", "line"}
    assert refusals == []


@given(text=st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_a_line_is_cut_to_columns_and_nothing_of_it_is_lost(text: str) -> None:
    parts = escpos.cut_to_columns(text, 16)

    assert "".join(parts) == text
    assert all(escpos.width_of(part) <= 16 for part in parts)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1),
    kind=st.sampled_from(escpos.STATUS_KINDS),
    text=st.text("门神 12.50", min_size=1, max_size=8),
)
def test_commands_come_out_as_they_went_in_whatever_the_pieces(
    sizes: list[int], kind: int, text: str
) -> None:
    stream = escpos.INITIALISE + escpos.encode_line(text) + QR + escpos.CUT
    stream += bytes([escpos.DLE, escpos.EOT, kind]) + escpos.ASK_PRINTED

    commands, refusals = frames_of(CommandDecoder(), cut(stream, sizes))

    assert b"".join(c.data for c in commands if c.name == "text") == escpos.encode_text(text)
    assert Command("qr_store", b"menshen:1") in commands
    assert commands[-2:] == [Command("ask_status", bytes([kind])), Command("ask_printed", b"\x01")]
    assert refusals == []


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ("12 12 12 12", ()),
        ("1A 16 12 12", ("cover_open",)),
        ("1A 32 12 7E", ("paper_out",)),
        ("12 12 12 1E", ("paper_low",)),
        ("1A 52 1A 12", ("cutter",)),
        ("1A 52 32 12", ("printer",)),
        ("1A 12 12 12", ("offline",)),
    ],
)
def test_a_state_is_read_as_the_manuals_have_its_bits(
    answers: str, faults: tuple[str, ...]
) -> None:
    (status,), refusals = frames_of(StatusDecoder(), [bytes.fromhex(answers)])

    assert escpos.faults_of(status) == faults
    assert set(faults) <= set(PRINTER_FAULTS)
    assert refusals == []


@pytest.mark.parametrize("paper", ["16", "1A", "32", "52"])
def test_a_sensor_whose_two_bits_differ_is_noise(paper: str) -> None:
    found, refusals = frames_of(StatusDecoder(), [bytes.fromhex(f"12 12 12 {paper} 12 12 12 12")])

    assert found == [Status()]
    assert len(refusals) == 1


def test_what_was_sent_and_comes_back_is_no_proof_that_it_was_printed() -> None:
    request = b"\x00\x03" + escpos.ASK_PRINTED

    found, _ = frames_of(PrintedDecoder(request), [request[:3], request[3:] + b"\x03"])

    assert found == [Status(is_paper_low=True)]


def test_a_receipt_stands_on_the_paper_as_it_is_read() -> None:
    simulator = simulated()

    async def act(bus: Bus) -> None:
        driver = printer(bus)
        assert isinstance(driver, ReceiptPrinter)
        await driver.start()
        await driver.print_receipt(LUNCH)

    with_bus(LineInMemory(answers_of(simulator)), act)
    assert list(simulator.paper) == [
        "            第一食堂",
        "红烧肉 250 g               12.50",
        "合计                       12.50",
        "         [QR menshen:1]",
        "",
        CUT_MARK,
    ]


def test_an_amount_that_does_not_fit_stands_at_the_right_of_its_own_line() -> None:
    simulator = simulated()
    long = Receipt((ReceiptText("东坡肉配时令蔬菜和一碗白米饭一份", right="18.00"),))

    async def act(bus: Bus) -> None:
        await printer(bus).start()
        await printer(bus).print_receipt(long)

    with_bus(LineInMemory(answers_of(simulator)), act)
    assert list(simulator.paper)[:2] == [long.lines[0].text, " " * 27 + "18.00"]


@pytest.mark.parametrize(
    ("action", "arguments", "reason"),
    [
        ("open_cover", {}, "cover_open"),
        ("run_out", {}, "paper_out"),
        ("jam_cutter", {}, "cutter"),
    ],
)
def test_a_printer_that_cannot_print_says_why_and_prints_nothing(
    action: str, arguments: dict[str, object], reason: str
) -> None:
    simulator = simulated()
    simulator.act(action, arguments)

    async def act(bus: Bus) -> None:
        driver = printer(bus)
        await driver.start()
        assert await observed(driver) == [FaultsChanged((reason,))]
        with pytest.raises(CommandRejectedError, match=f"nothing was printed: {reason}"):
            await driver.print_receipt(LUNCH)

    with_bus(LineInMemory(answers_of(simulator)), act)
    assert list(simulator.paper) == []


def test_paper_that_ends_in_a_receipt_leaves_it_unsure_and_the_next_roll_gets_the_rest() -> None:
    simulator = simulated()
    simulator.act("run_out", {"lines_left": 2})

    async def act(bus: Bus) -> None:
        driver = printer(bus)
        await driver.start()
        with pytest.raises(DeviceUnreachableError, match="whether the receipt was printed"):
            await driver.print_receipt(LUNCH)

    with_bus(LineInMemory(answers_of(simulator)), act)
    assert simulator.receipt_count == 0

    simulator.act("load_paper", {})
    simulator.step(0.01)

    assert simulator.receipt_count == 1
    assert len([line for line in simulator.paper if "合计" in line]) == 1


def test_a_state_counts_when_it_was_said_twice() -> None:
    simulator = simulated()
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        driver = printer(bus)
        await driver.start()
        assert list(await driver.poll()) == [FaultsChanged(())]
        simulator.act("open_cover", {})
        assert list(await driver.poll()) == []
        assert list(await driver.poll()) == [FaultsChanged(("cover_open",))]

    with_bus(line, act)


def test_a_printer_that_contradicts_itself_is_not_refused_but_asked_again_later() -> None:
    answers = itertools.cycle([bytes.fromhex("12 12 12 12"), bytes.fromhex("12 12 12 72")])

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="twice in a row"):
            await printer(bus).print_receipt(LUNCH)

    with_bus(LineInMemory(lambda _: [(0.0, next(answers))]), act)


def test_a_silent_printer_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError, match="no reply"):
            await printer(bus, timeout_s=0.05).poll()

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize("text", ["", "x" * 401, "a\x1bb"])
def test_a_qr_code_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a QR code on a receipt"):
        escpos.encode_qr(text)


def test_a_simulated_printer_writes_what_it_prints_into_a_file(tmp_path: Path) -> None:
    simulator = simulated(file=str(tmp_path / "receipts.txt"))

    simulator.receive_data(escpos.INITIALISE + escpos.encode_line("谢谢惠顾"))

    assert (tmp_path / "receipts.txt").read_text(encoding="utf-8") == "谢谢惠顾\n"


@pytest.mark.parametrize(("name", "value"), [("columns", 8), ("print_s", 0)])
def test_a_setting_that_is_nonsense_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"escpos_printer: {name} is"):
        EscposPrinter.Settings(**{name: value})  # type: ignore[arg-type]  # nonsense on purpose
