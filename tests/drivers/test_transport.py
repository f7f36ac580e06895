import os
import socket
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers.transport import LineError, Transport, open_transport


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """Yield the far end's descriptor and the near end's path."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for descriptor in (master, slave):
        os.close(descriptor)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url_of(server: socket.socket) -> str:
    return f"socket://127.0.0.1:{server.getsockname()[1]}"


def receive_all(transport: Transport, length: int) -> bytes:
    data, deadline_s = b"", time.monotonic() + 60
    while len(data) < length and time.monotonic() < deadline_s:
        data += transport.receive(timeout_s=0.2)
    return data


def test_bytes_go_both_ways_through_a_serial_port(pty: tuple[int, str]) -> None:
    far_end, path = pty
    near_end = open_transport(path)

    near_end.send(b"\x01\x02")
    os.write(far_end, b"\x11\x13\x00\xff\r\n")

    assert os.read(far_end, 10) == b"\x01\x02"
    assert receive_all(near_end, 6) == b"\x11\x13\x00\xff\r\n"
    near_end.close()


def test_a_port_that_is_let_go_is_free_though_a_process_is_being_started(
    pty: tuple[int, str],
) -> None:
    transport = open_transport(pty[1])
    reader, writer = os.pipe()
    # Between fork and exec a child has whatever its parent has open.
    child = os.fork()
    if child == 0:
        os.read(reader, 1)
        os._exit(0)
    try:
        transport.close()

        open_transport(pty[1]).close()
    finally:
        os.write(writer, b".")
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


def test_bytes_go_both_ways_through_tcp(server: socket.socket) -> None:
    near_end = open_transport(url_of(server))
    far_end, _ = server.accept()

    near_end.send(b"\x01\x02")
    far_end.sendall(b"\x03\x04")

    assert far_end.recv(10) == b"\x01\x02"
    assert receive_all(near_end, 2) == b"\x03\x04"
    near_end.close()
    far_end.close()


def test_nothing_arrives_in_time_is_empty(pty: tuple[int, str]) -> None:
    transport = open_transport(pty[1])
    began_s = time.monotonic()

    assert transport.receive(timeout_s=0.05) == b""
    assert time.monotonic() - began_s >= 0.05
    transport.close()


def test_what_was_not_asked_for_is_dropped_and_counted(
    pty: tuple[int, str], server: socket.socket
) -> None:
    serial_port, tcp = open_transport(pty[1]), open_transport(url_of(server))
    far_end, _ = server.accept()

    os.write(pty[0], b"12345")
    far_end.sendall(b"123")

    for transport, length in ((serial_port, 5), (tcp, 3)):
        dropped, deadline_s = 0, time.monotonic() + 60
        while dropped < length and time.monotonic() < deadline_s:
            dropped += len(transport.discard_input())
        assert dropped == length
        assert transport.receive(timeout_s=0.01) == b""
        transport.close()
    far_end.close()


@pytest.mark.parametrize("parity", ["E", "O"])
def test_a_pseudo_terminal_opens_again_and_again_whatever_the_parity(
    pty: tuple[int, str], parity: str
) -> None:
    for _ in range(3):
        open_transport(pty[1], parity=parity, stopbits=2).close()


def test_a_port_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LineError, match=r"there is no port .*plugged in") as caught:
        open_transport(str(tmp_path / "gone"))

    assert "\n" not in str(caught.value)


def test_a_port_that_is_in_use_is_one_line(pty: tuple[int, str]) -> None:
    with (
        serial.Serial(pty[1], exclusive=True),
        pytest.raises(LineError, match="used by another program"),
    ):
        open_transport(pty[1])


def test_a_file_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no port", encoding="utf-8")

    with pytest.raises(LineError, match="is no serial port"):
        open_transport(str(path))


@pytest.mark.parametrize("url", ["socket://", "socket://host", "socket://host:port"])
def test_an_address_that_is_none_is_one_line(url: str) -> None:
    with pytest.raises(LineError, match="socket://HOST:PORT"):
        open_transport(url)


def test_a_server_that_is_not_there_is_one_line(server: socket.socket) -> None:
    url = url_of(server)
    server.close()

    with pytest.raises(LineError, match="does not answer"):
        open_transport(url)


def test_an_adapter_that_is_pulled_is_a_lost_line() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    transport = open_transport(os.ttyname(slave))
    pulled = threading.Timer(0.05, os.close, [master])
    pulled.start()

    with pytest.raises(LineError, match="is gone"):
        receive_all(transport, 1)

    pulled.join()
    os.close(slave)
    transport.close()
    transport.close()


def test_a_server_that_hangs_up_is_a_lost_line(server: socket.socket) -> None:
    transport = open_transport(url_of(server))
    server.accept()[0].close()

    with pytest.raises(LineError, match="hung up"):
        receive_all(transport, 1)

    with pytest.raises(LineError, match="hung up"):
        transport.discard_input()
    transport.close()
