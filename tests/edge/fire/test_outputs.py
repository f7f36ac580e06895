"""What a zone sets besides its gates: relays, barriers, and doors that are kept open."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import CloseFireOutput, CloseFireRelease
from config.contract.fire_events import FireOutputClosed, FireReleaseAnswered
from config.site import BusEntry, DeviceEntry, Site, SiteError
from config.site_fire import FireZoneEntry, OutputEntry
from drivers.protocols.uhppote import DoorMode
from tests.edge.conftest import eventually
from tests.edge.fire.terminal import FireTerminal, fire_site

OTHER = ("other", 0, "confirmed")


def answered(terminal: FireTerminal) -> set[tuple[str, int | None, str]]:
    """Return what was told of releases: device, output and outcome."""
    return {(a.device, a.output, a.outcome) for a in terminal.facts.of(FireReleaseAnswered)}


def with_output(driver: str, channel: int = 0) -> Site:
    """Return a site with another device that its zone sets."""
    zone = FireZoneEntry(id="building", outputs=(OutputEntry(device="other", channel=channel),))
    site = fire_site()
    more = {
        "fire_zone": (zone,),
        "bus": (*site.bus, BusEntry(id="other-line", node="gate-1", port="absent")),
        "device": (*site.device, DeviceEntry(id="other", driver=driver, bus="other-line")),
    }
    return site.model_copy(update=more)


def test_a_relay_of_the_zone_is_closed_until_all_of_its_lanes_are(tmp_path: Path) -> None:
    async def run() -> None:
        terminal = FireTerminal(tmp_path, with_output("waveshare_relay"))
        async with terminal.at_work():
            relays = terminal.others["other"].station(0).outputs
            terminal.smoke(1, 2)
            await eventually(lambda: relays[0])
            terminal.smoke(1, 2, on=False)
            await eventually(lambda: not terminal.station.book.standing("building"))
            for unit in (1, 2):
                await terminal.do(CloseFireRelease(access_point=f"g1-{unit}-in"))
            in_between = relays[0]
            for unit in (1, 2):
                await terminal.do(CloseFireRelease(access_point=f"g1-{unit}-out"))

            await eventually(lambda: not relays[0])
            await eventually(lambda: bool(terminal.facts.of(FireOutputClosed)))
            (told,) = terminal.facts.of(FireOutputClosed)
            assert in_between
            assert (told.device, told.output, told.asked_by) == ("other", 0, "")

    asyncio.run(run())


def test_a_barrier_of_the_zone_is_raised(tmp_path: Path) -> None:
    async def run() -> None:
        terminal = FireTerminal(tmp_path, with_output("relay_barrier"))
        async with terminal.at_work():
            terminal.smoke(1, 2)

            await eventually(
                lambda: any(a.output == 0 for a in terminal.facts.of(FireReleaseAnswered))
            )
            (answer,) = [a for a in terminal.facts.of(FireReleaseAnswered) if a.output == 0]

            assert (answer.device, answer.outcome) == ("other", "confirmed")

    asyncio.run(run())


def stands_open(terminal: FireTerminal) -> bool:
    """Return whether the door of the other device stands open, by its simulator's own word."""
    door = terminal.others["other"]
    if hasattr(door, "standing_open"):
        return 1 in door.standing_open
    return bool(door.doors[0].mode == DoorMode.NORMALLY_OPEN)


@pytest.mark.parametrize("driver", ["uhppote", "isapi_terminal"])
def test_a_door_is_kept_open_until_a_person_closes_it_although_all_lanes_are_closed(
    tmp_path: Path, driver: str
) -> None:
    async def run() -> None:
        async with FireTerminal(tmp_path, with_output(driver)).at_work() as terminal:
            terminal.smoke(1, 2)
            await eventually(lambda: stands_open(terminal))
            await eventually(lambda: OTHER in answered(terminal))
            while_it_burns = await terminal.do(CloseFireOutput(device="other", output=0))
            terminal.smoke(1, 2, on=False)
            await eventually(lambda: not terminal.station.book.standing("building"))
            for gate in ("g1-1", "g1-2"):
                for way in ("in", "out"):
                    await terminal.do(CloseFireRelease(access_point=f"{gate}-{way}"))
            still_open = stands_open(terminal)

            closed = await terminal.do(CloseFireOutput(device="other", output=0))

            assert (while_it_burns, still_open) == (CommandRefusal.FIRE_RELEASE, True)
            assert (closed, stands_open(terminal)) == (CommandOutcome.DONE, False)
            (told,) = terminal.facts.of(FireOutputClosed)
            assert (told.device, told.output, told.asked_by) == ("other", 0, "user-1")

    asyncio.run(run())


def test_a_door_that_was_lost_in_a_fire_is_opened_when_it_is_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with FireTerminal(tmp_path, with_output("uhppote")).at_work() as terminal:
            network = terminal.networks["other-line"]
            network.set_fault({"kind": "mute", "on": True})
            terminal.smoke(1, 2)
            await eventually(lambda: terminal.is_released and terminal.is_open)
            is_open_meanwhile = stands_open(terminal)

            network.set_fault({"kind": "mute", "on": False})

            await eventually(lambda: stands_open(terminal))
            await eventually(lambda: OTHER in answered(terminal))
            assert not is_open_meanwhile

    asyncio.run(run())


def test_a_door_that_was_away_when_it_was_closed_is_closed_after_a_restart(tmp_path: Path) -> None:
    site, kept = with_output("uhppote"), tmp_path / "fire-closed.json"

    async def run() -> None:
        async with FireTerminal(tmp_path, site).at_work() as before:
            before.smoke(1, 2)
            await eventually(lambda: OTHER in answered(before))
            before.smoke(1, 2, on=False)
            await eventually(lambda: not before.station.book.standing("building"))
            before.networks["other-line"].set_fault({"kind": "mute", "on": True})
            for point in before.whole.access_point:
                await before.do(CloseFireRelease(access_point=point.id))
            await before.do(CloseFireOutput(device="other", output=0))
            await eventually(lambda: "output other" in kept.read_text("utf-8"))
            await eventually(lambda: not (tmp_path / "fire-standing.json").exists())

        after = FireTerminal(tmp_path, site)
        door = after.others["other"].doors[0]
        after.others["other"].doors[0] = replace(
            door, mode=DoorMode.NORMALLY_OPEN
        )  # as it was left
        async with after.at_work():
            await eventually(lambda: not stands_open(after))
            await eventually(lambda: "output other" not in kept.read_text("utf-8"))

    asyncio.run(run())


def test_a_relay_is_opened_by_a_person_before_its_lanes_are_closed(tmp_path: Path) -> None:
    async def run() -> None:
        async with FireTerminal(tmp_path, with_output("waveshare_relay")).at_work() as terminal:
            relays = terminal.others["other"].station(0).outputs
            terminal.smoke(1, 2)
            await eventually(lambda: relays[0])
            terminal.smoke(1, 2, on=False)
            await eventually(lambda: not terminal.station.book.standing("building"))

            opened = await terminal.do(CloseFireOutput(device="other", output=0))
            nowhere = await terminal.do(CloseFireOutput(device="other", output=1))

            assert (opened, relays[0]) == (CommandOutcome.DONE, False)
            assert nowhere is CommandRefusal.NOT_HERE
            assert terminal.is_released

    asyncio.run(run())


def test_a_locker_that_no_fire_releases_is_told_in_the_status(tmp_path: Path) -> None:
    site = with_output("kerong_locker").model_copy(update={"fire_zone": fire_site().fire_zone})

    async def run() -> None:
        async with FireTerminal(tmp_path, site).at_work() as terminal:
            status = terminal.station.status()

            assert status is not None
            assert status.unreleased == ("other",)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("driver", "channel", "words"),
    [
        ("kerong_locker", 0, "no fire can keep its doors open; wire them"),
        ("uhppote", 4, r"its doors are 0\.\.3, not 4"),
    ],
)
def test_a_door_that_no_fire_can_keep_open_is_said_to_be_none(
    tmp_path: Path, driver: str, channel: int, words: str
) -> None:
    async def run() -> None:
        with pytest.raises(SiteError, match=words):
            async with FireTerminal(tmp_path, with_output(driver, channel)).at_work():
                pass

    asyncio.run(run())


def test_what_can_neither_be_switched_nor_opened_is_no_output(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(SiteError, match="has no relays, and cannot stand open"):
            async with FireTerminal(tmp_path, with_output("rdm6300")).at_work():
                pass

    asyncio.run(run())
