"""A terminal as a process, a simulated gate behind a board as another, and what kills them.

An update by command is interrupted by a fire at the board and by a power cut of the terminal, and
ends confirmed. A planned restart holds the board; a killed terminal does not.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from config.contract.board_commands import UpdateBoard
from config.contract.board_events import (
    BoardHeld,
    BoardIdentified,
    BoardSafeStateEntered,
    BoardUpdateEnded,
    BoardUpdateProgressed,
    UpdateOutcome,
    UpdateStage,
)
from config.contract.commands import NodeCommand
from config.contract.events import EventData
from config.contract.identifiers import new_id
from config.demo.control import SimulatorControl
from config.demo.processes import Process
from tests.edge.central_stand_in import NODE, SITE, CentralStandIn
from tests.firmware_bridge.signing import firmware, key_file, public_pem
from tests.system.running_site import until

FIRE_INPUT = 2
OLD = firmware("1.0.0")
NEW = firmware("2.0.0", body_size_bytes=40_000)
_Fact = TypeVar("_Fact", bound=EventData)

FILE = """
[site]
id = "{site}"
name = {{ "zh-CN" = "测试", en = "Test" }}
[boards]
keys = [{key}]
prove_s = 1.0
[[node]]
id = "{node}"
kiosk_port = 0
[[bus]]
id = "line-1"
node = "{node}"
port = "{line}"
baudrate = 115200
[[device]]
id = "gate"
driver = "board_gate"
bus = "line-1"
settings = {{ watchdog_s = 1.0, fire_input = 2, is_fire_open = false }}
[[access_point]]
id = "lane"
node = "{node}"
device = "gate"
"""


class Building:
    """The processes. Attributes: central: A stand-in, in this process."""

    def __init__(self, folder: Path, central: CentralStandIn) -> None:
        self.folder, self.central = folder, central
        self.site = folder / "site.toml"
        text = FILE.format(site=SITE, node=NODE, key=json.dumps(public_pem()), line=folder / "line")
        self.site.write_text(text, encoding="utf-8")
        (folder / "old.bin").write_bytes(OLD)
        self.running: dict[str, Process] = {}

    async def start_board(self) -> None:
        self.running["board"] = await Process.start(
            "board", "sim", "board", "--port", str(self.folder / "line"), "--baud", "115200",
            "--paced",
            "--set", f"image={self.folder / 'old.bin'}", "--set", f"keys={key_file(self.folder)}",
            "--control", "127.0.0.1:0", "--json", folder=self.folder,
        )  # fmt: skip
        self.hand = SimulatorControl(self.running["board"].ready)

    async def start_terminal(self) -> None:
        home = self.folder / "home"
        token = [] if home.exists() else ["--token", self.central.token().to_line()]
        self.running["edge"] = await Process.start(
            "edge", "edge", "--site", str(self.site), "--node", NODE, "--home", str(home),
            *token, "--json", folder=self.folder,
        )  # fmt: skip

    async def end_terminal(self, number: int) -> None:
        process = self.running.pop("edge")
        os.kill(process.pid, number)
        await process.stop()

    async def close(self) -> None:
        await self.hand.close()
        for process in reversed(self.running.values()):
            await process.stop()

    async def board(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.hand.state())["boards"]["0"]
        return state

    def told(self, kind: type[_Fact]) -> list[_Fact]:
        parsed = [event.parsed() for event in list(self.central.events.values())]
        return [data for data in parsed if isinstance(data, kind)]

    def is_told(self, kind: type[EventData], count: int = 1) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return len(self.told(kind)) >= count

        return look

    async def is_at_work(self) -> bool:
        found = self.told(BoardIdentified)
        is_claimed = bool(found) and found[-1].is_claimed
        return is_claimed and not (await self.board())["safe"]

    def update(self, image: bytes) -> None:
        now, sha256 = datetime.now(UTC), hashlib.sha256(image).hexdigest()
        self.central.firmware[sha256] = image
        what = UpdateBoard(
            update_id=UUID(int=1),
            device="gate",
            image=sha256,
            size_bytes=len(image),
            until=now + timedelta(minutes=10),
        )
        self.central.commands.append(
            NodeCommand(
                id=new_id(),
                node=NODE,
                what=what,
                asked_by="anna",
                reason="roll-out",
                issued_at=now,
                expires_at=now + timedelta(seconds=60),
            )
        )

    def is_stage(self, stage: UpdateStage, sent_bytes: int = 0) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            found = self.told(BoardUpdateProgressed)
            return any(e.stage is stage and e.sent_bytes >= sent_bytes for e in found)

        return look


@contextlib.asynccontextmanager
async def building(folder: Path) -> AsyncIterator[Building]:
    central = CentralStandIn()
    central.start()
    made = Building(folder, central)
    await made.start_board()
    try:
        await made.start_terminal()
        await until(made.is_at_work)
        yield made
    finally:
        await made.close()
        central.stop()


def test_an_update_outlives_a_fire_and_a_power_cut_of_the_terminal(tmp_path: Path) -> None:
    async def act() -> tuple[BoardUpdateEnded, dict[str, Any]]:
        async with building(tmp_path) as site:
            await site.hand.act("input", channel=FIRE_INPUT)
            await until(fire_at(site, is_on=True))
            site.update(NEW)
            await until(site.is_stage(UpdateStage.WAITS))
            await site.hand.act("input", channel=FIRE_INPUT, on=False)
            await until(site.is_stage(UpdateStage.UPLOADS))
            await site.end_terminal(signal.SIGKILL)
            await site.start_terminal()
            await until(site.is_told(BoardUpdateEnded))
            return site.told(BoardUpdateEnded)[0], await site.board()

    ended, board = asyncio.run(act())

    assert (ended.outcome, ended.running) == (UpdateOutcome.CONFIRMED, "2.0.0")
    assert (board["version"], board["on_trial"]) == ("2.0.0+0", False)


def fire_at(site: Building, *, is_on: bool) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return bool((await site.board())["fire"]) is is_on

    return look


@pytest.mark.parametrize(("number", "is_held"), [(signal.SIGTERM, True), (signal.SIGKILL, False)])
def test_a_planned_restart_holds_the_board_and_a_kill_does_not(
    tmp_path: Path, number: signal.Signals, is_held: bool
) -> None:
    async def act() -> bool:
        async with building(tmp_path) as site:
            before = len(site.told(BoardSafeStateEntered))
            await site.end_terminal(number)
            if not is_held:
                await until(safe(site))
            await site.start_terminal()
            if is_held:
                await until(site.is_told(BoardHeld))
            else:
                await until(site.is_told(BoardSafeStateEntered, before + 1))
            return len(site.told(BoardSafeStateEntered)) == before

    assert asyncio.run(act()) is is_held


def safe(site: Building) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return bool((await site.board())["safe"])

    return look
