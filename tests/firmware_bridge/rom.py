"""A simulated chip at a cable without a line, so that nothing waits."""

from collections.abc import Callable

from drivers.transport import LineError
from firmware_bridge.peer_rom_loader import Simulator
from firmware_bridge.rom_loader import RomLoader

Spoil = Callable[[bytes], bytes]


class Cable:
    """A transport whose far end is a simulated chip; time does not pass on it.

    Attributes:
        chip: The far end.
        spoil: What becomes of the chip's answers.
        is_connected: A cable that is not loses whoever uses it.
        sent: All that was sent.
    """

    def __init__(self, chip: Simulator) -> None:
        self.chip = chip
        self.spoil: Spoil = lambda answer: answer
        self.is_connected = True
        self.sent: list[bytes] = []
        self._coming = b""

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._check()
        self.sent.append(data)
        answers = self.chip.receive_data(data) + self.chip.step(60.0)
        self._coming += b"".join(self.spoil(answer) for answer in answers)

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``; what does not come at once does not come."""
        return self.discard_input()

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        self._check()
        arrived, self._coming = self._coming, b""
        return arrived

    def close(self) -> None:
        """See ``Transport.close``."""

    def _check(self) -> None:
        if not self.is_connected:
            raise LineError("port /dev/ttyUSB0 is gone: it was unplugged")


def chip_and_loader(**settings: int | bool | float) -> tuple[Cable, RomLoader]:
    """Return a cable to a new chip, and a loader that uses it."""
    cable = Cable(Simulator(Simulator.Settings(**settings)))  # type: ignore[arg-type]  # by name
    return cable, RomLoader(cable)
