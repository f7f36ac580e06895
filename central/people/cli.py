"""The command ``menshen people``: what an operator does with people, through central's API."""

import getpass
import json
import os
import ssl
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpx
import typer

people = typer.Typer(add_completion=False)
TIMEOUT_S: Final = 60.0
PASSWORD_VARIABLE: Final = "MENSHEN_PASSWORD"  # noqa: S105 - its name, not a password
PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
PICTURE_COUNT_MAX: Final = 5


@people.callback()
def commands() -> None:
    """People who may pass."""


@people.command()
def enrol(
    pictures: Annotated[list[Path], typer.Argument(help="One to five photographs of the person.")],
    *,
    name: Annotated[str, typer.Option(help="Name of a new person.")],
    username: Annotated[str, typer.Option(help="Your user name at central.")],
    number: Annotated[str | None, typer.Option(help="Personnel number.")] = None,
    card: Annotated[str | None, typer.Option(help="Number of a card to give.")] = None,
    url: Annotated[str, typer.Option(help="Where central listens.")] = "http://127.0.0.1:8080",
    ca_file: Annotated[
        Path | None, typer.Option("--ca", help="The site's authority (PEM), for https.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One document for machines.")] = False,
) -> None:
    """Add a person and enrol them by photographs.

    The password is asked for, or taken from MENSHEN_PASSWORD.
    """
    contents = _read(pictures)
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("password: ")
    with _Central(url, ca_file) as central:
        central.send("POST", "/sessions", json={"username": username, "password": password})
        person = central.send("POST", "/people", json={"name": name, "number": number})
        path = f"/people/{person['holder_id']}"
        try:
            if card is not None:
                central.send("POST", f"{path}/cards", json={"number": card})
            outcome = central.send("POST", f"{path}/face", files=contents)
        except typer.TyperException:
            # All or nothing: the next attempt begins anew and finds no half-enrolled person.
            central.send("DELETE", path)
            raise
        finally:
            central.sign_out()
    if as_json:
        _say(json.dumps({**outcome, "holder_id": person["holder_id"]}, ensure_ascii=False))
    elif outcome["status"] == "enrolled":
        _say(f"enrolled as {person['holder_id']}")
    else:
        _say(
            "looks like somebody who is enrolled: another operator must confirm on the people page"
        )


def _read(pictures: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    if not 1 <= len(pictures) <= PICTURE_COUNT_MAX:
        raise typer.BadParameter(f"give one to {PICTURE_COUNT_MAX} photographs")
    for picture in pictures:
        if picture.suffix.lower() not in PICTURE_SUFFIXES:
            raise typer.BadParameter(f"{picture} is not a photograph: use JPEG or PNG")
    try:
        return [("photos", (picture.name, picture.read_bytes())) for picture in pictures]
    except OSError as error:
        raise typer.BadParameter(f"cannot read {error.filename}: {error.strerror}") from error


class _Central:
    """Central's API for one operator."""

    def __init__(self, url: str, ca_file: Path | None) -> None:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.netloc:
            raise typer.BadParameter(f"{url} is not an address such as https://central:8080")
        try:
            tls = ssl.create_default_context(cafile=ca_file) if ca_file else True
        except (OSError, ssl.SSLError) as error:
            raise typer.BadParameter(f"{ca_file} is not a certificate") from error
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Origin": f"{place.scheme}://{place.netloc}"},
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=tls,
        )

    def __enter__(self) -> "_Central":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, method: str, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Return the answer; one line for a refusal."""
        try:
            reply = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise typer.TyperException(f"central does not answer: {error}") from error
        if reply.is_error:
            raise typer.TyperException(_words(reply))
        answer: dict[str, Any] = reply.json() if reply.content else {}
        return answer

    def sign_out(self) -> None:
        """End the session, if central still answers."""
        try:
            self._http.delete("/sessions/current")
        except httpx.HTTPError:
            return


def _words(reply: httpx.Response) -> str:
    try:
        problem = reply.json()
    except ValueError:
        return f"central answers {reply.status_code}"
    reasons = [
        f"{picture['name']}: {picture['detail'] or picture['reason']}"
        for picture in problem.get("pictures", [])
    ]
    return "; ".join([str(problem.get("detail") or problem.get("code")), *reasons])


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the answer that was asked for
