"""Cards and codes that readers read beside the gates."""

import dataclasses

import pytest

from config.site import DeviceEntry, Site, SiteError
from config.site_readers import PointReader, reader_problems
from drivers.base import CredentialKind, CredentialRead, InputChanged, Observation
from drivers.bus import Bus
from drivers.registry import create
from edge.access.readers import HELD_S, PointReaders, readers_of
from tests.edge.test_installation import GATE, site_with

WIEGAND = CredentialRead(CredentialKind.WIEGAND, "2F764DD", 26, reader=1)


@dataclasses.dataclass
class Lane:
    cards: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    codes: list[str] = dataclasses.field(default_factory=list)

    def show_card(self, numbers: tuple[str, ...]) -> None:
        self.cards.append(numbers)

    def show_code(self, text: str) -> None:
        self.codes.append(text)


class Heard:
    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.absences: list[str | float] = []

    def observed(self, observation: Observation) -> None:
        self.observations.append(observation)

    def lost(self, detail: str) -> None:
        self.absences.append(detail)

    def returned(self, absence_s: float) -> None:
        self.absences.append(absence_s)


class Wall:
    """Two readers of one device, at two access points."""

    def __init__(self) -> None:
        self.heard, self.now_s = Heard(), 100.0
        self.lanes = {"east": Lane(), "west": Lane()}
        self.readers = PointReaders(
            self.heard, {0: "east", 1: "west"}, self.lanes, monotonic=lambda: self.now_s
        )


def test_a_card_goes_to_the_lane_of_its_reader_and_to_whoever_listens_besides() -> None:
    wall = Wall()

    wall.readers.observed(WIEGAND)

    assert (wall.lanes["east"].cards, wall.lanes["west"].cards) == ([], [("2F764DD",)])
    assert wall.heard.observations == [WIEGAND]


def test_a_card_comes_in_every_form_that_somebody_may_have_written_down() -> None:
    wall = Wall()

    wall.readers.observed(CredentialRead(CredentialKind.EM4100, "010063E61E"))

    assert "0006546974" in wall.lanes["east"].cards[0]


def test_a_code_goes_there_as_it_was_scanned() -> None:
    wall = Wall()

    wall.readers.observed(CredentialRead(CredentialKind.QR, "mv1.x"))

    assert wall.lanes["east"].codes == ["mv1.x"]


def test_a_card_that_is_held_to_the_reader_is_one_person() -> None:
    wall = Wall()

    for _ in range(4):
        wall.readers.observed(WIEGAND)
        wall.now_s += HELD_S / 2
    wall.now_s += HELD_S
    wall.readers.observed(WIEGAND)

    assert len(wall.lanes["west"].cards) == 2


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(WIEGAND, reader=2),
        dataclasses.replace(WIEGAND, kind=CredentialKind.PIN),
        InputChanged(1, active=True),
    ],
)
def test_what_is_no_card_of_theirs_is_passed_on_alone(other: Observation) -> None:
    wall = Wall()

    wall.readers.observed(other)

    assert wall.heard.observations == [other]
    assert not any(lane.cards or lane.codes for lane in wall.lanes.values())


def test_losses_and_returns_are_passed_on() -> None:
    wall = Wall()

    wall.readers.lost("gone")
    wall.readers.returned(1.5)

    assert wall.heard.absences == ["gone", 1.5]


def site_with_reader(driver: str) -> tuple[DeviceEntry, Site]:
    device, site = DeviceEntry(id="reader", driver=driver, bus="line-1"), site_with(GATE)
    point = site.access_point[0].model_copy(update={"readers": (PointReader(device="reader"),)})
    return device, site.model_copy(update={"access_point": (point,)})


def test_a_device_that_reads_cards_may_stand_at_an_access_point() -> None:
    device, site = site_with_reader("board")

    assert readers_of(device, create("board", Bus("none"), {}), site) == {0: "east"}


def test_a_device_that_reads_nothing_cannot() -> None:
    device, site = site_with_reader("waveshare_relay")

    with pytest.raises(SiteError, match="'east' needs a reader of cards or codes"):
        readers_of(device, create("waveshare_relay", Bus("none"), {}), site)


def test_a_reader_stands_on_its_point_s_own_node_and_at_one_point_alone() -> None:
    near, far = PointReader(device="near"), PointReader(device="far")

    problems = reader_problems(
        [("east", "gate-1", [near, far]), ("west", "gate-1", [near])],
        devices={"near": "gate-1", "far": "gate-2"},
    )

    assert list(problems) == [
        "access_point 'east': reader needs a device on its own node, not 'far'",
        "access_point 'west': reader 0 of 'near' is one of 'east', too",
    ]
