"""What a site's target says of similarities at enrolment."""

import pytest

from central.people.likeness import Likeness
from config.site import Recognition
from models.face.operating_point import RATES_OF_PIPELINE, Target, operating_point

PRODUCTION = Recognition(pipeline="production")


def test_look_alikes_are_asked_about_from_where_a_gate_asks_for_a_card() -> None:
    gate = operating_point(
        RATES_OF_PIPELINE["production"], gallery_size=200, target=Target(), pictures=3
    )

    found = Likeness(PRODUCTION).of_other_people(gallery_size=200, picture_count=3)

    assert found == pytest.approx(gate.step_up)


def test_a_larger_gallery_asks_of_fewer_alike() -> None:
    small, large = (
        Likeness(PRODUCTION).of_other_people(gallery_size=n, picture_count=3) for n in (10, 1000)
    )

    assert small < large


def test_people_of_one_group_must_be_more_alike_to_be_one_person() -> None:
    mixed = Recognition(pipeline="builtin", same_group_factor=1)
    group = Recognition(pipeline="builtin", same_group_factor=59)

    one, other = (Likeness(site).of_own_pictures(picture_count=1) for site in (mixed, group))

    assert one < other


def test_own_pictures_are_one_try_and_no_gallery() -> None:
    target = Target(tries=1)
    once = operating_point(
        RATES_OF_PIPELINE["production"], gallery_size=1, target=target, pictures=1
    )

    assert Likeness(PRODUCTION).of_own_pictures(picture_count=1) == pytest.approx(once.step_up)


def test_a_site_that_bears_many_strangers_is_understood() -> None:
    site = Recognition(strangers=0.05, step_up_strangers=0.01)

    assert Likeness(site).of_other_people(gallery_size=10, picture_count=3) > 0
