"""A board that answers what a test says, and a line in simulated time for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.protocols import FrameError, NeedData
from drivers.simulators.far_end import FarEnd
from drivers.simulators.line import Faults
from drivers.simulators.virtual import Answer, VirtualLine, answers
from firmware_bridge.bodies import decode_map, encode_map
from firmware_bridge.client import BoardClient
from firmware_bridge.frames import DatagramDecoder, Frame, FrameDecoder, encode_lines
from firmware_bridge.refusals import BoardRefusedError, refusal_map
from firmware_bridge.signing import Signer

Reply = Callable[[dict[str, Any]], dict[str, Any] | None]
_Result = TypeVar("_Result")


class ScriptedBoard(FarEnd):
    """Answers each command with what the script makes of its values; None is no answer.

    Attributes:
        heard: Every request that it was sent: group, command, values.
        sequences: Their sequence numbers.
    """

    def __init__(
        self,
        script: Mapping[tuple[int, int], Reply],
        *,
        address: int = 0,
        is_datagram: bool = False,
    ) -> None:
        self.script = dict(script)
        self.heard: list[tuple[int, int, dict[str, Any]]] = []
        self.sequences: list[int] = []
        self.sizes_bytes: list[int] = []
        self._address, self._is_datagram = address, is_datagram
        self._frames = DatagramDecoder() if is_datagram else FrameDecoder()

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._frames.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                received = self._frames.next_frame()
            except FrameError:
                continue
            if isinstance(received, NeedData):
                return replies
            if self._address in (0, received.address):
                replies += self._answered(received.frame)

    def _answered(self, request: Frame) -> list[bytes]:
        values = decode_map(request.body)
        self.heard.append((request.group, request.command, values))
        self.sequences.append(request.sequence)
        self.sizes_bytes.append(len(bytes(request)))
        try:
            reply = self.script[request.group, request.command](values)
        except BoardRefusedError as error:
            reply = refusal_map(error.group, error.code or 0)
        except KeyError:
            reply = {"rc": 8}
        if reply is None:
            return []
        raw = bytes(request.answer(encode_map(reply)))
        return [raw if self._is_datagram else encode_lines(raw, address=self._address)]


def on_a_line(
    far_end: FarEnd,
    act: Callable[[BoardClient], Awaitable[_Result]],
    *,
    port: str = "a line in memory",
    address: int = 0,
    attempt_count: int = 3,
    signer: Signer | None = None,
    answer: Answer | None = None,
    baudrate: int = 115_200,
) -> _Result:
    """Return what comes of a client's doings on a line whose time is simulated."""

    async def run() -> _Result:
        clock = VirtualClock()
        line = VirtualLine(clock, answer or answers(far_end, Faults()), baudrate=baudrate)
        bus = Bus(port, baudrate=baudrate, opener=line.open, clock=clock)
        client = BoardClient(
            bus, address=address, attempt_count=attempt_count, signer=signer, now_s=lambda: 1.8e9
        )
        try:
            return await asyncio.wait_for(act(client), 30)
        finally:
            await bus.close()

    return asyncio.run(run())
