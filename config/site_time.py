"""Where the site's time comes from, and how far a terminal's may be from it."""

import re
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from config.contract.identifiers import Frozen

_HOST: Final = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?")


class SiteTime(Frozen):
    """The site's time.

    Attributes:
        server: ``HOST`` or ``HOST:PORT`` of an NTP server that every terminal asks; left out, they
            compare with central alone.
        offset_s_max: A terminal whose clock is further off alarms.
        drift_s_a_day_max: So is one whose clock runs away faster: GB 50396-2007 allows 10 s a day.
    """

    server: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?$")] | None
    ) = None
    offset_s_max: Annotated[float, Field(ge=0.5, le=3_600)] = 5.0
    drift_s_a_day_max: Annotated[float, Field(ge=0.5, le=3_600)] = 10.0

    @field_validator("server", mode="after")
    @classmethod
    def _is_an_address(cls, server: str | None) -> str | None:
        if server is not None:
            host, _, port = server.partition(":")
            if _HOST.fullmatch(host) is None or not 0 < int(port or 123) < 65_536:
                raise ValueError(
                    f"{server!r} is no host and port: write ntp.example or 192.0.2.1:123"
                )
        return server

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port of ``server``."""
        if self.server is None:
            return None
        host, _, port = self.server.partition(":")
        return host, int(port or 123)
