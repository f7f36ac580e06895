"""Where the pages are served, and the one head that all of them have."""

import dataclasses
import functools
from typing import Final

from starlette.routing import BaseRoute, Mount, Route

from central.console import STATIC
from config.web import STATIC as SHARED
from config.web.files import WebFile, WebFiles
from config.web.modules import LANGUAGES, all_words, group_words, modules_of, word_routes

FOLDERS: Final = {"/static/": STATIC, "/web/": SHARED}
FIRST_PAGE: Final = "console"
REFUSALS: Final = "error"
"""Words that a page fetches with the first refusal: what central says when it does not answer."""
WITH_SECTIONS: Final = frozenset({"canteen", "console"})
"""Pages of which much comes when it is wanted: it brings its words then (``loadSection``)."""
WITHOUT_SESSION: Final = ("invite", "diner")
"""Pages that no navigation leads to."""


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How a page looks before anybody chose. Attributes: styles: after what all pages have."""

    theme: str = "light"
    styles: tuple[str, ...] = ("office.css",)


OFFICE: Final = Look()
LOOKS: Final = {
    "console": Look("dark", ("console.css",)),
    "cameras": Look("dark", ("office.css", "video.css")),
    "fire": Look("dark", ("fire.css",)),
    "diner": Look(styles=("diner.css",)),
    "plans": Look(styles=("office.css", "plan.css")),
    "events": Look(styles=("office.css", "console.css", "events.css")),
    "shifts": Look(styles=("office.css", "shifts.css")),
    "alarms": Look(styles=("office.css", "alarms.css")),
    "boards": Look(styles=("office.css", "boards.css")),
    "patrol": Look(styles=("office.css", "rules.css", "patrol.css")),
    "canteen": Look(styles=("office.css", "canteen.css")),
    **dict.fromkeys(("access", "muster", "visitors"), Look(styles=("office.css", "rules.css"))),
}
"""Pages that look otherwise than ``OFFICE``."""


def page_names() -> tuple[str, ...]:
    """Return every page: those that have the words ``page.NAME``, and those without a session."""
    named = [
        key.removeprefix("page.") for key in all_words(LANGUAGES[0]) if key.startswith("page.")
    ]
    return (*named, *WITHOUT_SESSION)


@functools.cache
def routes() -> tuple[BaseRoute, ...]:
    """Return the routes of every page, its words, ``/static`` and ``/web``; read once a process."""
    pages = list[BaseRoute]()
    for name in page_names():
        pages.append(Route("/" if name == FIRST_PAGE else f"/{name}", _page(name)))
        pages += word_routes(
            f"/words/{name}/",
            f"/static/{name}.js",
            FOLDERS,
            without=frozenset({REFUSALS}),
            has_sections=name in WITH_SECTIONS,
        )
    pages += [
        Route(f"/words/{REFUSALS}/{language}.json", words)
        for language, words in group_words(REFUSALS).items()
    ]
    return (*pages, Mount("/static", WebFiles(STATIC)), Mount("/web", WebFiles(SHARED)))


def head(name: str) -> str:
    """Return the document of a page: everything but its head is made by its module."""
    look = LOOKS.get(name, OFFICE)
    entry = f"/static/{name}.js"
    styles = ["/web/tokens.css", "/web/elements.css", *(f"/static/{s}" for s in look.styles)]
    lines = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Menshen</title>",
        '<link rel="icon" type="image/svg+xml" href="/web/icon.svg">',
        '<script src="/web/theme.js"></script>',
        *(f'<link rel="stylesheet" href="{style}">' for style in styles),
        *(
            f'<link rel="modulepreload" href="{module}">'
            for module in modules_of(entry, FOLDERS, at_once=True)[1:]
        ),
        f'<script type="module" src="{entry}"></script>',
    ]
    inside = "\n".join(f"    {line}" for line in lines)
    root = f'<html lang="zh-CN" data-theme="{look.theme}" data-words="/words/{name}/">'
    return f"<!doctype html>\n{root}\n  <head>\n{inside}\n  </head>\n  <body></body>\n</html>\n"


def _page(name: str) -> WebFile:
    return WebFile(head(name).encode(), "text/html")
