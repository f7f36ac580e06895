"""A terminal and the real central: clips by hash, and live views while somebody looks."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from config.contract.identifiers import new_id
from config.contract.picture_sequence import Picture
from config.contract.trust import NodeToken
from config.contract.video_events import MediaFormat, MediaKind
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from tests.central.bench import running_central
from tests.central.video.keeping import jpeg


def test_a_terminal_s_pictures_reach_those_who_look(tmp_path: Path) -> None:
    picture = jpeg()
    sha256 = hashlib.sha256(picture).hexdigest()
    with running_central(tmp_path / "central") as bench:
        watched = bench.administrator.post("/api/v1/cameras/camera-1/watch").json()["stream_id"]
        token = NodeToken.from_line(bench.token()).model_copy(update={"url": bench.url})

        async def send() -> list[bool]:
            identity = await Home(tmp_path / "node").enrol(token, site="test", node="gate-1")
            client = CentralClient(identity, NodeClock())
            now = Picture(picture, datetime.now(UTC))
            try:
                await client.put_clip(sha256, picture, MediaKind.SNAPSHOT, MediaFormat.JPEG)
                streams = (UUID(watched), new_id())
                return [await client.put_picture(each, now) for each in streams]
            finally:
                await client.close()

        assert asyncio.run(send()) == [True, False]
        assert bench.administrator.get(f"/api/v1/clips/{sha256}").content == picture
