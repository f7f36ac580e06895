"""Cookies: what they are called, and how browsers are given them and lose them.

Over HTTPS the names begin with ``__Host-``: a browser takes such a cookie over HTTPS alone, for one
host and all of its paths, so that neither a neighbour under the same domain nor a forged plain page
plants one. Plain HTTP, which is served on loopback alone, cannot have the prefix.

Source: RFC 6265bis, section "The "__Host-" Prefix".
"""

import dataclasses
from datetime import timedelta
from typing import Final, Literal

from fastapi import Request, Response

PREFIX: Final = "__Host-"


@dataclasses.dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of one central. Attributes: is_secure: it is reached by HTTPS."""

    is_secure: bool

    def name(self, cookie: str) -> str:
        """Return what a cookie is called here; under another name it is nobody's."""
        return f"{PREFIX}{cookie}" if self.is_secure else cookie

    def give(
        self,
        response: Response,
        cookie: str,
        value: str,
        *,
        lifetime: timedelta,
        same_site: Literal["strict", "lax"] = "strict",
    ) -> None:
        """Let a browser have a cookie, which no script reads."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=int(lifetime.total_seconds()),
            httponly=True,
            samesite=same_site,
            secure=self.is_secure,
        )

    def take_back(self, response: Response, cookie: str) -> None:
        """Let a browser forget a cookie; with the prefix it obeys a secure answer alone."""
        response.delete_cookie(
            self.name(cookie), httponly=True, samesite="strict", secure=self.is_secure
        )


def cookie_of(request: Request, cookie: str) -> str | None:
    """Return the value of a cookie that a browser has from here."""
    cookies: Cookies = request.app.state.cookies
    return request.cookies.get(cookies.name(cookie))
