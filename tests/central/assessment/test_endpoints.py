"""The impact assessment of a running central: true, for who may see it, and logged."""

import json
from pathlib import Path

import pytest

from config.command import main
from tests.central.audit.log import entries
from tests.central.bench import PASSWORD, Bench

PATH = "/api/v1/privacy/assessment"
CHECK = {"Menshen-Purpose": "compliance"}


def test_it_says_what_this_site_has(any_bench: Bench) -> None:
    any_bench.node().report(gallery_size=7)
    any_bench.person()
    auditor = any_bench.planted("auditor").client

    found = auditor.get(PATH, params={"language": "en"}, headers=CHECK).json()

    table = any_bench.administrator.get("/api/v1/retention").json()["items"]
    assert {each["name"] for each in found["data"]} == {each["name"] for each in table}
    assert found["people"] == {"with_face": 0, "without_face": 1, "level": "none"}
    assert [
        (t["node"], t["has_joined"], t["gallery_size"]) for t in found["templates"]["terminals"]
    ] == [
        ("gate-1", True, 7),
        ("gate-2", False, None),
    ]
    assert {each["purpose"]: each["text_version"] for each in found["consents"]} == {
        "gate": 1,
        "canteen": 1,
    }


def test_the_look_is_recorded_with_its_purpose(bench: Bench) -> None:
    reply = bench.administrator.get(PATH, headers=CHECK)

    (entry,) = entries(bench, action="privacy_assessment_get")
    assert reply.json()["language"] == "zh-CN"
    assert (entry["purpose"], entry["detail"]) == ("compliance", {"format": "json"})


def test_who_may_not_see_data_protection_is_refused(bench: Bench) -> None:
    assert bench.planted("guard").client.get(PATH, headers=CHECK).status_code == 403


def test_the_page_is_one_file_that_runs_nothing(bench: Bench) -> None:
    reply = bench.administrator.get(PATH, params={"format": "html"}, headers=CHECK)

    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert '<html lang="zh-CN">' in reply.text


def test_the_command_writes_the_page_and_the_document(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)
    operator = bench.planted("auditor")
    page, data = tmp_path / "assessment.html", tmp_path / "assessment.json"
    words = ["privacy", "assessment", "--language", "en", "--url", bench.url]
    words += ["--username", operator.username]

    assert main([*words, "--file", str(page)]) == 0
    assert main([*words, "--file", str(data), "--json"]) == 0

    assert "<h1>Impact assessment" in page.read_text("utf-8")
    assert json.loads(data.read_text("utf-8"))["language"] == "en"
