"""What the command shows of a board."""

import pytest

from firmware_bridge.cli_show import printable


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", ""),
        (b"started\r\n", "started\n"),
        (b"half a line", "half a line\n"),
        ("温度 31\n".encode(), "温度 31\n"),
        (
            b"\x1b[2Jgone\x07\xff\n",
            "\N{REPLACEMENT CHARACTER}[2Jgone" + "\N{REPLACEMENT CHARACTER}" * 2 + "\n",
        ),
    ],
)
def test_what_a_board_wrote_moves_no_cursor_and_rings_no_bell(raw: bytes, shown: str) -> None:
    assert printable(raw) == shown
