import json
import re
from enum import StrEnum

import pytest

from central.console import STATIC as CONSOLE
from config.contract.access import CredentialKind, DenialReason, DoorCommandOutcome, DoorState
from config.contract.events import EVENT_TYPES, EventClass
from config.web import STATIC as SHARED
from edge.kiosk.app import STATIC as KIOSK
from models.face.quality import QualityReason

FOLDERS = (SHARED, CONSOLE, KIOSK)
SOURCES = [p for folder in FOLDERS for p in folder.iterdir() if p.suffix in (".js", ".html")]
KEY = re.compile(r'(?<!includes\()"([a-z_]+)\.([a-z_]+)"')
"""A key between quotation marks; permissions, which a session includes, look alike."""
PLACE = re.compile(r"\{(\w+)\}")


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((SHARED / f"{language}.json").read_text("utf-8"))
    return found


CHINESE, ENGLISH = words("zh-CN"), words("en")


def used_keys() -> set[str]:
    groups = {key.partition(".")[0] for key in CHINESE}
    found = (match for p in SOURCES for match in KEY.finditer(p.read_text("utf-8")))
    keys = {".".join(match.groups()) for match in found if match[1] in groups}
    # The console's table of looks is keyed by what stands after `event.`.
    return {key for key in keys if f"event.{key}" not in CHINESE}


def test_both_languages_have_the_same_words_in_the_same_order() -> None:
    assert list(CHINESE) == list(ENGLISH)


def test_both_languages_leave_the_same_places_for_values() -> None:
    assert {k: sorted(PLACE.findall(v)) for k, v in CHINESE.items()} == {
        k: sorted(PLACE.findall(v)) for k, v in ENGLISH.items()
    }


def test_every_key_that_a_page_uses_has_words() -> None:
    assert len(used_keys()) > 100
    assert used_keys() - CHINESE.keys() == set()


def test_every_word_is_used() -> None:
    text = "\n".join(p.read_text("utf-8") for p in SOURCES)
    groups = {"page", "event", "outcome", "reason", "credential", "liveness", "class", "pipeline",
              "state", "standing", "picture", "hint", "refusal", "way", "error"}  # fmt: skip

    unused = {k for k in ENGLISH if k.partition(".")[0] not in groups and f'"{k}"' not in text}

    assert unused - {"kiosk.in", "kiosk.out"} == set()


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("reason", DenialReason),
        ("refusal", DenialReason),
        ("way", DenialReason),
        ("state", DoorState),
        ("credential", CredentialKind),
        ("outcome", DoorCommandOutcome),
        ("class", EventClass),
        ("hint", QualityReason),
        ("picture", QualityReason),
    ],
)
def test_every_value_of_the_contract_has_words(group: str, values: type[StrEnum]) -> None:
    assert [v for v in values if f"{group}.{v.value}" not in ENGLISH] == []


def test_every_event_type_has_words() -> None:
    names = [name.removeprefix("menshen.").removesuffix(".v1") for name in EVENT_TYPES]

    assert [name for name in names if f"event.{name}" not in ENGLISH] == []


def test_chinese_words_have_chinese_punctuation() -> None:
    mixed = re.compile(r"[一-鿿][,;:?!()]|[,;:?!(][一-鿿]")

    assert [v for v in CHINESE.values() if mixed.search(v)] == []


def test_english_words_have_no_chinese_in_them() -> None:
    assert [v for v in ENGLISH.values() if re.search(r"[　-鿿＀-￯]", v)] == []
