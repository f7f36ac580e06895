"""The page that shows an application's API, with nothing from elsewhere.

Plain routes and no endpoints: FastAPI remembers every endpoint for as long as the process lives,
and one that knows its application would keep all of it.
"""

from typing import Final

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

PATH: Final = "/docs"
_FILES: Final = "/static-offline-docs"


def routes(*, openapi_url: str, title: str) -> list[BaseRoute]:
    """Return the routes of the page and of the files that it needs."""

    def page(_: Request) -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=openapi_url,
            title=title,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_FILES}/favicon.png",
        )

    files = StaticFiles(packages=[("fastapi_offline", "static")])
    return [Route(PATH, page), Mount(_FILES, files, name="static-offline-docs")]
