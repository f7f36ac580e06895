"""What simulators of Modbus devices share: stations by unit id, and a frame decoder before them."""

from collections.abc import Mapping
from typing import Final, Generic, Protocol, TypeVar

from drivers.protocols import NeedData
from drivers.protocols.modbus_rtu import Request, RequestDecoder, encode_frame
from drivers.simulators.far_end import FarEnd

REQUEST_GAP_S: Final = 0.1
"""MODBUS over Serial Line V1.02, 2.5.1.1 says 3.5 characters; computers pause for longer."""


class Station(Protocol):
    """One Modbus server."""

    def reply_to(self, request: Request) -> bytes:
        """Return the reply's bytes; empty for none."""
        ...

    def step(self, dt_s: float) -> None:
        """Let time pass for what has time of its own."""
        ...


_Station = TypeVar("_Station", bound=Station)


class ModbusStations(FarEnd, Generic[_Station]):
    """Stations on one line; a unit id that none has is answered by nobody.

    Attributes:
        stations: By unit id.
    """

    TRANSPORTS = ("serial", "tcp", "modbus-tcp")

    def __init__(self, stations: Mapping[int, _Station]) -> None:
        self.stations: dict[int, _Station] = dict(stations)
        self._decoder = RequestDecoder()
        self._silence_s, self._is_heard = 0.0, False

    def station(self, unit_id: int) -> _Station:
        """Return a station; 0 is the first one.

        Raises:
            ValueError: No such unit.
        """
        found = self.stations.get(unit_id or next(iter(self.stations)))
        if found is None:
            raise ValueError(f"no unit {unit_id}; there are: {', '.join(map(str, self.stations))}")
        return found

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._is_heard = True
        self._decoder.receive_data(data)
        replies = []
        while not isinstance(request := self._decoder.next_frame(), NeedData):
            station = self.stations.get(request.unit_id)
            if station is not None and (reply := station.reply_to(request)):
                replies.append(reply)
        return replies

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``; a silence ends what was begun, as every station on a line does."""
        self._silence_s = 0.0 if self._is_heard else self._silence_s + dt_s
        self._is_heard = False
        if self._silence_s >= REQUEST_GAP_S:
            self._decoder, self._silence_s = RequestDecoder(), 0.0
        for station in self.stations.values():
            station.step(dt_s)
        return []

    def foreign_frame(self, reply: bytes) -> bytes:
        """See ``FarEnd.foreign_frame``: the same answer of another unit."""
        return encode_frame(reply[0] % 247 + 1, reply[1], reply[2:-2])
