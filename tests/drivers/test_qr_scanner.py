import logging

import pytest

from drivers.base import CredentialKind, CredentialRead, DeviceUnreachableError
from drivers.bus import Bus
from drivers.qr_scanner import Codes, QrScanner
from drivers.readings import Reading
from tests.drivers.heard import observed
from tests.drivers.lines import LineInMemory, with_bus

GOOD = b"V-20261123-7F3A\r\n"
GOOD_READ = CredentialRead(CredentialKind.QR, "V-20261123-7F3A")
LATER_S = 0.25
"""More than the pause that ends a code."""


def scanner_on(bus: Bus) -> QrScanner:
    return QrScanner(bus, QrScanner.Settings(length_max=32))


def test_a_code_is_read_once_while_it_is_held() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        scanner = scanner_on(bus)
        await scanner.start()
        line.arrive(GOOD)
        line.arrive(GOOD, in_s=LATER_S)
        line.arrive(b"OTHER\r\n", in_s=2 * LATER_S)

        found = await observed(scanner, 2)
        assert found == [GOOD_READ, CredentialRead(CredentialKind.QR, "OTHER")]
        assert await scanner.poll() == []

    with_bus(line, act)


@pytest.mark.parametrize(
    ("hostile", "finding"),
    [
        (b"'; DROP TABLE users;--\r\n", "a line has characters that are not allowed"),
        (b"V-1\x00\r\n", "a line has characters that do not print"),
        (b"\x1b]0;owned\x07\r\n", "a line has characters that do not print"),
        (b"V-1\xff\r\n", "a line is not UTF-8"),
        (b"A" * 3000 + b"\r\n", "a line is too long"),
        (b"V-1\rV-2\r\n", "one code made several lines"),
        (b"".join(b"%04d\r" % pin for pin in range(600)), "one code made several lines"),
    ],
)
def test_a_hostile_code_is_only_a_finding_and_the_next_is_read(
    hostile: bytes, finding: str
) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        scanner = scanner_on(bus)
        await scanner.start()
        line.arrive(hostile)
        line.arrive(GOOD, in_s=LATER_S)

        assert await observed(scanner) == [GOOD_READ]
        assert f"1 x {finding}" in scanner.findings

    with_bus(line, act)


def test_what_is_refused_stands_in_no_log_and_no_finding(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = LineInMemory()
    # The line's raw bytes have a logger of their own, off unless a technician wants them.
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "drivers.bus.raw")

    async def act(bus: Bus) -> None:
        scanner = scanner_on(bus)
        await scanner.start()
        line.arrive(b"<script>steal()</script>\r\n")
        line.arrive(GOOD, in_s=LATER_S)
        found = await observed(scanner)

        assert "script" not in caplog.text + str(scanner.findings)
        assert "7F3A" not in caplog.text + str(scanner.findings) + str(found)

    with_bus(line, act)


def test_half_a_code_is_dropped_after_a_silence() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        scanner = scanner_on(bus)
        await scanner.start()
        line.arrive(b"HALF-")
        line.arrive(GOOD, in_s=0.7)

        assert await observed(scanner) == [GOOD_READ]
        assert scanner.findings == ["1 x a line was not ended"]

    with_bus(line, act)


def test_a_code_that_dribbles_is_read() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        scanner = scanner_on(bus)
        await scanner.start()
        for index in range(len(GOOD)):
            line.arrive(GOOD[index : index + 1], in_s=0.02 * index)

        assert await observed(scanner) == [GOOD_READ]

    with_bus(line, act)


def line_of(run: int, text: str) -> Reading[str]:
    return Reading(float(run), run, text)


def test_a_code_waits_until_its_run_is_over() -> None:
    codes = Codes()
    codes.add(line_of(1, "A"))

    assert codes.take(is_quiet=False) == []
    assert codes.take(is_quiet=True) == [line_of(1, "A")]
    assert codes.take(is_quiet=True) == []


def test_a_new_run_ends_the_one_before_it() -> None:
    codes = Codes()
    codes.add(line_of(1, "A"))
    codes.add(line_of(2, "B"))

    assert codes.take(is_quiet=False) == [line_of(1, "A")]


def test_a_code_that_was_sent_twice_is_one() -> None:
    codes = Codes()
    codes.add(line_of(1, "A"))
    codes.add(line_of(1, "A"))

    assert codes.take(is_quiet=True) == [line_of(1, "A")]
    assert codes.refused_count == 0


def test_a_line_that_follows_its_code_too_late_is_refused() -> None:
    codes = Codes()
    codes.add(line_of(1, "A"))
    codes.take(is_quiet=True)

    codes.add(line_of(1, "B"))

    assert codes.take(is_quiet=True) == []
    assert codes.refused_count == 1


def test_a_lost_line_is_told() -> None:
    line = LineInMemory()
    line.is_connected = False

    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError):
            await scanner_on(bus).start()

    with_bus(line, act)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"terminator": "tab"}, "terminator is one of cr, lf, crlf, any, not 'tab'"),
        ({"alphabet": "all"}, "alphabet is one of digits, code, uri, ascii, text, not 'all'"),
        ({"length_max": 0}, r"length_max is 1\.\.4296, not 0"),
        ({"length_max": 4297}, r"length_max is 1\.\.4296, not 4297"),
        ({"idle_s": 0.0}, r"idle_s is 0\.1\.\.10, not 0\.0"),
        ({"idle_s": float("nan")}, r"idle_s is 0\.1\.\.10, not nan"),
        ({"hold_s": -1.0}, r"hold_s is 0\.2\.\.60, not -1\.0"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^qr_scanner: {message}"):
        QrScanner.Settings(**setting)  # type: ignore[arg-type]  # wrong values are the test
