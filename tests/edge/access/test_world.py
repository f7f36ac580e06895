from tests.edge.access.building import POINTS, Building

TWO = {"require": {"any_of": [["card", "pin"]]}}
CARD_AND_PIN = {"points": [{"id": "front", "credentials": [TWO]}]}


def expected(building: Building, at: str = "front") -> str | None:
    return building.world.expected(POINTS[at], now=building.now)


def test_a_pin_is_expected_of_who_has_shown_a_card_last() -> None:
    building = Building(CARD_AND_PIN)

    building.card("ben")
    building.wait(1).card("anna")

    assert expected(building) == "anna"
    assert expected(building, "side") is None


def test_after_a_while_no_pin_is_expected() -> None:
    building = Building(CARD_AND_PIN)
    building.card("anna")

    assert expected(building.wait(20)) == "anna"
    assert expected(building.wait(0.001)) is None


def test_after_the_grant_no_pin_is_expected() -> None:
    building = Building(CARD_AND_PIN)
    building.card("anna")
    building.pin("anna")

    assert expected(building) is None
