"""Lines that are no serial port, over real sockets on loopback."""

import socket
import time
from collections.abc import Iterator

import pytest

from drivers.network_transport import ModbusTcpTransport
from drivers.protocols import modbus_rtu as rtu
from drivers.protocols import modbus_tcp
from drivers.simulation import free_port
from drivers.transport import LineError, NobodyThereError, Transport, open_transport

READ = rtu.encode_read_coils(3, address=0, count=8)
REPLY = rtu.encode_reply(READ, b"\x05")


@pytest.fixture
def listening() -> Iterator[tuple[Transport, int]]:
    port = free_port()
    transport = open_transport(f"listen://127.0.0.1:{port}")
    yield transport, port
    transport.close()


def received(transport: Transport, count: int) -> bytes:
    """Return what arrives until it is enough, or five seconds are over."""
    data, deadline_s = b"", time.monotonic() + 60
    while len(data) < count and time.monotonic() < deadline_s:
        data += transport.receive(timeout_s=0.1)
    return data


def test_who_dials_in_is_heard_and_answered(listening: tuple[Transport, int]) -> None:
    transport, port = listening
    with socket.create_connection(("127.0.0.1", port)) as device:
        device.sendall(b"alarm")

        assert received(transport, 5) == b"alarm"
        transport.send(b"ack")
        assert device.recv(16) == b"ack"


def test_nobody_having_dialled_in_is_no_lost_line(listening: tuple[Transport, int]) -> None:
    transport, _ = listening

    with pytest.raises(NobodyThereError, match="nobody has dialled in"):
        transport.send(b"hello")

    assert transport.receive(timeout_s=0.0) == b""


def test_the_newest_connection_replaces_the_one_before(listening: tuple[Transport, int]) -> None:
    transport, port = listening
    with socket.create_connection(("127.0.0.1", port)) as old:
        old.sendall(b"old")
        assert received(transport, 3) == b"old"
        with socket.create_connection(("127.0.0.1", port)) as new:
            new.sendall(b"new")

            assert received(transport, 3) == b"new"
            assert old.recv(16) == b""


def test_a_device_that_hangs_up_may_dial_in_again(listening: tuple[Transport, int]) -> None:
    transport, port = listening
    for word in (b"one", b"two"):
        with socket.create_connection(("127.0.0.1", port)) as device:
            device.sendall(word)

            assert received(transport, 3) == word


def test_a_port_that_is_taken_is_said_in_one_line(listening: tuple[Transport, int]) -> None:
    with pytest.raises(LineError, match="cannot be listened on"):
        open_transport(f"listen://127.0.0.1:{listening[1]}")


def test_datagrams_come_whole_and_only_from_the_far_end() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        transport = open_transport(f"udp://127.0.0.1:{device.getsockname()[1]}")
        transport.send(b"who is there")
        asked, sender = device.recvfrom(64)
        device.sendto(b"first", sender)
        device.sendto(b"second", sender)

        assert asked == b"who is there"
        assert [transport.receive(timeout_s=5.0) for _ in range(2)] == [b"first", b"second"]
        transport.close()


class Script:
    """A transport below: keeps what is sent, gives what is scripted."""

    def __init__(self, *replies: bytes) -> None:
        self.sent: list[bytes] = []
        self._replies = list(replies)

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def receive(self, *, timeout_s: float) -> bytes:
        return self._replies.pop(0) if self._replies else b""

    def discard_input(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


def tcp_frame(transaction_id: int) -> bytes:
    return modbus_tcp.encode(modbus_tcp.Frame(transaction_id, REPLY[0], REPLY[1:-2]))


def test_modbus_tcp_looks_like_modbus_rtu_to_the_bus() -> None:
    below = Script(tcp_frame(1))
    transport = ModbusTcpTransport(below)

    transport.send(READ.frame)

    assert below.sent == [bytes.fromhex("00 01 00 00 00 06") + READ.frame[:-2]]
    assert transport.receive(timeout_s=1.0) == REPLY


def test_a_reply_of_another_transaction_is_late_and_dropped() -> None:
    transport = ModbusTcpTransport(Script(tcp_frame(1) + tcp_frame(2)))
    transport.send(READ.frame)
    transport.send(READ.frame)

    assert transport.receive(timeout_s=1.0) == REPLY
    assert transport.receive(timeout_s=0.0) == b""


@pytest.mark.parametrize(
    ("port", "complaint"),
    [
        ("socket://nowhere", "write socket://HOST:PORT"),
        ("socket://127.0.0.1:99999", "write socket://HOST:PORT"),
        ("udp://127.0.0.1:9?listen=x", "listen=x is no port"),
        ("gopher://127.0.0.1:70", "is no line"),
        ("modbus-tcp://", "write modbus-tcp://HOST:PORT"),
    ],
)
def test_what_is_no_address_is_said_in_one_line(port: str, complaint: str) -> None:
    with pytest.raises(LineError, match=complaint):
        open_transport(port)
