import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from config.contract.events import ClockQuality
from edge.central_client import CentralClient, CentralRefusedError, CentralUnreachableError
from edge.clock import NodeClock
from tests.edge.central_stand_in import CentralStandIn
from tests.edge.conftest import enrolled

_Answer = TypeVar("_Answer")


def ask(
    folder: Path,
    central: CentralStandIn,
    question: Callable[[CentralClient], Awaitable[_Answer]],
    *,
    clock: NodeClock | None = None,
) -> _Answer:
    identity = enrolled(folder, central)

    async def run() -> _Answer:
        client = CentralClient(identity, clock or NodeClock())
        try:
            return await question(client)
        finally:
            await client.close()

    return asyncio.run(run())


def test_a_signed_request_is_answered(tmp_path: Path, central: CentralStandIn) -> None:
    page = ask(tmp_path, central, lambda client: client.replica_page(after=0, access=0))

    assert page.is_complete


def test_an_answer_that_is_no_page_is_not_believed(tmp_path: Path, central: CentralStandIn) -> None:
    central.access = {"version": "none"}

    with pytest.raises(CentralUnreachableError, match="no ReplicaPage"):
        ask(tmp_path, central, lambda client: client.replica_page(after=0, access=0))


@pytest.mark.parametrize("error", [timedelta(hours=-5), timedelta(days=365)])
def test_a_wrong_clock_is_corrected_by_the_refusal(tmp_path: Path, error: timedelta) -> None:
    central, clock = CentralStandIn(clock_error=error), NodeClock()
    central.start()

    ask(tmp_path, central, lambda client: client.replica_page(after=0, access=0), clock=clock)

    assert abs(clock.now() - central.now()) < timedelta(seconds=3)
    assert clock.quality is ClockQuality.SYNCHRONISED
    central.stop()


def test_a_node_that_central_does_not_know_is_refused(
    tmp_path: Path, central: CentralStandIn
) -> None:
    def forget_and_ask(client: CentralClient) -> Awaitable[object]:
        central.signing_key = None
        return client.replica_page(after=0, access=0)

    with pytest.raises(CentralRefusedError, match="401"):
        ask(tmp_path, central, forget_and_ask)


def test_a_central_that_is_down_is_unreachable(tmp_path: Path, central: CentralStandIn) -> None:
    def stop_and_ask(client: CentralClient) -> Awaitable[object]:
        central.stop()
        return client.replica_page(after=0, access=0)

    with pytest.raises(CentralUnreachableError):
        ask(tmp_path, central, stop_and_ask)


def test_the_stream_tells_the_version_at_once(tmp_path: Path, central: CentralStandIn) -> None:
    async def first(client: CentralClient) -> str:
        stream = client.stream()
        event = await anext(stream)
        await stream.aclose()
        return f"{event.name} {event.data}"

    assert ask(tmp_path, central, first) == 'replica {"version": 0}'


def test_a_refused_stream_says_so(tmp_path: Path, central: CentralStandIn) -> None:
    async def first(client: CentralClient) -> object:
        central.signing_key = None
        return await anext(client.stream())

    with pytest.raises(CentralRefusedError):
        ask(tmp_path, central, first)
