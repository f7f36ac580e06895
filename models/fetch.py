"""Networks from their official places, over HTTPS only, or from a mirror that holds the same files.

A transfer that breaks off leaves a ``.part`` file and goes on from there, in the same run or the
next one. What arrives is compared with the catalogue's hashes before anything else looks at it, so
a mirror needs no trust. Proxies and certificates are those of the environment (``HTTPS_PROXY``,
``SSL_CERT_FILE``).
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import httpx

from models.catalogue import Network, SourceFile, catalogue
from models.store import Store, StoreError, check

ATTEMPTS_MAX: Final = 5
"""Requests for one file in one run; each but the first goes on where the last one stopped."""
REDIRECTS_MAX: Final = 5
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
"""Seconds without a byte, and until a connection stands."""
WITHOUT_INTERNET: Final = "without internet, bring the file and run `menshen models add FILE`"

OnProgress = Callable[[SourceFile, int], None]
"""Told which file, and how many of its bytes are here."""


class FetchError(StoreError):
    """A network could not be fetched; the message is one line that says what to do."""


class _WrongContentError(FetchError):
    """What arrived is of no use, so that nothing is kept of it."""


@contextlib.contextmanager
def open_client() -> Iterator[httpx.Client]:
    """Open the client that fetches: HTTPS only, also where it is sent on to.

    Raises:
        FetchError: The proxy or the certificates that the environment names cannot be used.
    """
    try:
        client = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=True,
            max_redirects=REDIRECTS_MAX,
            event_hooks={"request": [_require_https]},
        )
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
        raise FetchError(f"the proxy or certificates of the environment: {error}") from error
    with client:
        yield client


def check_mirror(url: str) -> None:
    """Refuse a mirror that is not HTTPS.

    Raises:
        FetchError: It is another kind of address.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchError(f"{url} is no https address: {error}") from error
    if address.scheme != "https" or not address.host:
        raise FetchError(f"{url} is no https address: networks are fetched over HTTPS only")


def wanted(pipeline: str, store: Store) -> list[Network]:
    """Return the networks that fill the roles a store lacks of a pipeline, published ones first.

    Raises:
        FetchError: There is no such pipeline.
    """
    roles: dict[str, list[Network]] = {}
    for network in catalogue():
        if pipeline in network.pipelines:
            roles.setdefault(network.role, []).append(network)
    if not roles:
        names = sorted({name for network in catalogue() for name in network.pipelines})
        raise FetchError(f"no pipeline {pipeline!r}; there are: {', '.join(names)}")
    return [
        max(networks, key=lambda network: network.is_published)
        for networks in roles.values()
        if not any(store.has(network) for network in networks)
    ]


def fetch(
    network: Network,
    store: Store,
    *,
    client: httpx.Client,
    mirror: str | None = None,
    on_progress: OnProgress,
) -> None:
    """Download a network's files, check them and put them into the store.

    Args:
        network: To be fetched, whether it is there or not.
        store: Where it goes; ``.part`` files lie in its folder meanwhile.
        client: As ``open_client`` opens it.
        mirror: Address of a folder with the files under their usual names, instead of the
            official places.
        on_progress: Told of every piece.

    Raises:
        FetchError: It is not published, cannot be reached, or is broken off or wrong.
        StoreError: The file is not the catalogue's, or the store cannot be written.
    """
    if network.source is not None:
        raise FetchError(f"{network.name} is converted here: run `menshen models build`")
    if mirror is None and not network.is_published:
        raise FetchError(
            f"{network.name} has no official download: bring {network.files[0].name} "
            f"({network.origin}) and run `menshen models add FILE`"
        )
    parts = [store.folder / f"{file.name}.part" for file in network.files]
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        files = [
            _download(client, _address(file, mirror), file, part, on_progress)
            for file, part in zip(network.files, parts, strict=True)
        ]
        store.put(network, files)
        for part in parts:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FetchError(f"cannot write {store.folder}: {error.strerror}") from error


def _address(file: SourceFile, mirror: str | None) -> str:
    return file.url or "" if mirror is None else f"{mirror.rstrip('/')}/{file.name}"


def _download(
    client: httpx.Client, url: str, expected: SourceFile, part: Path, on_progress: OnProgress
) -> bytes:
    """Return a file, checked; ``part`` holds what has arrived of it."""
    with part.open("a+b") as target:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FetchError(f"{expected.name} is being fetched by another process") from error
        try:
            _fill(client, url, expected, target, on_progress)
            target.seek(0)
            raw = target.read()
            check(expected, raw)
        except FetchError as error:
            if isinstance(error, _WrongContentError) or _size(target) == 0:
                part.unlink(missing_ok=True)
            raise
        except StoreError:
            part.unlink(missing_ok=True)
            raise
    return raw


def _fill(
    client: httpx.Client,
    url: str,
    expected: SourceFile,
    target: BinaryIO,
    on_progress: OnProgress,
) -> None:
    """Ask until the file is complete, as long as every request brings it further."""
    host, reason = urlsplit(url).netloc, "it ended"
    for _ in range(ATTEMPTS_MAX):
        before = _size(target)
        if before >= expected.size_bytes:
            return
        try:
            _transfer(client, url, expected, target, on_progress)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
        if _size(target) <= before:
            break
    size = _size(target)
    if size == 0:
        raise FetchError(f"cannot fetch {expected.name} of {host} ({reason}): {WITHOUT_INTERNET}")
    if size < expected.size_bytes:
        raise FetchError(
            f"{host} broke off {expected.name} after {size} of {expected.size_bytes} bytes "
            f"({reason}): run `menshen models fetch` again, it goes on from there"
        )


def _transfer(
    client: httpx.Client,
    url: str,
    expected: SourceFile,
    target: BinaryIO,
    on_progress: OnProgress,
) -> None:
    """Ask once for what is missing, and append it."""
    size = _size(target)
    headers = {"Accept-Encoding": "identity"}
    if size:
        headers["Range"] = f"bytes={size}-"
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.OK:
            # The server knows no ranges: what was there is sent again.
            size = 0
            target.truncate(0)
        else:
            _check_partial(response, expected, size)
        # Pieces as they come: with a size of ours, what waits for more is lost when it breaks off.
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > expected.size_bytes:
                raise _WrongContentError(
                    f"{url} is larger than the {expected.size_bytes} bytes of the catalogue"
                )
            target.write(chunk)
            on_progress(expected, size)


def _check_partial(response: httpx.Response, expected: SourceFile, size: int) -> None:
    status = response.status_code
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise _WrongContentError(
            f"{response.url} has no more than {size} of {expected.size_bytes} bytes: "
            "it is another file"
        )
    if status != httpx.codes.PARTIAL_CONTENT or not size:
        reason = f"{status} {response.reason_phrase}".strip()
        raise FetchError(f"{response.url} answers {reason}: {WITHOUT_INTERNET}")
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != size or found[2] not in ("*", str(expected.size_bytes)):
        raise _WrongContentError(f"{response.url} answers with another part than was asked for")


def _size(target: BinaryIO) -> int:
    return target.seek(0, os.SEEK_END)


def _require_https(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise FetchError(f"{request.url} is not https: networks are fetched over HTTPS only")
