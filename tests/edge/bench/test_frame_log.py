import time

import pytest

from drivers.meaning import Meaning
from edge.bench.frame_log import FRAME_COUNT_MAX, FrameLog

TAG = bytes.fromhex("02 30 31 30 30 36 33 45 39 41 45 32 35 03")


def test_bytes_become_frames_with_their_direction() -> None:
    log = FrameLog("waveshare_relay")

    log(time.monotonic(), is_sent=True, data=bytes.fromhex("01 02 00 00 00 08 79 CC"))
    log(time.monotonic(), is_sent=False, data=bytes.fromhex("01 02 01 00 A1 88"))

    sent, received = log.after(0)
    assert (sent.is_sent, sent.hex) == (True, "01 02 00 00 00 08 79 CC")
    assert (received.is_sent, received.hex) == (False, "01 02 01 00 A1 88")


def test_what_stays_incomplete_is_shown_as_noise() -> None:
    log = FrameLog("rdm6300")

    log(time.monotonic() - 1.0, is_sent=False, data=TAG[:5])

    [noise] = log.after(0)
    assert (noise.is_noise, noise.hex) == (True, "02 30 31 30 30")


def test_the_newest_frames_are_kept() -> None:
    log = FrameLog("rdm6300")
    for _ in range(FRAME_COUNT_MAX + 5):
        log(time.monotonic(), is_sent=False, data=TAG)

    kept = log.after(0)

    assert len(kept) == FRAME_COUNT_MAX
    assert kept[-1].sequence == log.sequence
    assert log.after(log.sequence) == ()


def test_bytes_are_shown_although_their_words_fail(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
            raise AttributeError("a mistake")

        def flush(self, *, at_s: float) -> list[Meaning]:
            return []

    log = FrameLog("rdm6300", words=Broken())

    log(0.0, is_sent=False, data=TAG)

    assert log.after(0)[0].hex.startswith("02 30 31")
    assert "could not be put into words" in caplog.text
