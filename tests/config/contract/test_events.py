import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from config.contract.access import Direction
from config.contract.events import (
    EVENT_TYPES,
    AccessNotTaken,
    ClockQuality,
    Event,
    EventClass,
    JournalDropped,
)
from config.contract.identifiers import new_id

DECISION = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOT_TAKEN = AccessNotTaken(decision_id=DECISION, access_point="east", direction=Direction.IN)


def an_event(**changes: object) -> Event:
    fields: dict[str, object] = {
        "id": UUID("01890a5d-ac96-774b-bcce-b302099a8058"),
        "source": "/demo/gate-1/east",
        "type": AccessNotTaken.type_name,
        "time": datetime(2026, 11, 23, 14, 0, tzinfo=UTC),
        "subject": "east",
        "epoch": UUID("01890a5d-ac96-774b-bcce-b302099a8059"),
        "class": EventClass.ACCESS,
        "sequence": 7,
        "clockquality": ClockQuality.SYNCHRONISED,
        "data": NOT_TAKEN.model_dump(mode="json"),
    }
    return Event.model_validate(fields | changes)


def test_the_wire_format_is_a_cloudevent() -> None:
    assert json.loads(an_event().model_dump_json(by_alias=True)) == {
        "specversion": "1.0",
        "id": "01890a5d-ac96-774b-bcce-b302099a8058",
        "source": "/demo/gate-1/east",
        "type": "menshen.access.not_passed.v1",
        "time": "2026-11-23T14:00:00Z",
        "subject": "east",
        "datacontenttype": "application/json",
        "epoch": "01890a5d-ac96-774b-bcce-b302099a8059",
        "class": "access",
        "sequence": 7,
        "clockquality": "synchronised",
        "data": {
            "decision_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "access_point": "east",
            "direction": "in",
        },
    }


def test_data_reads_back_as_its_model() -> None:
    assert an_event().parsed() == NOT_TAKEN


def test_an_unknown_type_is_kept_but_not_read() -> None:
    event = an_event(type="menshen.access.levitated.v1", data={"height_mm": 40})

    assert event.parsed() is None
    assert event.data == {"height_mm": 40}


def test_data_that_does_not_fit_its_type_is_not_read() -> None:
    assert an_event(data={"access_point": "east"}).parsed() is None


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        an_event(time=datetime(2026, 11, 23, 14, 0))  # noqa: DTZ001 - the mistake under test


def test_every_type_ends_in_its_version() -> None:
    assert all(name.startswith("menshen.") and name.endswith(".v1") for name in EVENT_TYPES)


def test_no_event_has_a_field_for_a_name_or_a_picture() -> None:
    fields = {field for model in EVENT_TYPES.values() for field in model.model_fields}

    assert fields.isdisjoint({"name", "masked_name", "photo", "picture", "card_number"})


def test_an_image_in_an_event_is_the_hash_of_a_board_s_program() -> None:
    named = {
        name: model.model_json_schema()["properties"]["image"]["pattern"]
        for name, model in EVENT_TYPES.items()
        if "image" in model.model_fields
    }

    assert named.keys() == {"menshen.board.identified.v1", "menshen.board.update_ended.v1"}
    assert set(named.values()) == {"^[0-9a-f]{64}$"}


def test_loss_is_an_alarm() -> None:
    assert JournalDropped.event_class is EventClass.ALARM


def test_identifiers_are_ordered_by_time() -> None:
    ids = [new_id() for _ in range(100)]

    assert ids == sorted(ids)
    assert {i.version for i in ids} == {7}
