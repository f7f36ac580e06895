import asyncio

import httpx
import pytest
from fastapi import FastAPI

from edge import pages


def test_a_free_port_is_listened_on_and_served() -> None:
    app = FastAPI()
    app.add_api_route("/", lambda: "here")

    async def act() -> str:
        listener = pages.listen(0)
        assert listener is not None
        task = asyncio.create_task(pages.serve(app, listener))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        async with httpx.AsyncClient() as client:
            text = (await client.get(url)).text
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
        return text

    assert asyncio.run(act()) == '"here"'


def test_a_port_in_use_is_one_line_that_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    first = pages.listen(0)
    assert first is not None

    second = pages.listen(first.getsockname()[1])

    assert second is None
    assert "choose another kiosk_port" in caplog.text
    first.close()
