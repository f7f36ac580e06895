"""Where the pages are served."""

from starlette.routing import BaseRoute, Mount, Route

from central.console import STATIC
from config.web import BENCH_WORDS
from config.web import STATIC as SHARED
from config.web.files import WebFiles

FIRST_PAGE = "index.html"


def routes() -> list[BaseRoute]:
    """Return the routes of every page, ``/static`` and ``/web``; a new page needs no entry here."""
    files = WebFiles(STATIC)
    pages = sorted(path.name for path in STATIC.glob("*.html"))
    return [
        *(
            Route("/" if page == FIRST_PAGE else f"/{page.removesuffix('.html')}", files[page])
            for page in pages
        ),
        Mount("/static", files),
        Mount("/web", WebFiles(SHARED, without=BENCH_WORDS)),
    ]
