"""The command ``menshen people``: what an operator does with people, through central's API."""

import json
import time
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import Progress

from central.audit.notes import Purpose
from central.people.client import Central, CentralRefusedError
from central.people.folder_cli import enrol_folder
from central.people.import_cli import import_people
from central.people.options import URL, CaFile, Json, Url, Username, say, wanted_language
from central.people.photo_folder import PICTURE_COUNT_MAX, PICTURE_SUFFIXES
from central.people.report import Report

people = typer.Typer(add_completion=False)
people.command("import")(import_people)
people.command("enrol-folder")(enrol_folder)
POLL_S: Final = 0.5
EXPORT: Final = (
    "/face-migration/people.csv?purpose=maintenance&reference=menshen%20people%20outdated"
)
Method = Literal["paper", "screen"]
STALL_S: Final = 300.0
"""Without one more face in so long, something is wrong at central."""


@people.callback()
def commands() -> None:
    """People who may pass. The password is asked for, or taken from MENSHEN_PASSWORD."""


@people.command()
def enrol(
    pictures: Annotated[
        list[Path], typer.Argument(help="One to five photographs of the person; three are best.")
    ],
    *,
    name: Annotated[str, typer.Option(help="Name of a new person.")],
    consent: Annotated[
        Method, typer.Option(help="How the person agreed: `menshen consent text` is what to show.")
    ],
    username: Username,
    number: Annotated[str | None, typer.Option(help="Personnel number.")] = None,
    card: Annotated[str | None, typer.Option(help="Number of a card to give.")] = None,
    guardian: Annotated[
        str | None, typer.Option(help="Who agreed for a child under 14: NAME, RELATION.")
    ] = None,
    terminal: Annotated[
        list[str] | None,
        typer.Option(help="Let the face lie at this terminal alone; again for more."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the report: zh-CN or en; else the terminal's.")
    ] = None,
    url: Url = URL,
    ca_file: CaFile = None,
    as_json: Json = False,
) -> None:
    """Add a person and enrol them by photographs; says of each whether it was good, and why not."""
    report = Report(wanted_language(language))
    contents = _read(pictures)
    agreed = _agreed(consent, guardian, terminal or [])
    with Central(url, ca_file, username=username) as central:
        person = central.send("POST", "/people", json={"name": name, "number": number})
        path = f"/people/{person['holder_id']}"
        try:
            if card is not None:
                central.send("POST", f"{path}/cards", json={"number": card})
            central.send("POST", f"{path}/consents", json={**agreed, **_newest_text(central)})
            outcome = central.send("POST", f"{path}/face", files=contents)
        except typer.TyperException as error:
            # All or nothing: the next attempt begins anew and finds no half-enrolled person.
            central.send("DELETE", path)
            for verdict in _verdicts(error):
                typer.echo(report.picture(verdict), err=True)
            raise
    if as_json:
        say(json.dumps({**outcome, "holder_id": person["holder_id"]}, ensure_ascii=False))
        return
    for verdict in outcome["pictures"]:
        say(report.picture(verdict))
    if outcome["status"] == "enrolled":
        say(f"enrolled as {person['holder_id']}")
    else:
        say("looks like somebody who is enrolled: another operator must confirm on the people page")
    for line in report.advice(outcome):
        say(line)


@people.command()
def migrate(
    *,
    username: Username,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = URL,
    ca_file: CaFile = None,
    as_json: Json = False,
) -> None:
    """Make faces anew for the site's network from kept pictures; says who must come again.

    Central begins by itself when it starts: this shows how far it is, and tries again what failed.
    """
    with Central(url, ca_file, username=username) as central:
        state = central.send("GET", "/face-migration")
        if state["detail"]:
            raise typer.TyperException(f"central lacks the site's network: {state['detail']}")
        if not as_json:
            _preview(state)
        if not preview and _is_wanted(state, is_sure=yes or as_json):
            state = _watch(central, is_quiet=as_json)
            if not as_json:
                done = f"{state['current_count']} of {state['people_count']}"
                say(f"done: {done} faces are of the site's network")
    if as_json:
        say(json.dumps(state, ensure_ascii=False))
    elif count := state["must_come_again_count"]:
        say(f"to be enrolled again: {count} (`menshen people outdated` lists them)")


@people.command()
def outdated(
    *,
    username: Username,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a table for spreadsheets here.")
    ] = None,
    url: Url = URL,
    ca_file: CaFile = None,
    as_json: Json = False,
) -> None:
    """List who must be enrolled again, because their face is of another network."""
    with Central(url, ca_file, username=username) as central:
        # Asked first, as central then opens its network and knows whose face is another's.
        state = central.send("GET", "/face-migration")
        if state["detail"]:
            raise typer.TyperException(f"central lacks the site's network: {state['detail']}")
        if csv_file is not None:
            _write(csv_file, central.fetch(EXPORT))
            return
        found = _pages(central)
    if as_json:
        say(json.dumps({"people": found}, ensure_ascii=False))
        return
    for person in found:
        say(f"{person['number'] or '-'}\t{person['name']}")
    if not found:
        say("nobody must come again")


@people.command()
def record(
    number: Annotated[str, typer.Argument(help="Personnel number.")],
    *,
    username: Username,
    file: Annotated[Path, typer.Option("--file", help="Write the document here.")],
    purpose: Annotated[
        Purpose, typer.Option(help="Why; the audit log keeps it.")
    ] = "subject_request",
    reference: Annotated[str, typer.Option(help="A case number or a few words.")] = "",
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Write everything that is held of one person into a file, as they may ask for it."""
    with Central(url, ca_file, username=username, purpose=purpose, reference=reference) as central:
        found = central.send("GET", f"/people?{urlencode({'query': number, 'limit': 1000})}")
        person = next((p for p in found["items"] if p["number"] == number), None)
        if person is None:
            raise typer.BadParameter(f"nobody has the number {number}")
        document = central.send("GET", f"/people/{person['holder_id']}/record")
    _write(file, json.dumps(document, ensure_ascii=False, indent=1).encode())


def _agreed(method: str, guardian: str | None, terminals: list[str]) -> dict[str, Any]:
    name, _, relation = (guardian or "").replace("，", ",").partition(",")
    if guardian is not None and not (name.strip() and relation.strip()):
        raise typer.BadParameter("--guardian is a name, a comma and a relation: 王芳, 母亲")
    return {
        "purpose": "gate",
        "place": "terminal" if terminals else "central",
        "nodes": terminals,
        "method": method,
        "is_under_14": guardian is not None,
        "guardian_name": name.strip() or None,
        "guardian_relation": relation.strip() or None,
    }


def _newest_text(central: Central) -> dict[str, Any]:
    texts = central.send("GET", "/consent-texts")["items"]
    return {"text_version": max(t["version"] for t in texts if t["purpose"] == "gate")}


def _verdicts(error: typer.TyperException) -> list[dict[str, Any]]:
    problem = error.problem if isinstance(error, CentralRefusedError) else {}
    verdicts: list[dict[str, Any]] = problem.get("pictures", [])
    return verdicts


def _preview(state: dict[str, Any]) -> None:
    say(f"{state['current_count']} of {state['people_count']} faces are of the site's network "
         f"({state['pipeline']}, {(state['network'] or 'none')[:12]})")  # fmt: skip
    say(f"{state['renewable_count']} are made anew from pictures that are kept")
    if behind := state["nodes_behind"]:
        say(f"{', '.join(behind)} still compare with an earlier network: "
             "restart them with the new site file; until then their faces stay")  # fmt: skip


def _is_wanted(state: dict[str, Any], *, is_sure: bool) -> bool:
    if not state["renewable_count"] and not state["must_come_again_count"]:
        return False
    # What failed is only tried again: nothing to be sure of.
    return is_sure or not state["renewable_count"] or typer.confirm("Make them anew now?")


def _watch(central: Central, *, is_quiet: bool) -> dict[str, Any]:
    """Let central begin and follow it to its end; returns the state then."""
    state = central.send("POST", "/face-migration")
    total = left = state["renewable_count"]
    with Progress(console=Console(stderr=True), disable=is_quiet or not total) as progress:
        task, moved_at_s = progress.add_task("faces", total=total), time.monotonic()
        while left:
            # Central has no stream of its progress: it is asked now and then.
            time.sleep(POLL_S)
            state = central.send("GET", "/face-migration")
            if state["renewable_count"] != left:
                left, moved_at_s = state["renewable_count"], time.monotonic()
            progress.update(task, completed=total - left)
            if time.monotonic() - moved_at_s > STALL_S:
                raise typer.TyperException("central makes no headway: its log says why")
    return state


def _pages(central: Central) -> list[dict[str, Any]]:
    found, after = list[dict[str, Any]](), ""
    while True:
        page = central.send(
            "GET", f"/people?must_come_again=true&limit=1000{after and f'&after={after}'}"
        )
        found += page["items"]
        after = page["next"] or ""
        if not after:
            return found


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}") from error


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
