"""What a node does about neighbours that fall silent, and which boards it says are alone."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.board_events import NeighbourLost, NeighbourReturned
from config.contract.events import EventData
from config.site import BusEntry, DeviceEntry, Node, Site, SiteIdentity
from edge.boards.images import Images
from edge.boards.opening import boards_by_node
from edge.boards.records import Records
from edge.boards.station import BoardStation
from edge.boards.store import UpdatesStore
from firmware_bridge.signing import KeySigner
from tests.edge.conftest import NOW

SITE = Site(
    site=SiteIdentity(id="demo", name={"en": "Demo"}),
    node=tuple(Node(id=name) for name in ("gate-1", "gate-2", "gate-3")),
    bus=tuple(BusEntry(id=f"line-{n}", node=f"gate-{n}", port="p") for n in (1, 2)),
    device=(
        DeviceEntry(id="board-1", driver="board", bus="line-1"),
        DeviceEntry(id="board-2", driver="board_gate", bus="line-2"),
        DeviceEntry(id="relay-2", driver="waveshare_relay", bus="line-2"),
        DeviceEntry(id="unknown-2", driver="no_such_driver", bus="line-2"),
    ),
)


class Journal:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[EventData, str | None]] = []

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        return None

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        self.told.append((data, subject))


class NoCentral:
    """Gives nothing."""

    async def firmware_image(self, sha256: str, into: bytearray, *, size_bytes: int) -> None: ...


class Bench:
    """A node's station. Attributes: sounded_count: Times that its sirens were begun."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.now_s, self.sounded_count = Journal(), 0.0, 0
        self.station = BoardStation(
            SITE.for_node("gate-1"),
            signer=KeySigner(Ed25519PrivateKey.generate()),
            records=Records(UpdatesStore(folder / "boards"), self.journal, now=lambda: NOW),
            images=Images(NoCentral(), folder),
            recorder=self.journal,
            boards_elsewhere=boards_by_node(SITE),
            has_fire=lambda: False,
            is_locked_down=lambda: False,
            plan=lambda: None,
            zone=ZoneInfo("Asia/Shanghai"),
            now=lambda: NOW,
            monotonic=lambda: self.now_s,
        )
        self.station.sound_with(self._sound)

    def _sound(self) -> None:
        self.sounded_count += 1

    def heard(self, now_s: float, **ages_s: float) -> None:
        self.now_s = now_s
        self.station.neighbours_heard({name.replace("_", "-"): a for name, a in ages_s.items()})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_lost_neighbour_is_told_with_its_boards_and_sounded_once(bench: Bench) -> None:
    bench.heard(0.0, gate_2=0.5, gate_3=0.5)
    bench.heard(5.0, gate_2=5.5, gate_3=0.5)
    bench.heard(6.0, gate_2=6.5, gate_3=0.5)
    bench.heard(9.0, gate_2=0.1, gate_3=0.5)

    assert bench.journal.told == [
        (NeighbourLost(node="gate-2", boards=("board-2",)), "gate-2"),
        (NeighbourReturned(node="gate-2"), "gate-2"),
    ]
    assert bench.sounded_count == 1


def test_a_node_whose_own_link_is_down_says_that_it_is_its_own(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.heard(0.0, gate_2=0.5, gate_3=0.6)
    bench.heard(5.0, gate_2=5.5, gate_3=5.6)
    bench.heard(6.0, gate_2=6.5, gate_3=6.6)

    assert (bench.journal.told, bench.sounded_count) == ([], 0)
    assert caplog.text.count("it is this node's own") == 1


def test_boards_are_the_devices_that_have_a_safe_state() -> None:
    assert boards_by_node(SITE) == {"gate-1": ("board-1",), "gate-2": ("board-2",)}
