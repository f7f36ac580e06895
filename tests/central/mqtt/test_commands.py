"""Which message of a broker is a command of now."""

from datetime import UTC, datetime

import pytest

from central.mqtt.commands import is_fresh

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "is_retained", "is_taken"),
    [
        (b"PRESS", False, True),
        (b"PRESS", True, False),
        (b"press", False, False),
        (b"", False, False),
        (b'{"command":"open","at":"2026-11-30T08:00:09Z"}', False, True),
        (b'{"command":"open","at":"2026-11-30T07:59:49Z"}', False, False),
        (b'{"command":"open","at":"2026-11-30T08:00:00"}', False, False),
        (b'{"command":"hold","at":"2026-11-30T08:00:00Z"}', False, False),
        (b'{"command":"open"}', False, False),
        (b"[" * 200, False, False),
        (b"[" * 201, False, False),
    ],
)
def test_a_command_is_of_now(payload: bytes, is_retained: bool, is_taken: bool) -> None:
    assert is_fresh(payload, is_retained=is_retained, now=NOW) is is_taken
