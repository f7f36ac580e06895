"""Paced lines with many stations, in a process of their own: the hardware of ``benchmarks.bus``.

``python -m benchmarks.bus_hardware LINES DEVICES BAUD`` prints a JSON line with the ports, then
obeys ``dead UNIT`` and ``alive`` on standard input until that ends.
"""

import functools
import json
import sys

from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.line import SimulatedLine
from drivers.simulators.modbus_stations import ModbusStations
from drivers.simulators.speed_gate import Gate, Station


class QuickStation(Station):
    """A speed gate that stands still: time passes only when somebody speaks to it."""

    def __init__(self) -> None:
        super().__init__(Gate())
        self.is_dead = False

    def reply_to(self, request: rtu.Request) -> bytes:
        """See ``Station.reply_to``."""
        if self.is_dead:
            return b""
        if request.function == rtu.READ_INPUT_REGISTERS and request.address == 0:
            return _idle_reply(request.frame)
        return super().reply_to(request)

    def step(self, dt_s: float) -> None:
        """Stand still."""


@functools.cache
def _idle_reply(frame: bytes) -> bytes:
    """Return what an idle gate says, made once: simulating must not cost the measured one."""
    decoder = rtu.RequestDecoder()
    decoder.receive_data(frame)
    request = decoder.next_frame()
    if not isinstance(request, rtu.Request):
        raise TypeError("a frame is cached whole")
    return Station(Gate()).reply_to(request)


class QuickStations(ModbusStations[QuickStation]):
    """A line of them, which has no time of its own."""

    STEP_S = 1.0


def main() -> None:
    """Serve until standard input ends."""
    line_count, device_count, baudrate = (int(word) for word in sys.argv[1:4])
    hardware = [
        QuickStations({unit_id: QuickStation() for unit_id in range(1, device_count + 1)})
        for _ in range(line_count)
    ]
    lines = [SimulatedLine(far_end, baudrate=baudrate) for far_end in hardware]
    print(json.dumps([line.start_serial() for line in lines]), flush=True)
    for order in sys.stdin:
        words = order.split()
        for far_end in hardware:
            for unit_id, station in far_end.stations.items():
                station.is_dead = words[0] == "dead" and unit_id == int(words[1])
    # The lines' threads end with the process: stopping each in turn would take a minute.


if __name__ == "__main__":
    main()
