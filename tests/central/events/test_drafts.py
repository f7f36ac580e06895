"""What came again is told from what contradicts, whichever form it was kept in."""

import dataclasses
import hashlib
import json

import pytest

from central.events.considered import erased
from central.events.drafts import (
    BatchError,
    Draft,
    drafts_of,
    is_same,
    is_urgent,
    may_be_urgent,
    parsed,
)
from tests.central.bench import make_event

SOURCE = "/test/gate-1"


def draft(**data: object) -> Draft:
    (made,) = drafts_of([make_event(1, data={"access_point": "lane", **data})])
    return made


def body_of(made: Draft) -> bytes:
    return f"[{made.body}]".encode()


def test_white_space_and_the_order_of_members_make_no_other_event() -> None:
    told = draft(b=1, a=2)
    spaced = json.dumps([json.loads(told.body)], indent=2, sort_keys=True).encode()

    (again,) = parsed(spaced, source=SOURCE)

    assert again.content_hash != told.content_hash
    assert is_same(again, content_hash=told.content_hash, body=told.body)


def test_an_event_that_an_older_central_keeps_is_known_again() -> None:
    told = draft(b=1, a=2)
    kept = json.dumps(json.loads(told.body), sort_keys=True, separators=(",", ":"))

    assert is_same(told, content_hash=hashlib.sha256(kept.encode()).hexdigest(), body="{}")


def test_an_event_whose_candidates_were_erased_is_known_again() -> None:
    told = draft(face={"candidates": [{"holder_id": "x", "similarity": 0.5}]})

    assert is_same(told, content_hash="of another form", body=erased(told.body))


def test_another_content_is_another_event() -> None:
    told, other = draft(a=1), draft(a=2)

    assert not is_same(other, content_hash=told.content_hash, body=told.body)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_refused(number: str) -> None:
    body = body_of(draft(a=1)).replace(b'"a":1', f'"a":{number}'.encode())

    with pytest.raises(BatchError, match="not a number of JSON"):
        parsed(body, source=SOURCE)


def test_a_text_that_says_nan_is_a_text() -> None:
    (kept,) = parsed(body_of(draft(a="NaN Infinity")), source=SOURCE)

    assert kept.event.data["a"] == "NaN Infinity"


def test_what_is_urgent_looks_so_before_it_is_read() -> None:
    fire, usual = draft(), draft()
    fire = dataclasses.replace(fire, event_class="fire", body=fire.body.replace("access", "fire"))

    assert may_be_urgent(body_of(fire))
    assert is_urgent([usual, fire])
    assert not may_be_urgent(body_of(usual))
    assert not is_urgent([usual])
