"""Motion JPEG over HTTP: a multipart answer without end, one picture per part.

Source: RFC 2046, 5.1.1 (multipart syntax); ``multipart/x-mixed-replace`` itself is a de-facto
    standard of browsers and cameras.
"""

import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import httpx

from edge.vision.errors import CameraError
from edge.vision.picture import decode_jpeg, is_whole
from models.face.types import Image

PART_LENGTH_MAX = 8_000_000
HEADER_LENGTH_MAX = 4_096
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 2.5


class MultipartDecoder:
    """Cuts a multipart stream into parts; sans-I/O, bounded.

    Args:
        boundary: As the content type names it, with or without its leading dashes.
    """

    def __init__(self, boundary: str) -> None:
        # Some cameras put the dashes into the parameter, some do not.
        self._mark = b"--" + boundary.strip().strip('"').lstrip("-").encode("latin-1")
        self._buffer = bytearray()
        self._searched = 0

    def receive_data(self, data: bytes) -> None:
        """Take what came, in pieces of any size.

        Raises:
            CameraError: A part is longer than any picture.
        """
        self._buffer += data
        if len(self._buffer) > PART_LENGTH_MAX + HEADER_LENGTH_MAX:
            raise CameraError("the camera's stream has no end of picture in 8 MB")

    def next_part(self) -> bytes | None:
        """Return the body of the next whole part, or None when more data is needed."""
        start = self._buffer.find(self._mark)
        if start < 0:
            del self._buffer[: max(0, len(self._buffer) - len(self._mark))]
            self._searched = 0
            return None
        head_end = self._buffer.find(b"\r\n\r\n", start)
        if head_end < 0:
            if len(self._buffer) - start > HEADER_LENGTH_MAX:
                raise CameraError("the camera's stream has a part without an end of headers")
            return None
        body_start = head_end + 4
        length = _content_length(bytes(self._buffer[start:head_end]))
        if length is not None and length <= PART_LENGTH_MAX:
            return self._take_by_length(body_start, length)
        return self._take_by_mark(body_start)

    def _take_by_length(self, body_start: int, length: int) -> bytes | None:
        # The mark after the body is not waited for: it comes with the next picture.
        body_end = body_start + length
        is_whole = len(self._buffer) >= body_end
        if not is_whole or self._buffer.find(b"\r\n" + self._mark, body_start, body_end) >= 0:
            # A picture that was cut off brings the next mark before the promised length.
            return self._take_by_mark(body_start)
        body = bytes(self._buffer[body_start:body_end])
        del self._buffer[: body_start + length]
        self._searched = 0
        return body

    def _take_by_mark(self, body_start: int) -> bytes | None:
        begin = max(body_start, self._searched - len(self._mark) - 2)
        end = self._buffer.find(self._mark, begin)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        body = bytes(self._buffer[body_start:end])
        del self._buffer[:end]
        self._searched = 0
        return body.removesuffix(b"\r\n")


class MjpegSource:
    """An HTTP camera; ``http://USER:PASSWORD@HOST/...`` works with digest and basic.

    Raises:
        CameraError: Nobody answers, or what answers is no stream of pictures.
    """

    is_live = True

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            trust_env=False,  # a camera stands on the local network, never behind a proxy
        )
        try:
            self._reply = self._open(url)
            self._decoder = MultipartDecoder(_boundary(self._reply))
        except BaseException:
            self._client.close()
            raise
        self._pieces: Iterator[bytes] = self._reply.iter_raw()
        self._parts: deque[bytes] = deque()
        self._arrived_at_s = 0.0

    def read(self) -> tuple[Image, float]:
        """Return the newest picture and its arrival; whole pictures before it are not decoded."""
        try:
            while not self._parts:
                self._decoder.receive_data(next(self._pieces))
                self._arrived_at_s = time.monotonic()
                self._parts.extend(iter(self._decoder.next_part, None))
        except StopIteration:
            raise CameraError("the camera ended the stream") from None
        except httpx.TimeoutException as error:
            raise CameraError(f"the camera sent nothing for {READ_TIMEOUT_S} s") from error
        except httpx.HTTPError as error:
            raise CameraError("the connection to the camera broke") from error
        # What is superseded is passed over, but a damaged picture is told all the same.
        while len(self._parts) > 1 and is_whole(self._parts[0]):
            self._parts.popleft()
        return decode_jpeg(self._parts.popleft()), self._arrived_at_s

    def close(self) -> None:
        """Hang up."""
        self._reply.close()
        self._client.close()

    def _open(self, url: str) -> httpx.Response:
        parts = urlsplit(url)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        auth = httpx.DigestAuth(username, password) if username else None
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        try:
            reply = self._send(bare, auth)
            scheme = reply.headers.get("www-authenticate", "").partition(" ")[0].lower()
            if reply.status_code == httpx.codes.UNAUTHORIZED and scheme == "basic" and auth:
                reply.close()
                reply = self._send(bare, httpx.BasicAuth(username, password))
        except httpx.ConnectError as error:
            if "SSL" in str(error):
                raise CameraError(
                    f"the certificate of {parts.hostname} is not trusted here, or it speaks no "
                    "https: add the certificate to this machine, or take http"
                ) from error
            raise CameraError(
                f"no camera answers at {parts.hostname}:{parts.port or 80}"
            ) from error
        except httpx.TimeoutException as error:
            raise CameraError(f"the camera at {parts.hostname} does not answer") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CameraError(f"the camera at {parts.hostname} does not speak HTTP") from error
        if reply.status_code != httpx.codes.OK:
            reply.close()
            why = _STATUS_HINTS.get(reply.status_code, "look at the path of its address")
            raise CameraError(f"the camera answers HTTP {reply.status_code}: {why}")
        return reply

    def _send(self, url: str, auth: httpx.Auth | None) -> httpx.Response:
        return self._client.send(self._client.build_request("GET", url), auth=auth, stream=True)


_STATUS_HINTS = {
    401: "wrong user name or password",
    403: "this user may not see the picture",
    503: "busy, too many viewers",
}


def _boundary(reply: httpx.Response) -> str:
    kind, _, rest = reply.headers.get("content-type", "").partition(";")
    if not kind.strip().lower().startswith("multipart/"):
        reply.close()
        raise CameraError(f"not a stream of pictures: {kind.strip() or 'no content type'}")
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary" and value.strip():
            return str(value)
    reply.close()
    raise CameraError("the camera's stream names no boundary between pictures")


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None
