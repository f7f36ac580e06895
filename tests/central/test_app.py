"""The application's life: what runs beside it ends with it."""

import asyncio
import gc
import weakref
from pathlib import Path

from central.app import create_app
from central.settings import Settings
from tests.central.bench import SITE


def test_central_ends_although_something_was_announced_just_before(tmp_path: Path) -> None:
    async def live() -> None:
        app = create_app(Settings(site=SITE, home=tmp_path))
        async with asyncio.timeout(60), app.router.lifespan_context(app):
            # The feed waits, hears of it, and is cancelled before it could take it.
            await asyncio.sleep(0)
            async with app.state.services.database.write() as transaction:
                transaction.announce("people")

    asyncio.run(live())


def test_nothing_keeps_an_application_that_nobody_uses(tmp_path: Path) -> None:
    app = create_app(Settings(site=SITE, home=tmp_path))
    kept = weakref.ref(app)

    del app
    gc.collect()

    assert kept() is None
