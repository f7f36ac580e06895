"""Fires of every kind of panel: its own driver and simulator, to gates that were read back."""

import asyncio
from pathlib import Path

import pytest

from config.contract.fire_events import FireConfirmed, FireEnded, FireReleaseAnswered
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
