"""What a report says of gates, and that nothing on its page can be changed unseen."""

import json
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.assessment.schemas import Language
from central.fire.document import document
from central.fire.evidence import SignedReport, canonical, checked, read, signed
from central.fire.report import Answered
from central.fire.strip import latency_strip
from config.contract.trust import TrustError, public_text
from config.crypto.suite import Suite
from config.crypto.suites import SUITES
from tests.central.fire.reports import BEGAN, answer, gate, report

KEY = Ed25519PrivateKey.generate()
SIGNED = signed(report(), KEY)


def test_a_gate_that_told_nothing_stands_in_the_report() -> None:
    lines = {line.access_point: line for line in report().devices}

    assert (lines["c"].outcome, lines["c"].confirmed_ms) == ("no_answer", None)
    assert [lines[name].is_in_time for name in ("a", "b", "c")] == [True, False, False]


def test_times_of_a_gate_count_from_the_beginning() -> None:
    (line, *_) = report().devices

    assert line.told_at == BEGAN + timedelta(milliseconds=10)
    assert line.confirmed_at == BEGAN + timedelta(milliseconds=120)


def test_a_report_is_complete_only_if_every_gate_confirmed() -> None:
    everything = report(answered=tuple(answer(name) for name in "abc"))

    assert (report().summary.is_complete, everything.summary.is_complete) == (False, True)
    assert not report(expected=(), answered=()).summary.is_complete, "nothing proves nothing"


def test_a_gate_that_the_site_file_did_not_name_is_reported_too() -> None:
    found = report(expected=(gate("a"),), answered=(answer("a"), answer("new")))

    assert [line.access_point for line in found.devices] == ["a", "new"]


def test_a_relay_is_a_line_of_its_own() -> None:
    relay = Answered.model_validate(
        answer("x").model_dump() | {"access_point": None, "output": 3, "device": "board"}
    )
    found = report(expected=(), answered=(relay,))

    assert found.devices[0].key == "board:3"
    assert "board, output 3" in document(signed(found, KEY), "en")


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_what_central_signed_is_believed_without_central(suite: Suite) -> None:
    key = suite.new_signing_key()
    found = signed(report(), key)

    assert checked(found, central_key=public_text(key.public_key())) == report()
    forged = found.model_copy(update={"signature": SIGNED.signature})
    with pytest.raises(TrustError):
        checked(forged)


@pytest.mark.parametrize(
    "change",
    [
        {"document": SIGNED.document.replace('"attempts":1', '"attempts":2')},
        {"sha256": "0" * 64},
        {"central_key": public_text(Ed25519PrivateKey.generate().public_key())},
    ],
)
def test_a_report_that_was_changed_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(TrustError):
        checked(SignedReport.model_validate(SIGNED.model_dump() | change))


def test_another_key_than_the_readers_is_refused() -> None:
    other = public_text(Ed25519PrivateKey.generate().public_key())

    with pytest.raises(TrustError, match="another key"):
        checked(SIGNED, central_key=other)


def test_the_same_report_is_the_same_text() -> None:
    assert canonical(report()) == canonical(report().model_copy())
    assert json.loads(canonical(report()))["zone"] == "building"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_page_carries_what_was_signed_and_nothing_from_elsewhere(language: Language) -> None:
    page = document(SIGNED, language)

    assert checked(read(page)) == report()
    assert re.search(r"https?:|//|src=|href=|url\(", page.split('<script type="')[0]) is None
    assert "A区&lt;1&gt;" in page


def test_a_chinese_page_has_no_english_words() -> None:
    page = document(SIGNED, "zh-CN").replace("&lt;", "<").replace("&gt;", ">")
    shown = re.sub(r"<style>.*?</style>|<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
    of_the_site = f"panel building hall gate fire {SIGNED.sha256} {SIGNED.central_key}"

    words, own = (set(re.findall(r"[A-Za-z]+", text)) for text in (shown, of_the_site))
    assert words - own <= {"A"}, "the panel's own text"


def test_words_that_were_changed_on_a_page_are_found_by_making_it_anew() -> None:
    page = document(SIGNED, "en")
    forged = page.replace("terminal told nothing", "released")

    assert forged != page
    assert document(read(forged), "en") != forged


def test_a_text_of_a_panel_cannot_end_the_data_within_the_page() -> None:
    nasty = report(points=({"device": "p", "point": "1", "text": "</script><b>"},))
    page = document(signed(nasty, KEY), "en")

    assert checked(read(page)) == nasty
    assert "<b>" not in page


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(TrustError, match="no report"):
        read("<html></html>")


def test_a_strip_counts_every_gate_and_draws_the_limit() -> None:
    drawn = latency_strip([10.0, 11.0, 900.0], limit_ms=1_000, unit="ms", limit="limit 1000 ms")
    counts = [int(n) for n in re.findall(r'class="count"[^>]*>(\d+)<', drawn)]

    assert sorted(counts) == [1, 2]
    assert "limit 1000 ms" in drawn
