"""The matrix as one page to print. Pure; everything passes ``escape`` on its way in."""

from html import escape
from zoneinfo import ZoneInfo

from central.assessment.schemas import Language
from central.assessment.words import Words
from central.fire.document import STYLE
from central.fire.schemas import Matrix, MatrixCell
from config.site import SiteIdentity


def matrix_document(found: Matrix, site: SiteIdentity, language: Language) -> str:
    """Return the page."""
    words, zone = Words(language), ZoneInfo(site.time_zone)

    def say(key: str, **values: object) -> str:
        return escape(words.say(f"fire_matrix.{key}", **values))

    def cell(one: MatrixCell) -> str:
        state = escape(words.say(f"fire_cell.{one.state}"))
        if one.tested_at is None:
            return f"<td>{state}</td>"
        at = f"{one.tested_at.astimezone(zone):%Y-%m-%d %H:%M}"
        seen = say("by_eye") if one.seen is None else say("seen")
        more = " · ".join(filter(None, (at, escape(one.tested_by or ""), seen, escape(one.remark))))
        return f"<td>{state}<br>{more}</td>"

    rows = "".join(
        f"<tr><td>{escape(row.zone_name.get(language) or row.zone)}</td>"
        f"<td>{escape(row.output_name.get(language) or row.output)}</td>"
        f"<td>{escape(row.node)}</td>{cell(row.wired)}{cell(row.ours)}</tr>\n"
        for row in found.rows
    )
    heads = "".join(f"<th>{say(key)}</th>" for key in ("zone", "output", "node", "wired", "ours"))
    name, at = site.name.get(language, site.id), f"{found.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{say('title')} · {escape(name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{say('title')}</h1>\n<p>{escape(name)} · {at}</p>\n"
        f"<p>{say('hint', n=found.months)}</p>\n"
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        f'<div class="signing"><p>{say("sign_here")}</p><p>{say("sign_date")}</p></div>\n'
        "</body>\n</html>\n"
    )
