"""What central answers where it cannot: a refusal with a code, and when to come again."""

import asyncio

import httpx
from fastapi import FastAPI

from central.connections import NoConnectionError
from central.problems import install


def asked(app: FastAPI) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://central") as client:
            return await client.get("/")

    return asyncio.run(ask())


def test_a_database_without_a_free_connection_is_told_and_when_to_come_again() -> None:
    app = FastAPI()
    install(app)

    @app.get("/")
    async def read() -> None:
        raise NoConnectionError("the site's share of connections is in use")

    answer = asked(app)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (answer.json()["code"], "connection" in answer.json()["detail"]) == (
        "database_busy",
        True,
    )
