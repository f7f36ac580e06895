"""From a request to the site that it is for, by the name that the client called.

Nothing else of a request chooses the site: no path, cookie or token. What is asked of a name that
no site has is refused here, before any application sees it.
"""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from central.problems import RefusedError
from central.security import HEADERS

TLS_NAME: Final = "menshen.tls_name"
"""In a request's state: the host whose certificate the connection was opened with."""
RETRY_AFTER_S: Final = 5
_UNKNOWN: Final = RefusedError(
    421, "unknown_host", "no site is called by this name here: look at the address"
)
_OTHER: Final = RefusedError(
    421, "other_host", "this connection is another site's: open one to this name"
)
_STARTING: Final = RefusedError(
    503, "site_not_ready", "this site is starting", headers={"Retry-After": str(RETRY_AFTER_S)}
)


class Front:
    """The application of a process with many sites.

    Attributes:
        sites: Applications by host, in lower case; None for one that starts or cannot. None
            altogether before the folder is read.
    """

    def __init__(self) -> None:
        self.sites: Mapping[str, ASGIApp | None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to its site, or refuse it."""
        if scope["type"] != "http":
            raise ValueError(f"no site is asked by {scope['type']}")
        if self.sites is None:
            return await _refused(_STARTING)(scope, receive, send)
        host = host_of(scope)
        tls_name = scope.get("state", {}).get(TLS_NAME)
        if host is None or host not in self.sites:
            return await _refused(_UNKNOWN)(scope, receive, send)
        if tls_name is not None and tls_name != host:
            return await _refused(_OTHER)(scope, receive, send)
        app = self.sites[host]
        if app is None:
            return await _refused(_STARTING)(scope, receive, send)
        return await app(scope, receive, send)


def _refused(refusal: RefusedError) -> ASGIApp:
    response = refusal.to_response()
    response.headers.update({**HEADERS, "Cache-Control": "no-store"})
    return response


def host_of(scope: Scope) -> str | None:
    """Return the name that a request calls, in lower case and without a port.

    None where there is none, or more than one: two readers could choose differently.
    """
    named: list[bytes] = [value for key, value in scope["headers"] if key == b"host"]
    if len(named) != 1:
        return None
    host: str = named[0].decode("latin-1").strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")
