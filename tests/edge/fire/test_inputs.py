"""Fires of every kind of panel: its own driver and simulator, to gates that were read back."""

import asyncio
from pathlib import Path

import pytest

from config.contract.fire_events import FireConfirmed, FireEnded, FireReleaseAnswered
from config.site import SiteError
from config.site_fire import FireInputEntry
from drivers.base import GateState
from tests.edge.conftest import eventually
from tests.edge.fire.terminal import FireTerminal, fire_site


@pytest.mark.parametrize("panel", ["sia_dc09", "modbus_fire", "dry_contact_fire"])
def test_every_kind_of_panel_releases_the_gates(tmp_path: Path, panel: str) -> None:
    site = fire_site(panel_driver=panel)
    inputs = (site.fire_input[0].model_copy(update={"is_confirmed": True}),)

    async def run() -> None:
        terminal = FireTerminal(tmp_path, site.model_copy(update={"fire_input": inputs}))
        async with terminal.at_work():
            terminal.panel.act("fire", {})

            await eventually(lambda: terminal.is_released and terminal.is_open)
            await eventually(lambda: len(terminal.facts.of(FireReleaseAnswered)) == 4)
            terminal.panel.act("fire", {"on": False})
            await eventually(lambda: bool(terminal.facts.of(FireEnded)))

            (fire,) = terminal.facts.of(FireConfirmed)
            assert (fire.confirmed_by, fire.points[0].device) == ("panel", "panel")
            assert terminal.is_released

    asyncio.run(run())


def test_a_gate_s_own_fire_contact_releases_the_others(tmp_path: Path) -> None:
    inputs = (FireInputEntry(zone="building", device="g1-1"),)

    async def run() -> None:
        site = fire_site().model_copy(update={"fire_input": inputs})
        async with FireTerminal(tmp_path, site).at_work() as terminal:
            terminal.gates[1].is_fire_open = True

            await eventually(lambda: terminal.is_released)
            await eventually(lambda: terminal.gates[2].state is GateState.OPEN)
            terminal.gates[1].is_fire_open = False
            await eventually(lambda: bool(terminal.facts.of(FireEnded)))

            (fire,) = terminal.facts.of(FireConfirmed)
            assert (fire.confirmed_by, fire.points[0].device) == ("panel", "g1-1")
            assert terminal.is_released

    asyncio.run(run())


def test_a_fire_input_of_a_controller_board_releases_the_gates(tmp_path: Path) -> None:
    site = fire_site(panel_driver="board")
    wired = {"fire_input": 2, "is_fire_open": False, "watchdog_s": 0.0}
    board = site.device[0].model_copy(update={"settings": wired})

    async def run() -> None:
        devices = (board, *site.device[1:])
        terminal = FireTerminal(tmp_path, site.model_copy(update={"device": devices}))
        async with terminal.at_work():
            terminal.panel.act("input", {"channel": 2})

            await eventually(lambda: terminal.is_released and terminal.is_open)
            terminal.panel.act("input", {"channel": 2, "on": False})
            await eventually(lambda: bool(terminal.facts.of(FireEnded)))

            (fire,) = terminal.facts.of(FireConfirmed)
            assert (fire.confirmed_by, fire.points[0].device) == ("panel", "panel")

    asyncio.run(run())


@pytest.mark.parametrize("driver", ["digicon_tx1500", "waveshare_relay", "uhppote", "board"])
def test_what_tells_of_no_fires_is_no_input(tmp_path: Path, driver: str) -> None:
    async def run() -> None:
        with pytest.raises(SiteError, match="it tells of no fires; for a contact take dry_contact"):
            async with FireTerminal(tmp_path, fire_site(panel_driver=driver)).at_work():
                pass

    asyncio.run(run())
