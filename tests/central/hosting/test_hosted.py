"""One hosted site, with an application that does nothing."""

import asyncio
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from fastapi import FastAPI

from central.authority import new_authority
from central.certificates.server import RENEWED_BEFORE, Served
from central.hosting.folder import SiteFile
from central.hosting.hosted import Hosted

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def test_its_certificate_is_watched_and_can_be_made_anew(tmp_path: Path) -> None:
    served = Served()
    app = FastAPI()
    app.state.services = SimpleNamespace(
        authority=new_authority("a", now=NOW),
        settings=SimpleNamespace(home=tmp_path),
        certificate=served,
        now=lambda: NOW,
        end_streams=lambda: None,
    )

    async def make_app(_: SiteFile) -> FastAPI:
        return app

    async def run() -> None:
        file = cast("SiteFile", SimpleNamespace(site_id="a", host="a.example.cn"))
        hosted = Hosted(file, make_app, starting=asyncio.Semaphore(1), on_change=lambda: None)
        hosted.start()
        await hosted.settled.wait()
        assert hosted.problem is None
        await hosted.stop()

    asyncio.run(run())

    assert served.value is not None
    assert served.value.expires_at is not None
    assert served.value.renew_if_due(now=served.value.expires_at - RENEWED_BEFORE)
