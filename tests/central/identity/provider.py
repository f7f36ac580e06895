"""A real identity provider beside central, and a browser that fills its forms in."""

import contextlib
import dataclasses
import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.central.bench import Bench
from tests.serving import PLAIN

CLIENT_ID, CLIENT_SECRET = "menshen", "the secret of the client"
PROVIDER_PASSWORD = "a password of the provider"
API = "/api/v1"


@dataclasses.dataclass(frozen=True)
class RunningProvider:
    """The process, and what it was told."""

    url: str
    _told: IO[str]
    _answers: IO[str]

    def do(self, **wish: Any) -> None:  # noqa: ANN401 - JSON
        """Tell the process something, and wait until it is done."""
        self._told.write(f"{json.dumps(wish)}\n")
        self._told.flush()
        assert self._answers.readline() == "{}\n"

    def person(self, name: str, *groups: str) -> None:
        """Let there be somebody in some groups, in the place of whoever had the name."""
        email = f"{name}@example.com"
        self.do(do="person", name=name, email=email, password=PROVIDER_PASSWORD, groups=groups)

    def expects(self, central: str) -> None:
        """Let central be one of its clients."""
        self.do(
            do="client",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_uri=f"{central}{API}/sessions/provider/callback",
            after=f"{central}/",
        )


@contextlib.contextmanager
def running_provider() -> Iterator[RunningProvider]:
    """Run the provider while inside."""
    command = [sys.executable, "-m", "tests.central.identity.provider_process"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            assert first, "the identity provider did not start"
            yield RunningProvider(json.loads(first)["url"], process.stdin, process.stdout)
        finally:
            process.terminate()


def settings_for(provider: RunningProvider, **more: object) -> dict[str, object]:
    """Return settings of central for this provider."""
    return {
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scopes": ["profile", "email", "groups"],
        "roles": [
            {"group": "guards", "role": "guard"},
            {"group": "leaders", "role": "shift_leader"},
            {"group": "audit", "role": "auditor"},
            {"group": "system", "role": "system_administrator"},
        ],
        **more,
    }


def connect(bench: Bench, provider: RunningProvider, **more: object) -> None:
    """Set the provider up at central."""
    wish = settings_for(provider, **more)
    reply = bench.administrator.put(f"{API}/identity-provider", json=wish)
    assert reply.status_code == 204, reply.text


def begin(client: httpx.Client) -> str:
    """Return where a browser goes that wants to sign in."""
    reply = client.post(f"{API}/sessions/provider", json={"back": "/audit"})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["location"])


def at_provider(location: str, name: str, password: str = PROVIDER_PASSWORD) -> str:
    """Return where the provider sends a browser that signs in by its own forms."""
    with httpx.Client(verify=PLAIN, timeout=60) as browser:
        reply = _followed(browser, location)
        for typed in ({"login": name}, {"password": password}):
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', reply.text)
            assert token, reply.text
            form = {**typed, "csrf_token": html.unescape(token[1]), "answer": "accept"}
            reply = _followed(browser, str(reply.url), form)
        assert reply.status_code in (302, 303), reply.text
        return str(reply.headers["Location"])


def _followed(
    browser: httpx.Client, place: str, form: dict[str, str] | None = None
) -> httpx.Response:
    """Return the page behind the provider's redirects; one that leads elsewhere is returned."""
    host = urlsplit(place).netloc
    reply = browser.get(place) if form is None else browser.post(place, data=form)
    while reply.is_redirect:
        place = urljoin(str(reply.url), reply.headers["Location"])
        if urlsplit(place).netloc != host:
            break
        reply = browser.get(place)
    return reply


def come(client: httpx.Client, name: str) -> str:
    """Sign in at the provider; returns the page that is shown then."""
    reply = client.get(at_provider(begin(client), name))
    assert reply.status_code == 303, reply.text
    return str(reply.headers["Location"])
