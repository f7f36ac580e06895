import dataclasses

from edge.access.attempts import FaceShown
from edge.canteen.diner import by_face
from edge.canteen.watching import has_eyes, stricter
from tests.edge.canteen.making import ANNA, Alike, entry


@dataclasses.dataclass
class AtGate:
    """What a gate demands."""

    accept: float = 0.5
    step_up: float = 0.4
    margin: float = 0.03


def test_a_till_demands_more_than_a_gate_and_a_pin_of_whoever_the_gate_would_let_in() -> None:
    demand = stricter(lambda _: AtGate(), 0.05)(1000)
    found = [
        by_face(
            FaceShown(
                (Alike("anna", similarity),),
                demand.accept,
                step_up=demand.step_up,
                margin_min=demand.margin,
            ),
            {"anna": ANNA}.get,
            is_beside=False,
        )
        for similarity in (0.56, 0.52, 0.49)
    ]

    assert [[diner.needs_pin for diner in each.diners] for each in found] == [[False], [True], []]


def test_a_lane_looks_through_its_access_points_camera() -> None:
    lane = entry(mode="lane", access_point="east")

    assert [has_eyes(entry(camera="c")), has_eyes(entry()), has_eyes(lane)] == [True, False, False]
