"""What a cable, a power cut or a silent service does to a site: nothing recorded is lost."""

import asyncio
from pathlib import Path

from config.contract.events import Event
from tests.system.running_site import CARD, RunningSite, running_site, until


def are_gapless(events: list[Event]) -> bool:
    """Return whether each epoch and class counts 1, 2, 3 ... without a gap or a repetition."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for event in events:
        groups.setdefault((event.epoch, event.event_class), []).append(event.sequence)
    return all(sorted(found) == list(range(1, len(found) + 1)) for found in groups.values())


async def settle(site: RunningSite) -> list[Event]:
    """Wait until central has everything that the terminal recorded; return it."""
    await until(site.everything_has_arrived)
    return await site.events()


def test_a_person_added_at_central_passes_without_a_restart(tmp_path: Path) -> None:
    async def play() -> None:
        async with running_site(tmp_path) as site:
            await site.add_card_holder()

            await until(lambda: site.knows(CARD))

    asyncio.run(play())


def test_a_terminal_killed_at_any_moment_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with running_site(tmp_path) as site:
            await site.add_card_holder()
            await until(lambda: site.knows(CARD))
            await site.gate.act("walk", unit_id=1, side="in")
            await until(lambda: site.gate_is("closed"))
            for _ in range(3):
                await site.pass_by_card()
                await site.kill("edge")
                await site.start_edge()
            await site.pass_by_card()
            await until(lambda: passages_are(site, 5))
            events = await settle(site)

            assert are_gapless(events)
            assert await site.gate_passages() == 5

    asyncio.run(play())


async def passages_are(site: RunningSite, count: int) -> bool:
    """Return whether central knows of so many passages."""
    return await site.passages_at_central() == count


def test_central_down_stops_nobody_and_hears_everything_afterwards(tmp_path: Path) -> None:
    async def play() -> None:
        async with running_site(tmp_path) as site:
            await site.add_card_holder()
            await until(lambda: site.knows(CARD))
            await site.gate.act("walk", unit_id=1, side="in")
            await until(lambda: site.gate_is("closed"))
            await site.kill("central")
            for _ in range(2):
                await site.pass_by_card()
            await site.kill("edge")
            await site.start_edge()
            await site.pass_by_card()
            await site.start_central()
            await until(lambda: passages_are(site, 4))

            assert are_gapless(await settle(site))

    asyncio.run(play())


def test_an_unplugged_gate_is_lost_then_back(tmp_path: Path) -> None:
    async def play() -> None:
        async with running_site(tmp_path) as site:
            await site.add_card_holder()
            await until(lambda: site.knows(CARD))
            await site.kill("gate")
            await until(lambda: gate_is_current(site, current=False))
            await site.start_gate()
            await until(lambda: gate_is_current(site, current=True))

            await site.pass_by_card()

    asyncio.run(play())


async def gate_is_current(site: RunningSite, *, current: bool) -> bool:
    """Return whether the console sees the gate so; a lost one never shows its last state."""
    nodes = (await site.central.snapshot())["nodes"]
    devices = [d for node in nodes if node["status"] for d in node["status"]["devices"]]
    gate = next((d for d in devices if d["device"] == "gate"), None)
    if gate is None or gate["is_current"] is not current:
        return False
    return current or gate["state"] in {None, "unknown"}


def test_a_guards_command_opens_the_gate_once_though_the_terminal_is_killed(tmp_path: Path) -> None:
    async def play() -> None:
        async with running_site(tmp_path) as site:
            command = await site.central.open_once("gate-1", "lane", reason="a delivery")
            await until(lambda: site.gate_is("open"))
            await site.kill("edge")
            await site.start_edge()

            await until(lambda: is_answered(site, command))
            await until(site.everything_has_arrived)

            units = (await site.gate.state())["units"]
            assert units["1"]["commands_executed"] == 1
            assert are_gapless(await site.events())

    asyncio.run(play())


async def is_answered(site: RunningSite, command: str) -> bool:
    """Return whether a command was done, or the terminal says that it does not know."""
    return await site.central.command_state(command) in ("done", "unknown")
