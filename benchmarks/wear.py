"""What a terminal writes to its card: the real process, as the kernel counts it.

``python -m benchmarks.wear --seconds 300 --passages 120 --json FILE`` on a disk, not on a ``tmpfs``
(``TMPDIR``), whose writes the kernel does not count. Central, a gate and the terminal are processes
of their own; people pass by card, one after the other. A day is worked out: the idle pace for 24 h,
and what a passage adds.
"""

import argparse
import asyncio
import secrets
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import write_json
from config.demo.control import CentralControl, SimulatorControl, TerminalControl
from config.demo.processes import Process, Processes
from config.demo.report import describe_machine

SETTLE_S: Final = 20.0
"""After the start; what a process does once is not what it writes every day."""
TOLD_S: Final = 5.0
"""By then central has acknowledged the last events."""
PASSAGES_A_DAY: Final = 5_000
"""A busy lane: 500 people an hour for ten hours."""
ENDURANCE_TB: Final = 30.0
"""What makers promise of industrial cards of 32 GB; yours says its own."""
DAY_S: Final = 86_400.0
NODE, POINT, CARD = "gate-1", "east", "0006547886"
SITE: Final = """
[site]
id = "wear"
name = { en = "Wear" }
time_zone = "Asia/Shanghai"
[[node]]
id = "gate-1"
kiosk_port = 0
[[bus]]
id = "line"
node = "gate-1"
port = "PORT"
[[device]]
id = "gate"
driver = "speed_gate"
bus = "line"
[[access_point]]
id = "east"
node = "gate-1"
device = "gate"
"""


def written(process: Process) -> int:
    """Return what a process had written to disks, in bytes."""
    lines = Path(f"/proc/{process.pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


async def measure(*, seconds: float, passages: int) -> dict[str, Any]:
    """Return what is written at rest, and for a passage."""
    with tempfile.TemporaryDirectory(prefix="menshen-wear-") as name:
        folder = Path(name)
        async with Processes(folder) as processes:
            port = str(folder / "line")
            gate = await processes.start(
                "gate", "sim", "speed_gate", "--port", port, "--control", "127.0.0.1:0", "--json"
            )
            site = folder / "site.toml"
            site.write_text(SITE.replace("PORT", port))
            edge = await _terminal(processes, folder, site)
            terminal = TerminalControl.from_ready(edge.ready)
            await asyncio.sleep(SETTLE_S)
            began = written(edge)
            await asyncio.sleep(seconds)
            at_rest = written(edge)
            for _ in range(passages):
                await terminal.present_card(POINT, CARD)
                await SimulatorControl(gate.ready).act("walk")
                await asyncio.sleep(1.0)
            await asyncio.sleep(TOLD_S)
            at_end = written(edge)
    idle_mb = (at_rest - began) / 1e6 * DAY_S / seconds
    idle_while_busy = (at_rest - began) / seconds * (passages * 1.0 + TOLD_S)
    passage_kb = max(0.0, at_end - at_rest - idle_while_busy) / passages / 1e3
    busy_mb = idle_mb + passage_kb * PASSAGES_A_DAY / 1e3
    return {
        "seconds": seconds,
        "passages": passages,
        "idle_mb_a_day": round(idle_mb, 1),
        "passage_kb": round(passage_kb, 1),
        "passages_a_day": PASSAGES_A_DAY,
        "busy_mb_a_day": round(busy_mb, 1),
        "years_of_30_tbw": round(ENDURANCE_TB * 1e6 / (busy_mb * 365.25), 1),
        "machine": describe_machine(),
    }


async def _terminal(processes: Processes, folder: Path, site: Path) -> Process:
    """Start central with one person who has a card, and the terminal."""
    service = await processes.start(
        "central",
        "central",
        "--site",
        str(site),
        "--home",
        str(folder / "central"),
        "--port",
        "0",
        "--json",
    )
    central = CentralControl(service.ready["url"])
    await central.accept_invitation(
        service.ready["invitation_link"], username="wear", password=secrets.token_urlsafe(18)
    )
    await central.add_card(await central.add_person("李梅", "1003"), CARD)
    return await processes.start(
        "edge", "edge", "--site", str(site), "--node", NODE, "--home", str(folder / "edge"),
        "--token", await central.node_token(NODE), "--json",
    )  # fmt: skip


def main() -> None:
    """Read the arguments, run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--passages", type=int, default=120)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = asyncio.run(measure(seconds=given.seconds, passages=given.passages))
    write_json(given.json, result)
    print(result)


if __name__ == "__main__":
    main()
