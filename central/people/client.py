"""Central's API as the command ``menshen people`` uses it, for one operator."""

import getpass
import os
import ssl
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx
import typer

from central.audit.notes import Purpose

TIMEOUT_S: Final = 60.0
PASSWORD_VARIABLE: Final = "MENSHEN_PASSWORD"  # noqa: S105 - its name, not a password
TOKEN_VARIABLE: Final = "MENSHEN_TOKEN"  # noqa: S105 - its name, not a token


class CentralRefusedError(typer.TyperException):
    """Central has refused. Attributes: problem: what it answered, as JSON."""

    def __init__(self, message: str, problem: dict[str, Any]) -> None:
        super().__init__(message)
        self.problem = problem


class Central:
    """One session: signed in while inside; or a token's, which needs no signing in."""

    def __init__(
        self,
        url: str,
        ca_file: Path | None,
        *,
        username: str,
        purpose: Purpose = "personnel",
        reference: str = "",
        token: str = "",
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: Where central listens.
            ca_file: The site's authority, for https.
            username: Of the operator.
            purpose: Why they look; the audit log keeps it.
            reference: A case number or a few words.
            token: Of the operator, in place of name and password; empty is none.

        Raises:
            typer.BadParameter: The address, the certificate or the token cannot be used.
        """
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.netloc:
            raise typer.BadParameter(f"{url} is not an address such as https://central:8080")
        try:
            tls = ssl.create_default_context(cafile=ca_file) if ca_file else True
        except (OSError, ssl.SSLError) as error:
            raise typer.BadParameter(f"{ca_file} is not a certificate") from error
        if not token.isascii() or len(token.split()) > 1:
            raise typer.BadParameter("that is no token: it is one word of letters and digits")
        self._username, self._token, self._url = username, token, url
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={
                "Origin": f"{place.scheme}://{place.netloc}",
                "Menshen-Purpose": purpose,
                "Menshen-Reference": quote(reference),
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=tls,
        )

    def __enter__(self) -> Self:
        """Sign in; the password is asked for, or taken from MENSHEN_PASSWORD."""
        if self._token:
            return self
        password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("password: ")
        try:
            self.send("POST", "/sessions", json={"username": self._username, "password": password})
        except BaseException:
            self._http.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the session, if central still answers."""
        try:
            if self._token:
                return
            self._http.delete("/sessions/current")
        except httpx.HTTPError:
            return
        finally:
            self._http.close()

    def send(self, method: str, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Return the answer; one line for a refusal."""
        reply = self._reply(method, path, **content)
        answer: dict[str, Any] = reply.json() if reply.content else {}
        return answer

    def fetch(self, path: str) -> bytes:
        """Return an answer that is no JSON; one line for a refusal."""
        return self._reply("GET", path).content

    def _reply(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        try:
            reply = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            message = f"central does not answer at {self._url}: {error}"
            raise typer.TyperException(message) from error
        if reply.status_code == httpx.codes.UNAUTHORIZED and self._token:
            raise CentralRefusedError("central does not know this token, or its time is over", {})
        if reply.is_error:
            raise _refusal(reply)
        return reply


def _refusal(reply: httpx.Response) -> CentralRefusedError:
    try:
        problem = dict(reply.json())
    except (ValueError, TypeError):
        return CentralRefusedError(f"central answers {reply.status_code}", {})
    return CentralRefusedError(str(problem.get("detail") or problem.get("code")), problem)
