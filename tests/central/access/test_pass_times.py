"""How long people wait, by what they show, as terminals' own events say."""

from itertools import count
from uuid import uuid4

import pytest

from central.access.pass_times import percentile
from config.contract.access import CredentialKind, Direction, DoorCommandOutcome
from config.contract.events import AccessGranted, DoorCommandAnswered
from tests.central.bench import Bench, Node

OPENED, UNREACHABLE = DoorCommandOutcome.CONFIRMED, DoorCommandOutcome.UNREACHABLE


def passed(
    node: Node,
    numbers: "count[int]",
    credential: CredentialKind,
    *,
    shown_ms: float,
    outcome: DoorCommandOutcome = OPENED,
) -> None:
    decision = uuid4()
    granted = AccessGranted(
        decision_id=decision, access_point="lane", direction=Direction.IN, holder_id="h",
        credential=credential, credential_to_decision_ms=shown_ms,
    )  # fmt: skip
    answered = DoorCommandAnswered(
        decision_id=decision, access_point="lane", device="gate", outcome=outcome,
        elapsed_ms=100, attempts=1,
    )  # fmt: skip
    for fact in (granted, answered):
        node.send(node.event(next(numbers), fact=fact))


def test_a_card_and_a_face_are_measured_alike_and_a_dead_gate_is_no_passage(
    any_bench: Bench,
) -> None:
    node, numbers = any_bench.node(), count(1)
    any_bench.person("without a face")
    for shown_ms in (400, 500):
        passed(node, numbers, CredentialKind.FACE, shown_ms=shown_ms)
    passed(node, numbers, CredentialKind.CARD, shown_ms=20)
    passed(node, numbers, CredentialKind.CARD, shown_ms=9000, outcome=UNREACHABLE)

    times = any_bench.administrator.get("/api/v1/pass-times").json()

    of = {item["credential"]: item for item in times["items"]}
    assert (of["face"]["count"], of["face"]["p50_ms"], of["face"]["p95_ms"]) == (2, 500, 600)
    assert (of["card"]["count"], of["card"]["p95_ms"]) == (1, 120)
    assert (of["qr"]["count"], of["qr"]["p95_ms"]) == (0, None)
    assert (times["faceless_count"], times["people_count"]) == (1, 1)


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 0.95, None), ([3.0], 0.95, 3.0), (list(range(1, 101)), 0.95, 95), ([1, 2], 0.5, 1)],
)
def test_a_percentile_is_a_value_that_was_there(
    values: list[float], share: float, found: float | None
) -> None:
    assert percentile(values, share) == found
