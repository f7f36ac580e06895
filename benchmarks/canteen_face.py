"""A face before a till: how long until it says *paid*, with central and without.

Central, the terminal and its camera are processes of their own. A diner walks up and stands there;
then the cashier has typed the price. The time is from the key that asks for the money to the page's
*paid*: the next picture, recognition, the money kept at central, the charge on the disk. What the
site grants a diner to say *not me* (``confirm_s``) is 0 here.
"""

import asyncio
import contextlib
import json
import random
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
from rich.progress import Progress

from config.contract.trust import NodeToken
from config.demo.cable import Cable
from config.demo.control import CentralControl, SimulatorControl, TerminalControl
from config.demo.hardware import build_models, start_camera
from config.demo.photographs import find_photographs
from config.demo.processes import Processes

NODE, TILL, MERCHANT, PERSON = "till-1", "till-1", "canteen", "astronaut"
SAMPLES: Final = 30
WARM_UP: Final = 3
PURSE_FEN: Final = 100_000
KEYS: Final = "8.50"
PATIENCE_S: Final = 20.0
LOOK_S: Final = 0.02
SEED: Final = 7
SITE_FILE: Final = """
[site]
id = "benchmark"
name = { "zh-CN" = "测试食堂", en = "Benchmark" }

[[node]]
id = "till-1"
kiosk_port = 0

[[camera]]
id = "camera-till"
node = "till-1"
url = "CAMERA"

[[merchant]]
id = "canteen"

[[till]]
id = "till-1"
node = "till-1"
merchant = "canteen"
mode = "keyed"
camera = "camera-till"
attended = false
liveness = "off"
threshold_margin = 0
confirm_s = 0
"""
PLAN: Final[dict[str, Any]] = {
    "merchants": [
        {
            "merchant": MERCHANT,
            "periods": [
                {
                    "id": "all-day",
                    "name": {"zh-CN": "全天", "en": "All day"},
                    "begins": "00:00",
                    "ends": "23:59",
                }
            ],
        }
    ],
    "limits": {"repeat_s": 0, "offline_person_fen": 1_000_000},
}


class Counter:
    """One till, its camera, and central behind a cable that can be pulled."""

    def __init__(
        self, terminal: TerminalControl, page: httpx.AsyncClient, camera: SimulatorControl
    ) -> None:
        self._terminal, self._page, self._camera = terminal, page, camera
        self._screen = dict[str, Any]()
        self._is_news = asyncio.Condition()

    async def follow(self) -> None:
        """Take what the till's page shows, for ever."""
        async with self._page.stream("GET", f"/till/{TILL}/stream", timeout=None) as reply:
            reply.raise_for_status()
            async for line in reply.aiter_lines():
                if line.startswith("data:"):
                    async with self._is_news:
                        self._screen = json.loads(line.removeprefix("data:"))
                        self._is_news.notify_all()

    async def until(self, *phases: str) -> str:
        """Return the first of some phases that the page shows."""
        async with asyncio.timeout(PATIENCE_S), self._is_news:
            await self._is_news.wait_for(lambda: self._screen.get("phase") in phases)
            return str(self._screen["phase"])

    async def link(self, *, is_online: bool) -> None:
        """Wait until the till knows whether central is there."""
        async with asyncio.timeout(PATIENCE_S), self._is_news:
            await self._is_news.wait_for(
                lambda: self._screen.get("link", {}).get("is_online") is is_online
            )

    async def sell(self) -> float | None:
        """Let somebody stand there and pay; returns the milliseconds, None where they did not."""
        await self._camera.act("approach", photo=PERSON)
        await self._at_camera("standing")
        for key in KEYS:
            await self._terminal.tell_till(TILL, do="key", key=key)
        began_s = time.monotonic()
        await self._terminal.tell_till(TILL, do="confirm")
        phase = await self.until("paid", "refused")
        took_ms = (time.monotonic() - began_s) * 1000
        await self._camera.act("leave")
        await self.until("idle", "choosing")
        await self._at_camera(None)
        return took_ms if phase == "paid" else None

    async def _at_camera(self, doing: str | None) -> None:
        """Wait until whoever is before the camera does this; None is nobody."""
        while True:
            people = (await self._camera.state())["people"]
            if [each["doing"] for each in people] == ([] if doing is None else [doing]):
                return
            await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def counter(folder: Path) -> AsyncIterator[tuple[Counter, Cable, CentralControl]]:
    """Run all of it until the block ends."""
    photographs = find_photographs()
    async with Processes(folder) as processes, contextlib.AsyncExitStack() as stack:
        camera = await start_camera(processes, "camera", photographs)
        site = folder / "site.toml"
        site.write_text(SITE_FILE.replace("CAMERA", str(camera.ready["tcp"])), encoding="utf-8")
        service = await processes.start(
            "central", "central", "--site", str(site), "--home", str(folder / "central"),
            "--port", "0", "--json",
        )  # fmt: skip
        central, manager = (CentralControl(service.ready["url"]) for _ in range(2))
        stack.push_async_callback(central.close)
        stack.push_async_callback(manager.close)
        secret = str(uuid.uuid4())
        await central.accept_invitation(
            service.ready["invitation_link"], username="bench", password=secret
        )
        link = await central.invite("canteen_manager")
        await manager.accept_invitation(link, username="manager", password=secret)
        await manager.put("/canteen/plan", made_from=0, plan=PLAN)
        photograph = photographs[PERSON]
        holder_id = await central.add_person(photograph.name, "1001")
        await central.enrol_face(holder_id, photograph.path)
        await central.consent(holder_id, purpose="canteen")
        await manager.order("/canteen/office/drawers", key=str(uuid.uuid4()), float_fen=0)
        await manager.order(
            "/canteen/office/money",
            key=str(uuid.uuid4()), kind="top_up", holder_id=holder_id, amount_fen=PURSE_FEN,
        )  # fmt: skip
        address = httpx.URL(central.url)
        cable = Cable(address.host, address.port or 80)
        await cable.open()
        stack.push_async_callback(cable.close)
        token = NodeToken.from_line(await central.node_token(NODE))
        token = token.model_copy(update={"url": cable.url})
        edge = await processes.start(
            "till", "edge", "--site", str(site), "--node", NODE,
            "--home", str(folder / "till"), "--token", token.to_line(), "--json",
        )  # fmt: skip
        terminal = TerminalControl.from_ready(edge.ready)
        stack.push_async_callback(terminal.close)
        page = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=str(edge.ready["kiosk"]).partition("?")[0].rstrip("/"),
                headers={"Authorization": f"Bearer {edge.ready['local_key']}"},
            )
        )
        hand = SimulatorControl(camera.ready)
        stack.push_async_callback(hand.close)
        till = Counter(terminal, page, hand)
        following = asyncio.create_task(till.follow())
        try:
            yield till, cable, manager
        finally:
            following.cancel()


async def _sell_some(till: Counter, samples: int, bar: Progress, label: str) -> list[float]:
    dice, found = random.Random(SEED), list[float]()  # noqa: S311 - for spacing
    task = bar.add_task(label, total=samples)
    for _ in range(samples):
        took_ms = await till.sell()
        if took_ms is not None:
            found.append(round(took_ms, 1))
        # Never in step with the camera's pictures.
        await asyncio.sleep(dice.uniform(0.0, 0.2))
        bar.advance(task)
    return found


async def _measure(samples: int) -> dict[str, Any]:
    await build_models()
    with (
        tempfile.TemporaryDirectory(prefix="menshen-canteen-") as folder,
        Progress(transient=True) as bar,
    ):
        async with counter(Path(folder)) as (till, cable, manager):
            await till.until("idle")
            await till.link(is_online=True)
            # The till hears of people, money and the plan meanwhile.
            first = [await till.sell() for _ in range(WARM_UP)]
            online = await _sell_some(till, samples, bar, "online")
            cable.pull()
            await till.link(is_online=False)
            offline = await _sell_some(till, samples, bar, "offline")
            cable.plug()
            await till.link(is_online=True)
            paid = len(online) + len(offline)
            before = sum(took_ms is not None for took_ms in first)
            charges = await _charges(manager, at_least=before + paid)
    return {
        "face_to_paid_p95_ms": {"online": _p95(online), "offline": _p95(offline)},
        "face_to_paid_ms": {"online": sorted(online), "offline": sorted(offline)},
        "face_to_paid": {
            "asked": 2 * samples,
            "paid": paid,
            "lost": before + paid - len(charges),
            "reserved": sum(bool(each["is_reserved"]) for each in charges),
        },
    }


async def _charges(manager: CentralControl, *, at_least: int) -> list[dict[str, Any]]:
    """Return central's charges, once those of the time without it have come."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            items: list[dict[str, Any]] = (await manager.ask("/canteen/charges", limit="500"))[
                "items"
            ]
            if len(items) >= at_least:
                return items
            await asyncio.sleep(0.2)


def _p95(values: list[float]) -> float | None:
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)] if ordered else None


def measure_face_to_paid(*, samples: int = SAMPLES) -> dict[str, Any]:
    """Measure; returns the parts of the benchmark's result that are about it."""
    return asyncio.run(_measure(samples))
