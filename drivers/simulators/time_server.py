"""A time server, which a hand can set wrong.

Source: as ``drivers.protocols.sntp``.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from drivers.protocols import FrameError
from drivers.protocols.sntp import NOT_SYNCHRONISED, Reply, decode_request, encode_reply
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """Answers with this machine's time and what it is set to be off by."""

    KIND = "time_server"
    TRANSPORTS = ("udp",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "set_off": {"offset_s": 5.0},
        "lose_time": {"on": True},
        "refuse": {"on": True},
    }

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: offset_s: added to this machine's time. stratum: 1..15."""

        offset_s: float = 0.0
        stratum: int = 2

        def __post_init__(self) -> None:
            if not 1 <= self.stratum <= 15:
                raise ValueError(f"stratum is 1..15, not {self.stratum}")

    def __init__(self, settings: Settings) -> None:
        self.offset_s, self._stratum = settings.offset_s, settings.stratum
        self.is_lost = self.is_refusing = False
        self.asked_count = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        try:
            version, nonce = decode_request(data)
        except FrameError:
            return []
        self.asked_count += 1
        now = datetime.now(UTC) + timedelta(seconds=self.offset_s)
        stratum = 0 if self.is_refusing else self._stratum
        leap = NOT_SYNCHRONISED if self.is_lost or self.is_refusing else 0
        code = b"RATE" if self.is_refusing else b"LOCL"
        reply = Reply(now, now, stratum, 0.001)
        return [encode_reply(reply, nonce=nonce, version=version, leap=leap, code=code)]

    def do_set_off(self, *, offset_s: float) -> None:
        """Be off by so much from now on."""
        self.offset_s = offset_s

    def do_lose_time(self, *, on: bool) -> None:
        """Say that it is not synchronised."""
        self.is_lost = on

    def do_refuse(self, *, on: bool) -> None:
        """Answer with the kiss code RATE."""
        self.is_refusing = on

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"offset_s": self.offset_s, "asked_count": self.asked_count}
