"""What a changed model does to people: points gained and lost, other times, nothing else."""

from typing import Any

from central.access.preview import Effect, changed_entries, effects
from central.access.repository import ProfiledPerson
from config.contract.access_model import AccessModel

ANNA = ProfiledPerson(holder_id="anna", name="Anna", profiles=("staff",))
BERT = ProfiledPerson(holder_id="bert", name="Bert", profiles=("guest", "staff"))


def model(*permissions: dict[str, Any], start: str = "08:00", **more: object) -> AccessModel:
    hours = {"days": ["mon"], "start": start, "end": "18:00"}
    return AccessModel.model_validate(
        {
            "schedules": [{"id": "office", "intervals": [hours]}],
            "groups": [{"id": "all", "points": ["east", "west"]}],
            "profiles": [
                {"id": "staff", "permissions": permissions},
                {"id": "guest", "permissions": [{"points": ["west"]}]},
            ],
            **more,
        }
    )


def effect_on(person: ProfiledPerson, before: AccessModel, after: AccessModel) -> Effect:
    ((_, effect),) = effects(before, after, [person])
    return effect


def test_a_group_is_its_points() -> None:
    effect = effect_on(ANNA, model({"points": ["roof"]}), model({"groups": ["all"]}))

    assert effect == Effect(gains=("east", "west"), loses=("roof",), at_other_times=())


def test_another_hour_is_another_time() -> None:
    way = {"points": ["east"], "schedule": "office"}

    effect = effect_on(ANNA, model(way), model(way, start="09:00"))

    assert effect.at_other_times == ("east",)


def test_what_another_profile_gives_is_not_lost() -> None:
    found = effects(model({"points": ["west"]}), model(), [BERT])

    assert found == []


def test_another_name_changes_nobody() -> None:
    before = model({"points": ["east"], "schedule": "office"})
    renamed = before.schedules[0].model_copy(update={"name": {"en": "Office"}})
    after = before.model_copy(update={"schedules": (renamed,)})

    assert effects(before, after, [ANNA, BERT]) == []
    assert [(c.table, c.id, c.change) for c in changed_entries(before, after)] == [
        ("schedules", "office", "changed")
    ]


def test_entries_are_added_and_removed_and_settings_changed() -> None:
    before, after = model(areas=[{"id": "old"}]), model(areas=[{"id": "new"}], refusals_max=3)

    assert [(c.table, c.id, c.change) for c in changed_entries(before, after)] == [
        ("areas", "old", "removed"), ("areas", "new", "added"),
        ("settings", "refusals_max", "changed"),
    ]  # fmt: skip
