"""What became of each photograph, in the words of the pages."""

import json

import pytest

from central.people.report import LANGUAGES, Language, Report, language_of
from config.web import STATIC
from models.face.quality import QualityReason

REASONS = (
    *QualityReason, "no_face", "several_faces", "not_a_picture", "another_person", "disagree",
    "same_picture",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words_and_advice(language: Language, reason: str) -> None:
    words = json.loads((STATIC / f"{language}.json").read_text("utf-8"))

    line = Report(language).picture({"name": "a.jpg", "reason": reason, "score": 0.5})

    assert words[f"picture.{reason}"] in line
    assert words[f"advice.{reason}"] in line
    assert "50" in line


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_a_terminals_locale_says_its_language(
    environment: dict[str, str], language: Language
) -> None:
    assert language_of(environment) == language


def test_a_reason_of_a_newer_central_is_understood() -> None:
    line = Report("en").picture({"name": "a.jpg", "reason": "with_hat"})

    assert line == "a.jpg: Not usable: take another · Take another picture."
