"""A report as one page to print, which needs nothing but itself. Pure.

Everything passes ``escape`` on its way in. The page is a function of what was signed and of the
language alone: see ``evidence``.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from central.assessment.document import STYLE as PAGE_STYLE
from central.assessment.schemas import Language
from central.assessment.words import Words
from central.fire.evidence import SignedReport, embedded
from central.fire.report import DeviceLine, InsideSeen, Report
from central.fire.strip import latency_strip

STYLE: Final = PAGE_STYLE + Path(__file__).with_name("document.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing is loaded, and no script runs; what was signed lies in the page as data."""


def document(found: SignedReport, language: Language) -> str:
    """Return the page of a signed report."""
    report = found.report
    page = _Page(Words(language), ZoneInfo(report.time_zone), report)
    title = page.say("title_drill" if report.is_drill else "title_fire")
    parts = [
        page.head(title),
        page.part("what", page.what()),
        page.part("devices", page.devices()),
        page.part("latency", page.latency()),
        page.part("silent", page.silent()),
        page.part("closed", page.closed()),
        page.part("panels", page.panels()),
        page.part("inside", page.inside()),
        page.part("signature", page.signature(found)),
        embedded(found),
    ]
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)} · {escape(report.zone)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{''.join(parts)}\n</body>\n</html>\n"
    )


class _Page:
    """Parts of the page in one language and one time zone."""

    def __init__(self, words: Words, zone: ZoneInfo, report: Report) -> None:
        self._words, self._zone, self._report = words, zone, report

    def say(self, key: str, **values: object) -> str:
        return self._words.say(f"fire_report.{key}", **values)

    def head(self, title: str) -> str:
        report = self._report
        site = self._named(report.site_name, report.site)
        made = self.say("made", site=site, at=self._time(report.made_at))
        verdict, is_short = self._verdict()
        drill = ""
        if report.is_drill:
            key = "is_drill" if report.releases else "is_drill_told_only"
            drill = f'<p class="drill">{escape(self.say(key, who=report.asked_by))}</p>\n'
        style = "verdict is-short" if is_short else "verdict"
        return (
            f"<h1>{escape(title)}</h1>\n<p>{escape(made)}</p>\n{drill}"
            f'<p class="{style}">{escape(verdict)}</p>\n'
        )

    def part(self, name: str, content: str) -> str:
        return f"<section>\n<h2>{escape(self.say(name))}</h2>\n{content}</section>\n"

    def what(self) -> str:
        report = self._report
        points = [" ".join(filter(None, (p.device, p.point, p.text))) for p in report.points]
        lines = [
            ("zone", self._named(report.zone_name, report.zone)),
            ("confirmed_by", self._words.say(f"fire_confirmed.{report.confirmed_by}")),
            ("points", self._words.listed(points) or "–"),
            ("began", self._exact(report.began_at)),
            ("node", report.node),
            ("heard_at", self._exact(report.heard_at)),
            ("ended", self._exact(report.ended_at) or self.say("not_ended")),
            *((("asked_by", report.asked_by),) if report.asked_by else ()),
            ("id", report.fire_id),
        ]
        under_test = [
            self.say("under_test", zone=test.zone, points=self._words.listed(list(test.points)))
            for test in report.tests
        ]
        pairs = "".join(
            f"<dt>{escape(self.say(f'field_{key}'))}</dt><dd>{escape(value)}</dd>\n"
            for key, value in lines
        )
        return f"<dl>\n{pairs}</dl>\n{_paragraphs(under_test)}"

    def devices(self) -> str:
        rows = [
            (
                self._place(line),
                line.node,
                "–" if line.heard is None else self._words.say(f"fire_heard.{line.heard}"),
                self._clock(line.told_at),
                self._clock(line.confirmed_at),
                self._milliseconds(line.confirmed_ms),
                self._outcome(line),
                line.attempts,
            )
            for line in self._report.devices
        ]
        columns = (
            "point", "node", "heard", "told", "confirmed", "latency", "outcome", "attempts",
        )  # fmt: skip
        missing = {i for i, line in enumerate(self._report.devices) if not line.is_in_time}
        return self._table(columns, rows, marked=missing) + _paragraphs([self.say("devices_hint")])

    def latency(self) -> str:
        report, summary = self._report, self._report.summary
        times = [d.confirmed_ms for d in report.devices if d.confirmed_ms is not None]
        if not times:
            return _paragraphs([self.say("no_latency")])
        drawn = latency_strip(
            times,
            limit_ms=report.limit_ms,
            unit=self.say("unit_ms"),
            limit=self.say("limit", ms=f"{report.limit_ms:g}"),
        )
        said = self.say(
            "quantiles",
            median=f"{summary.median_ms:.0f}",
            p99=f"{summary.p99_ms:.0f}",
            slowest=f"{summary.slowest_ms:.0f}",
        )
        return drawn + _paragraphs([said])

    def silent(self) -> str:
        left = [line for line in self._report.devices if not line.is_in_time]
        if not left:
            return _paragraphs([self.say("nothing_silent", limit=f"{self._report.limit_ms:g}")])
        rows = [
            (
                self._place(line),
                line.device,
                line.node,
                self._outcome(line),
                self._milliseconds(line.confirmed_ms),
            )
            for line in left
        ]
        return self._table(("point", "device", "node", "outcome", "latency"), rows)

    def closed(self) -> str:
        rows = [
            (
                self._place(line),
                self._time(line.closed_at),
                line.closed_by or "–",
            )
            for line in self._report.devices
            if line.closed_at is not None
        ]
        left = len(self._report.devices) - len(rows)
        standing = [self.say("not_closed", n=left)] if left else []
        return (self._table(("point", "closed", "by"), rows) if rows else "") + _paragraphs(
            standing
        )

    def panels(self) -> str:
        if not self._report.panels:
            return _paragraphs([self.say("no_panel")])
        rows = [
            (
                panel.device,
                self._words.say(f"fire_mode.{panel.mode}"),
                self._listed("condition", panel.conditions),
                self._words.listed(list(panel.disabled)) or "–",
                self._words.listed(list(panel.faulty)) or "–",
                self._exact(panel.last_frame_at) or "–",
            )
            for panel in self._report.panels
        ]
        columns = ("panel", "mode", "conditions", "disabled", "faulty", "last_frame")
        return self._table(columns, rows)

    def inside(self) -> str:
        inside = self._report.inside
        if inside is None:
            return _paragraphs([self.say("inside_unknown")])
        said = [
            self.say("inside_count", n=inside.count, at=self._exact(inside.taken_at)),
            self.say("inside_unnamed", n=inside.unnamed_count) if inside.unnamed_count else "",
            self.say("roll_call") if inside.roll_call else "",
        ]
        return _paragraphs(said) + self._people(inside)

    def signature(self, found: SignedReport) -> str:
        names = "".join(f"<p>{escape(self.say(key))}</p>" for key in ("sign_here", "sign_date"))
        return (
            _paragraphs([self.say("signed_by_central")])
            + f'<p class="hash">{escape(found.sha256)}</p>\n'
            + f'<p class="hash">{escape(found.central_key)}</p>\n'
            + _paragraphs([self.say("wiring_first")])
            + f'<div class="signing">{names}</div>\n'
        )

    def _people(self, inside: InsideSeen) -> str:
        if inside.people is None:
            return _paragraphs([self.say("inside_no_right")])
        rows = [
            ("☐", person.name or "–", person.area, self._time(person.since))
            for person in inside.people
        ]
        return self._table(("tick", "name", "area", "since"), rows) if rows else ""

    def _verdict(self) -> tuple[str, bool]:
        report, summary = self._report, self._report.summary
        limit = f"{report.limit_ms:g}"
        if summary.expected_count == 0:
            return self.say("verdict_none"), True
        if not summary.is_complete:
            missing = summary.expected_count - summary.confirmed_count
            return self.say("verdict_missing", n=missing, all=summary.expected_count), True
        slowest = f"{summary.slowest_ms:.0f}"
        if summary.in_time_count < summary.expected_count:
            late = summary.expected_count - summary.in_time_count
            return self.say("verdict_late", n=late, limit=limit, ms=slowest), True
        return self.say("verdict_complete", n=summary.expected_count, ms=slowest), False

    def _place(self, line: DeviceLine) -> str:
        if line.access_point is None:
            return self.say("output", device=line.device, n=line.output)
        return self._named(line.name, line.access_point)

    def _outcome(self, line: DeviceLine) -> str:
        return self._words.say(f"fire_outcome.{line.outcome}")

    def _listed(self, group: str, values: Sequence[str]) -> str:
        return self._words.listed([self._words.say(f"{group}.{value}") for value in values]) or "–"

    def _named(self, names: dict[str, str], otherwise: str) -> str:
        return names.get(self._words.language) or otherwise

    def _milliseconds(self, value: float | None) -> str:
        return "–" if value is None else f"{value:.0f} {self.say('unit_ms')}"

    def _time(self, at: datetime | None) -> str:
        return "–" if at is None else f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def _exact(self, at: datetime | None) -> str:
        return "" if at is None else f"{self._time(at)}.{at.microsecond // 1000:03}"

    def _clock(self, at: datetime | None) -> str:
        return "–" if at is None else self._exact(at).partition(" ")[2]

    def _table(
        self,
        columns: Iterable[str],
        rows: Sequence[Sequence[object]],
        *,
        marked: Iterable[int] = (),
    ) -> str:
        head = "".join(f"<th>{escape(self.say(f'column_{name}'))}</th>" for name in columns)
        chosen = frozenset(marked)
        body = "".join(
            f'<tr class="{"missing" if index in chosen else ""}">'
            + "".join(f"<td>{escape(str(cell))}</td>" for cell in row)
            + "</tr>\n"
            for index, row in enumerate(rows)
        )
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>\n" for line in lines if line)
