"""No rule refuses exit on an egress point: over all rules, states and attempts."""

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from config.contract.access import CredentialKind, DenialReason
from config.contract.access_model import AccessModel
from config.contract.access_terms import (
    CredentialRequirement,
    CredentialRule,
    Interlock,
    LockdownLevel,
    Passback,
    PassbackMode,
    PointRules,
    TemporaryEffect,
    TemporaryRule,
    TwoPersonRule,
)
from edge.access.attempts import Attempt, CardShown, CodeShown, ExitRequested, FaceShown, PinShown
from edge.access.decision import decide
from edge.access.question import Granted, Person, Point
from tests.edge.access.building import OUT, Candidate
from tests.system.access_model import history as h
from tests.system.access_model.engine import Engine
from tests.system.access_model.generator import BEGIN, PLACES, make_history, make_site

EXITS = [p.id for p in PLACES if p.direction is OUT or p.id == "stairs"]
STRICT = CredentialRequirement(any_of=((CredentialKind.CARD, CredentialKind.PIN),))
HARD = Passback(mode=PassbackMode.HARD)
FOR_EVER = BEGIN + timedelta(days=365)


def strictest(model: AccessModel) -> AccessModel:
    """Return a model that the check would refuse: every setting says that nobody gets out."""
    exits = tuple(
        PointRules(
            id=name,
            is_egress=name == "stairs",
            from_area="lab",
            to_area="hall",
            credentials=(CredentialRule(require=STRICT),),
            passback=HARD,
            two_person=TwoPersonRule(),
        )
        for name in EXITS
    )
    others = tuple(point for point in model.points if point.id not in EXITS)
    locked = LockdownLevel(id="shut", priority=99, points=tuple(EXITS))
    refused = TemporaryRule(
        id="no",
        effect=TemporaryEffect.REFUSE,
        points=tuple(EXITS),
        valid_from=BEGIN,
        valid_until=FOR_EVER,
    )
    return model.model_copy(
        update={
            "points": (*others, *exits),
            "areas": tuple(
                a.model_copy(update={"passback": HARD, "occupancy_max": 1}) for a in model.areas
            ),
            "interlocks": (Interlock(id="all", points=("north", *EXITS)),),
            "lockdown_levels": (*model.lockdown_levels, locked),
            "temporary_rules": (*model.temporary_rules, refused),
        }
    )


def world_of(rng: random.Random, *, is_strictest: bool) -> tuple[Engine, list[h.Step]]:
    """Return a site with anything in its model, and a day at it."""
    site = make_site(rng)
    model = strictest(site.model) if is_strictest else site.model
    shut = [h.SetLevel(BEGIN, "shut", is_active=True)]
    story = make_history(rng, site)
    return Engine(h.Site(model, site.places, site.people, site.codes, site.zone)), [*shut, *story]


def ways_out(engine: Engine) -> set[str]:
    """Return the points that lead out, or are egress points by the rules."""
    leading_out = {p.id for p in PLACES if p.direction is OUT}
    return leading_out | {p.id for p in engine.site.model.points if p.is_egress}


attempts = st.one_of(
    st.builds(CardShown, st.none() | st.just("anna")),
    st.builds(PinShown, st.just("anna"), is_right=st.booleans(), is_duress=st.booleans()),
    st.just(CodeShown(None)),
    st.just(ExitRequested()),
    st.builds(
        FaceShown,
        st.floats(0, 1).map(lambda similarity: [Candidate("anna", similarity)]),
        st.just(0.5),
        doubt=st.sampled_from([None, DenialReason.PRESENTATION_ATTACK]),
    ),
)
# Drawn as one number: thousands of draws of a history would each be hypothesis's own, 25 s for 60.
rngs = st.integers(0, 2**32 - 1).map(random.Random)
people = st.none() | st.builds(
    Person,
    holder_id=st.just("anna"),
    is_active=st.booleans(),
    access_points=st.sampled_from([None, frozenset()]),
    profiles=st.sampled_from([None, frozenset[str]()]),
    confusable_with=st.sampled_from([frozenset[str](), frozenset({"ben"})]),
    needs_escort=st.booleans(),
)


@settings(max_examples=100)
@given(
    rng=rngs,
    is_strictest=st.booleans(),
    place=st.sampled_from([p for p in PLACES if p.id in EXITS and p.direction is OUT]),
    attempt=attempts,
    person=people,
    pause_s=st.integers(0, 600),
)
def test_nobody_is_refused_on_the_way_out_whatever_the_rules_and_the_state(
    rng: random.Random,
    is_strictest: bool,  # drawn
    place: h.Place,
    attempt: Attempt,
    person: Person | None,
    pause_s: int,
) -> None:
    engine, story = world_of(rng, is_strictest=is_strictest)
    world = engine.world_after(story)
    now = story[-1].at + timedelta(seconds=pause_s)

    point = Point(place.id, place.direction, place.door)
    decision = decide(attempt, person, point=point, now=now, world=world)

    assert isinstance(decision, Granted)


@settings(max_examples=100)
@given(rng=rngs, is_strictest=st.booleans())
def test_in_no_history_is_anybody_refused_at_an_exit(
    rng: random.Random,
    is_strictest: bool,  # drawn
) -> None:
    engine, story = world_of(rng, is_strictest=is_strictest)

    outcomes, _ = engine.run(story)

    pairs = zip(story, outcomes, strict=True)
    exits = ways_out(engine)
    at_exits = [o for s, o in pairs if isinstance(s, h.Show) and s.place in exits]
    assert {outcome.verdict for outcome in at_exits} <= {"granted"}
