"""A conformance report as a page to print and sign, in Chinese and English side by side."""

import functools
import json
import re
from collections.abc import Iterable
from html import escape

from config.web import STATIC
from drivers.conformance.report import Report, Step

STYLE = """
body { font: 11pt/1.4 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2rem auto;
       max-width: 60rem; padding: 0 1rem; color: #111; background: #fff; }
h1 { font-size: 16pt; margin: 0 0 .3rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border: 1px solid #999; padding: .3rem .5rem; text-align: left; vertical-align: top; }
td.frames { font: 8.5pt/1.3 monospace; overflow-wrap: anywhere; width: 38%; }
.passed { color: #06602b; } .failed { color: #a40000; font-weight: bold; } .skipped { color: #555; }
.verdict { font-size: 14pt; border: 2px solid currentColor; padding: .4rem .8rem;
           display: inline-block; }
.signatures { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 2rem; margin-top: 3rem; }
.signatures div { border-top: 1px solid #111; padding-top: .3rem; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""


STEPS = {
    "the device answers and is set up": "step.answers",
    "an idle device reports nothing": "step.idle",
    "one person is let in": "step.let_in",
    "one person is let out": "step.let_out",
    "a relay is pulsed": "step.pulse",
    "a door is opened": "step.door",
    "a text is shown": "step.text",
    "the head moves and stops": "step.head",
    "a pulled cable is noticed": "step.pulled",
    "the device comes back": "step.back",
}
STIMULUS = re.compile(r"(\w+)(?: \(.*\))? is reported")


@functools.cache
def _words() -> dict[str, str]:
    words: dict[str, str] = json.loads((STATIC / "zh-CN.json").read_text("utf-8"))
    return words


def _chinese(name: str) -> str:
    """Return a step's name in Chinese and as it came; only as it came if nobody knows it."""
    words = _words().get(STEPS.get(name, ""), "")
    if stimulus := STIMULUS.fullmatch(name):
        deed = _words().get(f"hand.{stimulus[1]}", stimulus[1])
        words = _words()["step.reported"].format(what=deed)
    return f"{words} · {name}" if words else name


def report_page(report: Report) -> str:
    """Return a whole HTML page that needs nothing else."""
    verdict = "passed" if report.passed else "failed"
    words = "合格 · passed" if report.passed else "不合格 · FAILED"
    settings = ", ".join(f"{key} = {value}" for key, value in report.settings.items()) or "–"
    latency = ", ".join(f"{key} {value} ms" for key, value in report.latency_ms.items()) or "–"
    facts = [
        ("设备驱动 · driver", report.driver),
        ("端口 · port", report.port),
        ("参数 · settings", settings),
        ("时间 · time (UTC)", report.began_at),
        ("应答时间 · reply time", latency),
    ]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="zh-CN"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.driver)} – 设备检验报告</title><style>{STYLE}</style></head>",
            "<body><h1>设备检验报告 · Device conformance report</h1>",
            f'<p class="verdict {verdict}">{words}</p>',
            _table(facts),
            _findings(report.findings),
            "<table><thead><tr><th>步骤 · step</th><th>结果 · result</th>"
            "<th>发送 · sent / 收到 · received</th></tr></thead><tbody>",
            *(_row(step) for step in report.steps),
            "</tbody></table>",
            '<div class="signatures"><div>检验人 · technician</div><div>复核人 · checked by</div>'
            "<div>日期 · date</div></div></body></html>",
        ]
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def _findings(findings: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(_of_finding(finding))}</li>" for finding in findings)
    return f"<h2>发现 · findings</h2><ul>{items or '<li>无 · none</li>'}</ul>"


def _of_finding(finding: str) -> str:
    code = finding.partition(":")[0]
    words = _words().get(f"bench_hint.{code}", "")
    return f"{words} · {finding}" if words and "simulated line" not in finding else finding


def _row(step: Step) -> str:
    if step.is_skipped:
        state, words = "skipped", "未检 · not tried"
    else:
        state = "passed" if step.passed else "failed"
        words = "通过 · ok" if step.passed else "失败 · FAILED"
    frames = "<br>".join(
        f"{arrow} {escape(text)}"
        for arrow, text in (("→", step.sent), ("←", step.received))
        if text
    )
    finding = f"<br>{escape(step.finding)}" if step.finding else ""
    return (
        f"<tr><td>{escape(_chinese(step.name))}</td>"
        f'<td><span class="{state}">{words}</span>{finding}</td>'
        f'<td class="frames">{frames}</td></tr>'
    )
