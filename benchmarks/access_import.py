"""How long the personnel office's file of 10,000 people takes: preview and applying it.

Measured through central's application on SQLite, from the workbook's bytes to the last commit. Used
by ``benchmarks.access``.
"""

import asyncio
import io
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx
from openpyxl import Workbook

from central.app import create_app
from central.settings import Settings
from config.site import Site

SITE: Final = {
    "site": {"id": "benchmark", "name": {"en": "Benchmark"}},
    "node": [{"id": "gate-1"}],
    "bus": [{"id": "line-1", "node": "gate-1", "port": "/dev/null"}],
    "device": [{"id": "gate", "driver": "speed_gate", "bus": "line-1"}],
    "access_point": [{"id": "lane", "node": "gate-1", "device": "gate"}],
}
URL: Final = "http://127.0.0.1:1"
PASSWORD: Final = "only for this benchmark"  # noqa: S105 - of a database that is thrown away
HEADINGS: Final = ("工号", "姓名", "部门", "卡号", "有效期起", "有效期止", "状态", "通行点")
UNITS: Final = 40


def workbook(people: int) -> bytes:
    """Return a file with so many people, each with a card."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADINGS)
    for n in range(people):
        unit = f"总务处/科室{n % UNITS}"
        sheet.append((f"{n:05}", f"人员{n}", unit, f"{n:010}", "2026-01-01", "2099-12-31", "在职",
                      "全部"))  # fmt: skip
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def measure_import(people: int) -> tuple[float, float]:
    """Return the seconds of the preview and of applying it."""
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(_measure(workbook(people), people, Path(home)))


async def _measure(content: bytes, people: int, home: Path) -> tuple[float, float]:
    app = create_app(Settings(site=Site.model_validate(SITE), home=home, url=URL))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url=f"{URL}/api/v1", headers={"Origin": URL}, timeout=600
        ) as client,
    ):
        services = app.state.services
        invitation = await services.users.invite_first(now=services.now())
        await become_administrator(client, invitation.link)
        return await import_people(client, content, people)


async def become_administrator(client: httpx.AsyncClient, link: str) -> None:
    """Accept the invitation of a central that has just started."""
    wish = {"secret": link.partition("#")[2], "username": "benchmark", "password": PASSWORD}
    checked(await client.post("/invitations/accept", json=wish))


async def import_people(
    client: httpx.AsyncClient, content: bytes, people: int
) -> tuple[float, float]:
    """Import a ``workbook``; returns the seconds of the preview and of applying it."""
    began_s = time.perf_counter()
    files = {"file": ("roster.xlsx", content)}
    preview = checked(await client.post("/people/imports", files=files))
    shown_s = time.perf_counter()
    path = f"/people/imports/{preview['import_id']}/apply"
    result = checked(await client.post(path, json={"token": preview["token"]}))
    done_s = time.perf_counter()
    if (result["new"], result["cards"]) != (people, people):
        raise RuntimeError(f"not everybody was imported: {result}")
    return shown_s - began_s, done_s - shown_s


def checked(reply: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    """Return what central answered; raises what the library raises for an error."""
    reply.raise_for_status()
    return reply.json()
