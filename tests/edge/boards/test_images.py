"""Images for boards, from a central that breaks off, lies and goes away."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from edge.boards.images import ImageMissingError, Images
from edge.central_client import CentralClient, CentralUnreachableError
from edge.clock import NodeClock
from tests.edge.central_stand_in import CentralStandIn
from tests.edge.conftest import enrolled

DATA = bytes(range(256)) * 20
SHA256 = hashlib.sha256(DATA).hexdigest()
SIZE_BYTES = len(DATA)
_Answer = TypeVar("_Answer")


def use(
    folder: Path, central: CentralStandIn, act: Callable[[Images], Awaitable[_Answer]]
) -> _Answer:
    identity = enrolled(folder / "home", central)

    async def run() -> _Answer:
        client = CentralClient(identity, NodeClock())
        try:
            return await act(Images(client, folder / "images"))
        finally:
            await client.close()

    return asyncio.run(run())


def test_an_image_is_fetched_once(tmp_path: Path, central: CentralStandIn) -> None:
    central.firmware[SHA256] = DATA

    async def act(images: Images) -> list[bytes]:
        return [await images.get(SHA256, size_bytes=SIZE_BYTES) for _ in range(2)]

    assert use(tmp_path, central, act) == [DATA, DATA]
    assert len(central.firmware_asked) == 1


def test_what_came_before_the_line_broke_is_not_asked_for_again(
    tmp_path: Path, central: CentralStandIn
) -> None:
    central.firmware[SHA256], central.firmware_piece = DATA, 2000

    async def act(images: Images) -> bytes:
        for _ in range(2):
            with pytest.raises(CentralUnreachableError):
                await images.get(SHA256, size_bytes=SIZE_BYTES)
        return await images.get(SHA256, size_bytes=SIZE_BYTES)

    assert use(tmp_path, central, act) == DATA
    assert central.firmware_asked == ["", "bytes=2000-", "bytes=4000-"]


@pytest.mark.parametrize("given", [b"x" * SIZE_BYTES, DATA + b"x"])
def test_another_image_is_none(tmp_path: Path, central: CentralStandIn, given: bytes) -> None:
    central.firmware[SHA256] = given

    with pytest.raises(ImageMissingError):
        use(tmp_path, central, lambda images: images.get(SHA256, size_bytes=SIZE_BYTES))


def test_an_image_that_central_does_not_have_is_missing(
    tmp_path: Path, central: CentralStandIn
) -> None:
    with pytest.raises(ImageMissingError, match="404"):
        use(tmp_path, central, lambda images: images.get(SHA256, size_bytes=SIZE_BYTES))


def test_a_kept_image_is_there_with_central_dead_and_gone_with_its_update(
    tmp_path: Path, central: CentralStandIn
) -> None:
    central.firmware[SHA256] = DATA

    async def act(images: Images) -> bytes:
        await images.get(SHA256, size_bytes=SIZE_BYTES)
        central.stop()
        await images.keep_only({SHA256})
        kept = await images.get(SHA256, size_bytes=SIZE_BYTES)
        await images.keep_only(())
        return kept

    assert use(tmp_path, central, act) == DATA
    assert list((tmp_path / "images").iterdir()) == []


def test_a_damaged_file_is_fetched_again(tmp_path: Path, central: CentralStandIn) -> None:
    central.firmware[SHA256] = DATA
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / f"{SHA256}.image").write_bytes(DATA[:-1])

    found = use(tmp_path, central, lambda images: images.get(SHA256, size_bytes=SIZE_BYTES))

    assert found == DATA
