"""What central says of recognition, in its own models, for the pages to show."""

from datetime import UTC, datetime
from typing import Any

from central.recognition.schemas import (
    DemandView,
    PairPerson,
    PairView,
    PointView,
    RecognitionView,
    SelfTestView,
    TargetView,
)
from config.site import Recognition
from models.face.demand import operating_point_for

Json = dict[str, Any]
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def make_demand(people: int, **changes: object) -> DemandView:
    """Return what the production network demands where so many are searched."""
    point = operating_point_for(Recognition(pipeline="production"), people, pictures=3)
    made = DemandView(
        people=people,
        accept=point.accept,
        step_up=point.step_up,
        margin=point.margin,
        strangers_per_try=point.fpir_per_try,
        refused=point.fnir_expected,
        refused_outright=point.fnir_step_up,
        factor=point.factor,
        holds=True,
        is_extrapolated=point.is_extrapolated,
        basis="prior",
        advice=[],
        reason="",
    )
    return made.model_copy(update=changes)


def make_recognition(*, refused_at_east: float | None = None, **changes: object) -> Json:
    """Return the state of a site with two lanes; it holds unless the east lane refuses so many."""
    broken: Json = {}
    if refused_at_east is not None:
        advice = ["enrol_three", "ask_card", "search_fewer", "run_self_test"]
        broken = {"holds": False, "refused": refused_at_east, "advice": advice}
    made = RecognitionView(
        pipeline="production",
        network="5" * 64,
        network_name="resnet",
        measured_on="LFW",
        target=TargetView(strangers=0.001, step_up_strangers=0.05, tries=5, refused_limit=0.1),
        gallery_size=1280,
        not_comparable_count=0,
        whole=make_demand(1280),
        points=[
            PointView(access_point="east", demand=make_demand(1280, **broken)),
            PointView(access_point="west", demand=make_demand(40)),
        ],
        holds=not broken,
        last=None,
        attempt=None,
        next_at=None,
        open_pair_count=0,
    )
    return {**made.model_dump(mode="json"), **changes}


def make_self_test(state: str, **changes: object) -> Json:
    """Return a self-test."""
    fields: Json = {
        "state": state,
        "wanted_at": AT,
        "started_at": AT,
        "finished_at": AT if state in ("done", "failed") else None,
        "duration_s": 4.21 if state == "done" else None,
        "progress": 0.0,
        "failure": None,
        "is_of_this_network": True,
        **changes,
    }
    return SelfTestView(**fields).model_dump(mode="json")


def make_pair(one: str, other: str, **changes: object) -> Json:
    """Return two people too alike, whom nobody has answered about."""
    fields: Json = {
        "one": PairPerson(holder_id="1" * 8, name=one),
        "other": PairPerson(holder_id="2" * 8, name=other),
        "similarity": 0.873,
        "origin": "self_test",
        "found_at": AT,
        "verdict": None,
        "decided_by": None,
        "decided_at": None,
        "superfluous": None,
        **changes,
    }
    return PairView(**fields).model_dump(mode="json")
