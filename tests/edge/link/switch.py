"""A network between the nodes of a test: datagrams pass, are lost, are watched, are forged.

Every node has a port of its own here, to which the others send; what is passed on comes from the
sender's port, as it would without the switch.
"""

import asyncio
import random
import socket
from collections import deque
from collections.abc import Sequence

Address = tuple[str, int]
REMEMBERED_COUNT = 2_000


class Switch:
    """Between some nodes, in the loop of whoever runs it.

    Attributes:
        ports: By node, where the others are to send.
        seen: The newest datagrams that came: receiver and bytes.
    """

    def __init__(self, nodes: Sequence[str], *, loss: float = 0.0, seed: int = 1) -> None:
        """Bind a port for each node; ``loss`` is the share of datagrams that vanish."""
        self._loss, self._dice = loss, random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._sockets = {node: _bound() for node in nodes}
        self.ports: dict[str, Address] = {n: s.getsockname() for n, s in self._sockets.items()}
        self._real: dict[str, Address] = {}
        self._names: dict[Address, str] = {}
        self.seen: deque[tuple[str, bytes]] = deque(maxlen=REMEMBERED_COUNT)
        self.lost_count = self.passed_count = 0

    def connect(self, node: str, address: Address) -> None:
        """Say where a node really listens."""
        self._real[node], self._names[address] = address, node

    def forge(self, receiver: str, data: bytes, *, sender: str | None) -> None:
        """Send anything to a node, as another one or as a stranger."""
        if sender is not None:
            self._sockets[sender].sendto(data, self._real[receiver])
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(data, self._real[receiver])

    async def __aenter__(self) -> "Switch":
        """Pass datagrams on from now."""
        loop = asyncio.get_running_loop()
        for node, bound in self._sockets.items():
            bound.setblocking(False)
            loop.add_reader(bound, self._pass, node)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Pass nothing on any more."""
        loop = asyncio.get_running_loop()
        for bound in self._sockets.values():
            loop.remove_reader(bound)
            bound.close()

    def _pass(self, receiver: str) -> None:
        while True:
            try:
                data, address = self._sockets[receiver].recvfrom(65_536)
            except BlockingIOError:
                return
            sender = self._names.get(address)
            self.seen.append((receiver, data))
            if sender is None or self._dice.random() < self._loss:
                self.lost_count += 1
                continue
            self.passed_count += 1
            self._sockets[sender].sendto(data, self._real[receiver])


def _bound() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound
