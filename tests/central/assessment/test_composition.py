"""The impact assessment from the facts: nothing of the site is missing, in either language."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

from central.assessment.composition import MEASURES, ConsentCount, Facts, compose
from central.assessment.document import CONTENT_SECURITY_POLICY, document
from central.assessment.readers import SHOWN_BY, roles_that_see
from central.assessment.schemas import Assessment, Language, TerminalLine
from central.assessment.words import Words
from central.consent.schemas import ConsentText, StoredFaces
from central.retention.classes import CLASSES
from central.retention.schemas import RetentionLine
from central.roles import PERMISSIONS, ROLES
from config.site import Recognition, Site
from models.catalogue import catalogue
from models.face.demand import operating_point_for
from tests.central.bench import SITE

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = get_args(Language)
MLPS = Path(__file__).parents[3] / "docs" / "mlps.md"
PERSONAL = [each for each in CLASSES if each.is_personal]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def line(name: str, ending: str = "age", **more: object) -> RetentionLine:
    nothing = dict.fromkeys(
        ("node", "kept_h", "minimum_days", "maximum_days", "oldest_at", "due_at", "last_run_at",
         "next_run_at", "last_deleted_at")
    )  # fmt: skip
    counts = {"last_count": 0, "deleted_count": 0, "is_overdue": False, "setting": ""}
    return RetentionLine.model_validate(
        {**nothing, **counts, "name": name, "ending": ending, **more}
    )


def facts(**more: object) -> Facts:
    """Return a site of two terminals with two hundred faces."""
    text = ConsentText(
        purpose="gate", version=2, zh_cn="告知" * 60, en="Notice " * 20, is_shipped=False,
        made_at=NOW,
    )  # fmt: skip
    values: dict[str, object] = {
        "made_at": NOW,
        "site": SITE,
        "retention": [line(each.name, each.ending) for each in PERSONAL],
        "faces": StoredFaces(count=200, level="none", filing_working_days=30, faceless_count=3),
        "texts": [text.model_copy(update={"version": 1, "en": "Old " * 40}), text],
        "consents": [
            ConsentCount(purpose="gate", place="central", count=190),
            ConsentCount(purpose="gate", place="terminal", count=10),
        ],
        "central_face_count": 190,
        "terminals": [
            TerminalLine(
                node="gate-1", has_joined=True, last_seen_at=NOW, alone_count=10, gallery_size=200
            ),
            TerminalLine(
                node="gate-2", has_joined=False, last_seen_at=None, alone_count=0,
                gallery_size=None,
            ),
        ],
        "points": {"lane": (200, operating_point_for(Recognition(), 200))},
        "self_test": None,
    }  # fmt: skip
    return Facts(**{**values, **more})  # type: ignore[arg-type]  # fields of many types


def composed(language: Language = "en", **more: object) -> Assessment:
    return compose(facts(**more), Words(language))


def texts(found: object) -> Iterable[str]:
    """Yield every text that the document holds."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for each in found:
            yield from texts(each)
    elif isinstance(found, str):
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_of_personal_data_and_every_role_is_there(language: Language) -> None:
    found = composed(language)

    assert [each.name for each in found.data] == [each.name for each in PERSONAL]
    assert {r.name: {p.name for p in r.permissions} for r in found.roles} == {
        name: set(may) for name, may in ROLES.items()
    }
    assert len({each.words for each in found.roles}) == len(ROLES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_permission_and_every_network_has_words(language: Language) -> None:
    words = Words(language)

    said = {words.say(f"permission.{name.replace('.', '_')}") for name in PERMISSIONS}
    networks = composed(language).recognition.networks

    assert len(said) == len(PERMISSIONS)
    assert [each.name for each in networks] == [each.name for each in catalogue()]


def test_what_is_remarked_of_a_network_is_the_catalogue_s_own_remark() -> None:
    networks = composed().recognition.networks

    assert [each.remark_words for each in networks] == [each.remark for each in catalogue()]


def test_who_may_see_a_class_follows_from_the_roles() -> None:
    named = frozenset[str]().union(*SHOWN_BY.values())

    assert {each.name for each in PERSONAL} - SHOWN_BY.keys() == set()
    assert named - PERMISSIONS == set()
    assert roles_that_see("candidates") == [r for r in ROLES if "events.candidates" in ROLES[r]]
    assert roles_that_see("terminal_people") == []


def test_a_class_at_several_terminals_is_one_line_that_names_them() -> None:
    lines = [line("terminal_people", node="gate-1"), line("terminal_people", node="gate-2",
             is_overdue=True)]  # fmt: skip

    (found,) = composed(retention=lines).data

    assert (found.places, found.is_overdue) == (["gate-1", "gate-2"], True)


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"kept_h": 720.0}, "30 days"),
        ({"kept_h": 30.0}, "30 hours"),
        ({"kept_h": 0.0, "ending": "expiry"}, "Until its expiry"),
        ({"ending": "record"}, "A record that is not deleted"),
    ],
)
def test_how_long_is_said_as_on_the_page(more: dict[str, object], kept: str) -> None:
    (found,) = composed(retention=[line("passages", **more)]).data  # type: ignore[arg-type]

    assert found.kept_words == kept


def test_the_newest_notice_counts_with_the_consents_that_stand() -> None:
    (found,) = composed().consents

    assert (found.text_version, found.central_count, found.terminal_count) == (2, 190, 10)
    assert found.text.startswith("Notice")
    assert composed("zh-CN").consents[0].text.startswith("告知")


def test_networks_say_their_licence_their_errors_and_whether_they_are_used() -> None:
    found = {each.name: each for each in composed().recognition.networks}

    assert found["dlib-resnet"].is_used
    assert (found["dlib-resnet"].licence, found["dlib-resnet"].refused_one_picture) == (
        "CC0-1.0",
        0.643,
    )
    assert not found["face-reidentification-retail-0095"].is_used
    assert not found["liveness-2.7"].is_used, "no point of this site has a camera"


def test_every_clause_is_a_line_of_the_table_for_level_three() -> None:
    cells = re.findall(r"^\| (8\.1\.[0-9.]+[^|]*) \|", MLPS.read_text("utf-8"), re.MULTILINE)
    known = {" ".join(re.sub(r"[一-鿿]+", "", cell).split()) for cell in cells}

    assert {clause for lines in MEASURES.values() for clause in lines} - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_every_text_that_people_read(language: Language) -> None:
    found = composed(language)

    page = unescape(document(found, Words(language)))

    shown = [*found.purposes, *found.uncovered, *(each.words for each in found.measures),
             *(each.words for each in found.data), *(each.words for each in found.roles),
             found.consents[0].text, found.templates.keys_words, "gate-2"]  # fmt: skip
    assert [text for text in shown if text not in page] == []
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


def test_the_english_document_has_no_chinese_in_it() -> None:
    said = [t for t in texts(composed("en").model_dump(mode="json")) if re.search("[一-鿿]", t)]

    assert said == []


def test_a_hostile_name_and_notice_are_text_and_nothing_else() -> None:
    site = Site.model_validate(
        {**SITE.model_dump(mode="json"), "site": {"id": "test", "name": {"en": HOSTILE}}}
    )
    (first, second) = facts().texts
    evil = second.model_copy(update={"en": HOSTILE * 3})

    page = document(composed(site=site, texts=[first, evil]), Words("en"))

    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") == 5
    assert "script-src" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
