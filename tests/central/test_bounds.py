"""Nobody fills the memory with a body, whoever they are."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from central import problems
from central.bounds import JSON_SIZE_BYTES_MAX, SIZE_BYTES_MAX, Bounded

PIECE = b" " * 1_000_000
APP = FastAPI()
problems.install(APP)
APP.add_middleware(Bounded)


@APP.post("/")
def take(wish: dict[str, int]) -> int:
    """Take JSON; the framework reads it."""
    return len(wish)


def posted(pieces: int, **headers: str) -> httpx.Response:
    """Send that many pieces of white space and an object, without a length unless it is said."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield PIECE
        yield b"{}"

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://central") as client:
            return await client.post("/", content=body(), headers=headers)

    return asyncio.run(post())


JSON = {"content-type": "application/json"}


def test_what_is_not_too_long_is_taken() -> None:
    reply = posted(11, **JSON)

    assert (reply.status_code, reply.json()) == (200, 0)


def test_a_body_without_a_length_is_cut_off() -> None:
    reply = posted(12, **JSON)

    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert str(JSON_SIZE_BYTES_MAX) in reply.json()["detail"]


def test_a_body_that_does_not_come_is_given_up() -> None:
    hasty = FastAPI()
    problems.install(hasty)
    hasty.add_middleware(Bounded, slack_s=0.0)
    hasty.post("/")(take)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(hasty)
        async with httpx.AsyncClient(transport=transport, base_url="http://central") as client:
            return await client.post("/", content=never(), headers=JSON)

    reply = asyncio.run(post())

    assert (reply.status_code, reply.json()["code"]) == (408, "too_slow")


@pytest.mark.parametrize(
    ("content_type", "size_bytes"),
    [("application/json", JSON_SIZE_BYTES_MAX), ("video/mp4", SIZE_BYTES_MAX)],
)
def test_a_length_that_is_too_long_is_refused_before_anything_is_read(
    content_type: str, size_bytes: int
) -> None:
    headers = {"content-type": content_type, "content-length": str(size_bytes + 1)}

    assert posted(0, **headers).json()["code"] == "too_large"
