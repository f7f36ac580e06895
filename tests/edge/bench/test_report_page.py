"""The page that is printed and signed: Chinese and English, whatever a device said."""

from drivers.conformance.report import Report, Step
from edge.bench.report_page import STEPS, report_page


def page_of(*names: str, findings: tuple[str, ...] = ()) -> str:
    steps = [Step(name, passed=True, sent="01 <b>") for name in names]
    return report_page(Report("rdm6300", "/dev/x", "", steps=steps, findings=list(findings)))


def test_every_step_is_named_in_both_languages() -> None:
    page = page_of(*STEPS, "swipe (card 010063E9AE) is reported")

    assert [name for name in STEPS if f" · {name}</td>" not in page] == []
    assert "刷卡被报告 · swipe (card 010063E9AE) is reported" in page


def test_a_finding_is_said_in_both_languages_and_an_unknown_one_as_it_came() -> None:
    page = page_of(findings=("mute: nothing came back", "3 x a line is not UTF-8"))

    assert "检查电源、A/B 两线、地址和波特率 · mute: nothing came back" in page
    assert "<li>3 x a line is not UTF-8</li>" in page


def test_what_a_device_said_is_text_and_nothing_else() -> None:
    assert "01 &lt;b&gt;" in page_of("the device comes back")
