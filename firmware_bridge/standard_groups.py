"""The standard groups of SMP over a bus: what `smpclient` sends and hears goes through here.

`smpclient` makes the requests and reads the answers; the line is the bus's. Its models refuse keys
that they do not know, and boards in the field send more: those are taken away before it sees them.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from smp.exceptions import SMPException
from smpclient import SMPClient
from smpclient.exceptions import SMPClientException, SMPValidationException
from smpclient.generics import SMPRequest, TEr1, TEr2
from smpclient.transport import SMPTransport

from drivers.base import ProtocolViolationError
from drivers.protocols import FrameError
from firmware_bridge import frames
from firmware_bridge.board_line import BoardLine
from firmware_bridge.bodies import decode_map, encode_map
from firmware_bridge.frames import Frame
from firmware_bridge.refusals import FILES, IMAGE, OS, STATISTICS, refusal_in

ECHO, RESET, PARAMETERS, BOOTLOADER = ((OS, command) for command in (0, 5, 6, 8))
IMAGES, UPLOAD, ERASE = ((IMAGE, command) for command in (0, 1, 5))
DOWNLOAD: Final = (FILES, 0)
_ANSWER_KEYS: Final[Mapping[tuple[int, int], frozenset[str]]] = {
    ECHO: frozenset({"r"}),
    RESET: frozenset(),
    PARAMETERS: frozenset({"buf_size", "buf_count"}),
    BOOTLOADER: frozenset({"bootloader"}),
    IMAGES: frozenset({"images"}),
    UPLOAD: frozenset({"off", "match"}),
    ERASE: frozenset(),
    (STATISTICS, 0): frozenset({"name", "fields"}),
    (STATISTICS, 1): frozenset({"stat_list"}),
    DOWNLOAD: frozenset({"off", "data", "len"}),
}
_IMAGE_KEYS: Final = frozenset(
    {"slot", "version", "image", "hash", "bootable", "pending", "confirmed", "active", "permanent"}
)
FLASH_ATTEMPT_COUNT: Final = 6
"""docs/board.md gives a board 5 s for an erase, and for an upload's first packet. It is asked again
meanwhile, which erases nothing again: one long wait would keep the line from all others, and
heartbeats from the board.
"""
NEVER_S: Final = 3600.0
"""`smpclient` would count the wait for a turn; the bus counts the board's time alone."""
OVERHEAD_BYTES: Final = 4
"""Length and check sum; some boards count one of them, some both."""


# What an answer lacks is raised; `smpclient` would log it, too, with all its bytes.
logging.getLogger("smpclient").setLevel(logging.CRITICAL)


class BusTransport(SMPTransport):
    """What `smpclient` sends through: one board on a bus."""

    def __init__(self, line: BoardLine) -> None:
        self._line = line
        self._packet_size_bytes = line.packet_size_bytes(None)
        self._request = b""

    async def connect(self, address: str, timeout_s: float) -> None:
        """Nothing to do: the bus opens its port by itself."""

    async def disconnect(self) -> None:
        """Nothing to do: the bus belongs to others, too."""

    def initialize(self, smp_server_transport_buffer_size: int) -> None:
        """Take the size of the board's buffer."""
        self._packet_size_bytes = self._line.packet_size_bytes(
            smp_server_transport_buffer_size - OVERHEAD_BYTES
        )

    @property
    def mtu(self) -> int:
        """Bytes of header and body at most."""
        return self._packet_size_bytes

    @property
    def max_unencoded_size(self) -> int:
        """Bytes of header and body at most."""
        return self._packet_size_bytes

    async def send(self, data: bytes) -> None:
        """Keep a request until ``receive``: on a bus the two are one."""
        self._request = data

    async def receive(self) -> bytes:
        """Return the answer to what ``send`` was given."""
        return await self.send_and_receive(self._request)

    async def send_and_receive(self, data: bytes) -> bytes:
        """Return the answer to a request.

        Raises:
            DriverError: The board refuses, does not answer, or not as it should.
        """
        request = frames.decode(data)
        named = request.group, request.command
        answer = await self._line.ask(
            request,
            attempt_count=_attempt_count(request),
            answer_size_bytes=self._packet_size_bytes if named == DOWNLOAD else None,
        )
        try:
            values = decode_map(answer.body)
        except FrameError as error:
            raise ProtocolViolationError(str(error)) from error
        refused = refusal_in(values, group=answer.group, version=answer.version)
        if refused is not None:
            raise refused
        return bytes(request.answer(encode_map(_known(named, values))))


def _attempt_count(request: Frame) -> int | None:
    named = request.group, request.command
    if named == RESET:
        return 1  # a board that is told twice restarts twice: an image on trial would be gone
    is_first_packet = named == UPLOAD and not decode_map(request.body).get("off")
    return FLASH_ATTEMPT_COUNT if named == ERASE or is_first_packet else None


def _known(named: tuple[int, int], values: dict[str, Any]) -> dict[str, Any]:
    known = _only(values, _ANSWER_KEYS.get(named, frozenset()))
    images = known.get("images")
    if isinstance(images, list):
        known["images"] = [_only(i, _IMAGE_KEYS) if isinstance(i, dict) else i for i in images]
    return known


def _only(values: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in keys}


class StandardGroups:
    """`smpclient` behind errors of ours."""

    def __init__(self, line: BoardLine) -> None:
        self.transport = BusTransport(line)
        self.client = SMPClient(self.transport, str(line.unit_id), timeout_s=NEVER_S)

    async def request(self, request: SMPRequest[Any, TEr1, TEr2]) -> Any:  # noqa: ANN401 - its answer
        """Return the answer.

        Raises:
            DriverError: See ``BusTransport.send_and_receive``.
        """
        try:
            return await self.client.request(request)  # the transport raises what is a refusal
        except (SMPClientException, SMPException, TimeoutError) as error:
            raise violation(error) from error


def violation(error: Exception) -> ProtocolViolationError:
    """Return what an error of `smpclient`'s is to us, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else "no answer"
    if isinstance(error, SMPValidationException):
        first = "a key is missing, or of the wrong type"
    return ProtocolViolationError(f"the board's answer is not as it should be: {first}")
