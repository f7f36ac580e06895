"""The degraded rule, exhaustively: every effect, standing, set of credentials and way."""

import itertools
from zoneinfo import ZoneInfo

import pytest

from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.access_model import AccessModel
from edge.access.attempts import CardShown
from edge.access.compiled import CompiledModel
from edge.access.decision import decide
from edge.access.degraded import Degraded, Effect
from edge.access.question import Denied, Granted, Override, Person, Point
from edge.access.state import State
from edge.access.world import World
from tests.edge.conftest import NOW

EFFECTS: tuple[Effect | None, ...] = (None, "continue", "second_credential", "profiles")
CARD, PIN, FACE = CredentialKind.CARD, CredentialKind.PIN, CredentialKind.FACE
KINDS = (None, frozenset({CARD}), frozenset({CARD, PIN}), frozenset({CARD, PIN, FACE}))
PROFILES = (None, frozenset[str](), frozenset({"staff"}), frozenset({"guards", "staff"}))
WAYS = {Direction.IN: Point("front", Direction.IN), Direction.OUT: Point("exit", Direction.OUT)}
CASES = list(itertools.product(EFFECTS, KINDS, PROFILES, Direction))


def expected(
    effect: Effect | None,
    kinds: frozenset[CredentialKind] | None,
    profiles: frozenset[str] | None,
    direction: Direction,
) -> Granted | Denied:
    """Return what the page says, written out."""
    if direction is Direction.OUT:
        return Granted("anna", override=Override.EGRESS)
    if profiles == frozenset():
        return Denied(DenialReason.NOT_PERMITTED_HERE, "anna")
    if effect == "profiles" and "guards" not in (profiles or ()):
        return Denied(DenialReason.REPLICA_OUTDATED, "anna")
    if effect == "second_credential" and kinds is not None and len(kinds) > 1:
        return Denied(DenialReason.CREDENTIAL_NEEDED, "anna", asks=kinds - {CARD})
    return Granted("anna")


@pytest.mark.parametrize(("effect", "kinds", "profiles", "direction"), CASES)
def test_a_card_opens_by_the_degraded_rule_and_every_way_out(
    effect: Effect | None,
    kinds: frozenset[CredentialKind] | None,
    profiles: frozenset[str] | None,
    direction: Direction,
) -> None:
    model = AccessModel.model_validate(
        {
            "profiles": [
                {"id": name, "permissions": [{"points": ["front"]}]} for name in ("guards", "staff")
            ]
        }
    )
    state = State(node="gate-1")
    state.degraded = None if effect is None else Degraded(effect, frozenset({"guards"}))
    world = World(CompiledModel(model, WAYS.values(), zone=ZoneInfo("UTC")), state)
    person = Person(
        holder_id="anna",
        kinds=kinds,
        profiles=profiles,
        access_points=frozenset({"front"}),
    )

    decision = decide(CardShown("anna"), person, point=WAYS[direction], now=NOW, world=world)

    assert decision == expected(effect, kinds, profiles, direction)
