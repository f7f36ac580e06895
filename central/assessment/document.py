"""The assessment as one page to print, which needs nothing but itself. Pure.

Everything passes ``escape`` on its way in; no text of the site, a notice or a network is HTML here.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from central.assessment.schemas import Assessment, NetworkLine
from central.assessment.words import Words

STYLE: Final = Path(__file__).with_name("document.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing is loaded, and no script runs, whatever a text should hold."""
Row = Sequence[object]


def document(found: Assessment, words: Words) -> str:
    """Return the page."""
    page = _Page(words, ZoneInfo(found.time_zone))
    parts = [
        page.head(found),
        page.part("purposes", _items(found.purposes)),
        page.part("data", page.data(found)),
        page.part("roles", page.roles(found)),
        page.part("people", page.people(found)),
        page.part("consents", page.consents(found)),
        page.part("templates", page.templates(found)),
        page.part("recognition", page.recognition(found)),
        page.part("measures", page.measures(found)),
        page.part("uncovered", _items(found.uncovered)),
    ]
    title = escape(words.say("assessment.title"))
    return (
        f'<!doctype html>\n<html lang="{escape(found.language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title} · {escape(found.site_name)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{''.join(parts)}</body>\n</html>\n"
    )


class _Page:
    """Parts of the page in one language and one time zone."""

    def __init__(self, words: Words, zone: ZoneInfo) -> None:
        self._words, self._zone = words, zone

    def head(self, found: Assessment) -> str:
        say = self._words.say
        made = say("assessment.made", site=found.site_name, at=self._time(found.made_at))
        return f"<h1>{escape(say('assessment.title'))}</h1>\n<p>{escape(made)}</p>\n"

    def part(self, name: str, content: str) -> str:
        title = escape(self._words.say(f"assessment.{name}"))
        return f"<section>\n<h2>{title}</h2>\n{content}</section>\n"

    def data(self, found: Assessment) -> str:
        roles = {role.name: role.words for role in found.roles}
        central, nobody = self._words.say("privacy.central"), self._words.say("assessment.nobody")
        rows = [
            (
                line.words,
                self._words.listed([central if p == "central" else p for p in line.places]),
                line.kept_words
                + (f" ({self._words.say('privacy.late')})" if line.is_overdue else ""),
                self._words.listed([roles[name] for name in line.roles]) or nobody,
            )
            for line in found.data
        ]
        return self._table(("what", "where", "kept", "seen_by"), rows)

    def roles(self, found: Assessment) -> str:
        rows = [
            (role.words, self._words.listed([each.words for each in role.permissions]))
            for role in found.roles
        ]
        return self._table(("role", "may"), rows)

    def people(self, found: Assessment) -> str:
        say, people = self._words.say, found.people
        counts = say("assessment.counts", n=people.with_face, faceless=people.without_face)
        more = "" if people.level == "none" else say(f"stored_faces.{people.level}", n=30)
        return _paragraphs([counts, more])

    def consents(self, found: Assessment) -> str:
        say, parts = self._words.say, list[str]()
        for line in found.consents:
            counted = say(
                "assessment.consents_stand", n=line.central_count, terminal=line.terminal_count
            )
            version = say(
                "assessment.notice", n=line.text_version, at=self._time(line.text_made_at)
            )
            parts.append(
                f"<h3>{escape(line.purpose_words)}</h3>\n{_paragraphs([counted, version])}"
                f"<blockquote>{escape(line.text)}</blockquote>\n"
            )
        return "".join(parts)

    def templates(self, found: Assessment) -> str:
        say, part = self._words.say, found.templates
        rows = [
            (
                line.node,
                say("assessment.joined" if line.has_joined else "assessment.shut_out"),
                self._time(line.last_seen_at),
                line.alone_count,
                "–" if line.gallery_size is None else line.gallery_size,
            )
            for line in part.terminals
        ]
        at_central = say("assessment.at_central", n=part.central_count)
        said = _paragraphs([at_central, part.pictures_words, part.keys_words])
        return said + self._table(("terminal", "state", "last_seen", "alone", "compares"), rows)

    def recognition(self, found: Assessment) -> str:
        say, part = self._words.say, found.recognition
        networks = [
            (
                line.name,
                line.role_words,
                line.licence,
                say("assessment.yes" if line.is_used else "assessment.no"),
                _rates(line),
                line.origin + (f"; {line.remark_words}" if line.remark_words else ""),
            )
            for line in part.networks
        ]
        points = [
            (
                line.access_point, line.people, f"{line.accept:.3f}", f"{line.step_up:.3f}",
                f"{line.strangers_per_try:.2%}", f"{line.refused:.1%}", line.basis_words,
            )
            for line in part.points
        ]  # fmt: skip
        test = part.self_test
        tested = (
            say("assessment.no_self_test")
            if test is None
            else say(
                "assessment.self_test",
                at=self._time(test.finished_at),
                people=test.people_count,
                comparisons=test.comparison_count,
                pairs=test.pair_count,
            )
        )
        columns = ("point", "people_searched", "accept", "step_up", "strangers", "refused", "basis")
        return (
            self._table(("network", "for", "licence", "used", "rates", "origin"), networks)
            + _paragraphs([say("assessment.rates_hint")])
            + (self._table(columns, points) if points else "")
            + _paragraphs([tested])
        )

    def measures(self, found: Assessment) -> str:
        rows = [(line.words, self._words.listed(line.clauses) or "–") for line in found.measures]
        hint = _paragraphs([self._words.say("assessment.measures_hint", file="docs/mlps.md")])
        return self._table(("measure", "clauses"), rows) + hint

    def _table(self, columns: Iterable[str], rows: Iterable[Row]) -> str:
        titles = [self._words.say(f"assessment_column.{name}") for name in columns]
        head = "".join(f"<th>{escape(title)}</th>" for title in titles)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n"
            for row in rows
        )
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"

    def _time(self, at: datetime | None) -> str:
        return "–" if at is None else f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _rates(line: NetworkLine) -> str:
    rates = (line.refused_one_picture, line.refused_three_pictures)
    return " / ".join(f"{rate:.1%}" for rate in rates if rate is not None) or "–"


def _items(lines: Iterable[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(line)}</li>\n" for line in lines) + "</ul>\n"


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>\n" for line in lines if line)
