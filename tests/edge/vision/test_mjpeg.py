import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.mjpeg import PART_LENGTH_MAX, MjpegSource, MultipartDecoder
from tests.edge.vision.people import RED, Square, picture

JPEG = cv2.imencode(".jpg", picture(Square(RED)))[1].tobytes()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def part(body: bytes, *, length: int | None = None) -> bytes:
    promised = len(body) if length is None else length
    return b"--frame\r\nContent-Length: %d\r\n\r\n" % promised + body + b"\r\n"


def bare_part(body: bytes) -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + body + b"\r\n"


def all_parts(decoder: MultipartDecoder) -> list[bytes]:
    return list(iter(decoder.next_part, None))


@pytest.mark.parametrize("boundary", ["frame", "--frame", '"frame"', " frame"])
def test_the_boundary_is_found_however_the_camera_writes_it(boundary: str) -> None:
    decoder = MultipartDecoder(boundary)

    decoder.receive_data(part(b"one") + part(b"two"))

    assert all_parts(decoder) == [b"one", b"two"]


def test_parts_without_a_length_end_at_the_next_mark() -> None:
    decoder = MultipartDecoder("frame")

    decoder.receive_data(bare_part(b"one") + bare_part(b"two"))

    assert all_parts(decoder) == [b"one"]


def test_a_part_with_a_length_is_not_held_back_until_the_next_one() -> None:
    decoder = MultipartDecoder("frame")

    decoder.receive_data(part(b"one").removesuffix(b"\r\n"))

    assert all_parts(decoder) == [b"one"]


def test_a_part_cut_short_does_not_swallow_the_next() -> None:
    decoder = MultipartDecoder("frame")

    decoder.receive_data(part(b"cut", length=20) + part(b"whole") + part(b"another"))

    assert all_parts(decoder) == [b"cut", b"whole", b"another"]


def test_noise_before_the_first_mark_is_left_out() -> None:
    decoder = MultipartDecoder("frame")

    decoder.receive_data(b"\r\nnoise" * 1000 + part(b"one"))

    assert all_parts(decoder) == [b"one"]


def test_a_picture_without_end_is_refused() -> None:
    decoder = MultipartDecoder("frame")
    decoder.receive_data(b"--frame\r\n\r\n")

    with pytest.raises(CameraError, match="no end of picture"):
        decoder.receive_data(bytes(PART_LENGTH_MAX + 5_000))


def test_headers_without_end_are_refused() -> None:
    decoder = MultipartDecoder("frame")
    decoder.receive_data(b"--frame\r\n" + b"x: y\r\n" * 2_000)

    with pytest.raises(CameraError, match="without an end of headers"):
        decoder.next_part()


@given(st.lists(st.integers(1, 40), max_size=30), st.booleans())
def test_the_parts_are_the_same_in_pieces_of_any_size(sizes: list[int], has_length: bool) -> None:
    write = part if has_length else bare_part
    stream = b"".join(write(b"picture %d" % n) for n in range(5)) + b"--frame--\r\n"
    decoder, found = MultipartDecoder("frame"), list[bytes]()

    for size in [*sizes, len(stream)]:
        decoder.receive_data(stream[:size])
        stream = stream[size:]
        found += all_parts(decoder)

    assert found == [b"picture %d" % n for n in range(5)]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_garbage_gives_nothing_but_parts_or_camera_errors(pieces: list[bytes]) -> None:
    decoder = MultipartDecoder("frame")

    with contextlib.suppress(CameraError):
        for piece in pieces:
            decoder.receive_data(piece + b"--frame\r\n")
            all_parts(decoder)


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Answer each connection with the next bytes, then hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://ada:secret@127.0.0.1:{server.getsockname()[1]}/video"
        thread.join(60)


def test_pictures_come_decoded_and_the_end_is_said() -> None:
    with answering(HEAD + part(JPEG)) as url:
        source = MjpegSource(url)

        image, _ = source.read()
        with pytest.raises(CameraError, match="ended the stream"):
            source.read()
        source.close()

    assert image.shape == (480, 640, 3)


def test_a_truncated_jpeg_is_one_lost_picture() -> None:
    with answering(HEAD + part(JPEG[: len(JPEG) // 2])) as url:
        source = MjpegSource(url)

        with pytest.raises(DamagedPictureError, match="the end of the picture is missing"):
            source.read()
        source.close()


def test_of_pictures_that_came_together_the_newest_is_shown_and_the_cut_one_told() -> None:
    other = cv2.imencode(".jpg", picture(shade=30))[1].tobytes()
    with answering(HEAD + part(JPEG) + part(JPEG[:900], length=len(JPEG)) + part(other)) as url:
        source = MjpegSource(url)

        with pytest.raises(DamagedPictureError):
            source.read()
        image, _ = source.read()
        source.close()

    assert image[0, 0, 0] == 30


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404: look at the path"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "HTTP 503: busy"),
        (b"HTTP/1.1 401 No\r\n\r\n", "HTTP 401: wrong user name or password"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "text/html"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "no content type"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed\r\n\r\n", "names no boundary"),
        (b"SSH-2.0-dropbear\r\n", "does not speak HTTP"),
    ],
)
def test_what_is_no_stream_of_pictures_is_said_in_one_line(answer: bytes, complaint: str) -> None:
    with answering(answer) as url, pytest.raises(CameraError, match=complaint) as caught:
        MjpegSource(url)

    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_instead_of_a_picture_inside_the_stream_is_said() -> None:
    with answering(HEAD + part(b"<html>busy</html>")) as url:
        source = MjpegSource(url)

        with pytest.raises(CameraError, match="not a JPEG picture"):
            source.read()
        source.close()


def test_a_camera_that_asks_for_basic_gets_it() -> None:
    challenge = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=c\r\nContent-Length: 0\r\n\r\n"
    with answering(challenge, HEAD + part(JPEG)) as url:
        source = MjpegSource(url)

        image, _ = source.read()
        source.close()

    assert image.shape == (480, 640, 3)


def test_nobody_at_the_address_is_said_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(CameraError, match=f"no camera answers at 127.0.0.1:{port}"):
        MjpegSource(f"http://127.0.0.1:{port}/video")


def test_https_that_cannot_be_trusted_is_said() -> None:
    with (
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url,
        pytest.raises(CameraError, match="speaks no https"),
    ):
        MjpegSource(url.replace("http:", "https:"))
