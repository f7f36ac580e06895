"""The command ``menshen doctor``: what is wrong with this machine, and what to do about it."""

import contextlib
import ctypes
import dataclasses
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import serial
import typer
from rich.console import Console
from rich.text import Text

from config.contract.nodes import HolderRecord, SitePairsRecord
from config.settings import menshen_home
from config.site import BusEntry, CameraEntry, Site, SiteError, load_site
from edge.recognition import usable_pairs
from edge.replica_age import KeptAge
from edge.sealing import CREDENTIAL, SealError, machine_sealer
from edge.vision.errors import CameraError
from edge.vision.source import open_source
from models.face.calibration import SitePairs
from models.face.demand import network_in_force, operating_point_for, pictures_of
from models.face.operating_point import OperatingPoint
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE
from models.store import Store, StoreError, default_store, network_of

doctor = typer.Typer(add_completion=False, rich_markup_mode=None)

FREE_BYTES_LOW: Final = 1_000_000_000
FREE_BYTES_MIN: Final = 100_000_000
RECOGNISER: Final = "face-recogniser"
"""The role of the network that makes templates."""
YEAR_MIN: Final = 2026
"""Of this program; a clock before it was never set."""
_CLOCK_UNSYNCHRONISED: Final = 5
"""``TIME_ERROR`` of adjtimex(2)."""
_TIMEX_SIZE_BYTES: Final = 512
"""More than ``struct timex`` takes on any Linux; all zero asks and sets nothing."""

SiteFile = Annotated[
    Path | None, typer.Option("--site", help="Also try the ports and cameras of this site file.")
]
NodeName = Annotated[str, typer.Option("--node", help="Of this node only.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Attributes: advice: what to do; empty when all is well."""

    check: str
    level: Level
    message: str
    advice: str = ""


@doctor.callback(invoke_without_command=True)
def run(*, site_file: SiteFile = None, node: NodeName = "", as_json: Json = False) -> int:
    """Look at this machine: ports, cameras, models, clock and disk; exit code 1 on a problem."""
    site = None
    try:
        if site_file is not None:
            site = load_site(site_file)
            site = site.for_node(node) if node else site
    except SiteError as error:
        raise typer.BadParameter(str(error)) from error
    findings = list(examine(site, home=menshen_home(), store=default_store()))
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if as_json:
        document = {"is_well": is_well, "findings": [dataclasses.asdict(f) for f in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(findings)
    return 0 if is_well else 1


def examine(site: Site | None, *, home: Path, store: Store) -> Iterator[Finding]:
    """Yield what was found; a camera may take some seconds.

    Args:
        site: Whose ports and cameras are tried; None tries none.
        home: State folder.
        store: Of recognition networks.
    """
    yield from judge_clock(datetime.now(UTC), is_synchronised=_is_clock_synchronised())
    yield from _check_disk(home)
    yield from _check_models(site, store)
    if site is not None:
        yield from judge_ages(site, _ages(home), now=datetime.now(UTC))
        enrolled = _enrolled(home, _network(site, store))
        yield from judge_target(site, enrolled)
        yield from judge_networks(enrolled)
        yield from judge_liveness(site, store)
        if site.node:
            yield judge_keys(site, has_seal=_has_seal())
    if site is None:
        yield from _list_ports()
        return
    for bus in site.bus:
        yield try_port(bus)
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(try_camera, site.camera)


def judge_clock(now: datetime, *, is_synchronised: bool | None) -> Iterator[Finding]:
    """Yield what the clock is like; ``is_synchronised`` is None where nobody can tell."""
    if now.year < YEAR_MIN:
        yield Finding(
            "clock",
            Level.PROBLEM,
            f"the clock says {now:%Y-%m-%d}",
            "set the date; replace the battery if it happens again after a power cut",
        )
    elif is_synchronised is False:
        yield Finding(
            "clock",
            Level.WARNING,
            "the clock is not synchronised",
            "enable a time service (systemd-timesyncd or chrony)",
        )
    else:
        yield Finding("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def judge_disk(folder: Path, *, free_bytes: int, error: OSError | None) -> Finding:
    """Return what the disk below the state folder is like.

    Args:
        folder: The state folder, or the nearest folder above it that exists.
        free_bytes: For this user.
        error: Of an attempt to write; None when it worked.
    """
    if error is not None:
        advice = "make it writable for this user, or set MENSHEN_HOME"
        return Finding("disk", Level.PROBLEM, f"cannot write {folder}: {error.strerror}", advice)
    free = f"{free_bytes / 1e9:.1f} GB free below {folder}"
    if free_bytes < FREE_BYTES_MIN:
        return Finding("disk", Level.PROBLEM, free, "make room: the journal cannot grow any more")
    if free_bytes < FREE_BYTES_LOW:
        return Finding("disk", Level.WARNING, free, "make room before the journal needs it")
    return Finding("disk", Level.OK, free)


def try_port(bus: BusEntry) -> Finding:
    """Open a line as a driver would, and let it go again."""
    check = f"port {bus.id}"
    try:
        # Exclusive, so that a program that has it already is found and not disturbed.
        if "://" in bus.port or os.name != "posix":
            line = serial.serial_for_url(bus.port, baudrate=bus.baudrate, timeout=1.0)
        else:
            line = serial.Serial(bus.port, baudrate=bus.baudrate, timeout=1.0, exclusive=True)
        line.close()
    except (OSError, ValueError) as error:
        return Finding(
            check, Level.PROBLEM, f"{bus.port}: {_reason(error)}", _port_advice(bus.port)
        )
    return Finding(check, Level.OK, f"{bus.port} opens at {bus.baudrate} baud")


def try_camera(camera: CameraEntry) -> Finding:
    """Fetch one picture."""
    check = f"camera {camera.id}"
    try:
        source = open_source(camera.url)
        try:
            image, _ = source.read()
        finally:
            source.close()
    except CameraError as error:
        advice = "look at its address, its cable and its password in the site file"
        return Finding(check, Level.PROBLEM, str(error), advice)
    height, width = image.shape[:2]
    return Finding(check, Level.OK, f"a picture of {width}x{height} arrived")


def judge_ages(site: Site, ages: Mapping[str, KeptAge], *, now: datetime) -> Iterator[Finding]:
    """Yield how old what each terminal of this machine knows was, as it was last kept.

    Args:
        site: Has the limit.
        ages: By the terminal's folder.
        now: Aware UTC.
    """
    limit_h = site.policy.replica_age_h_max
    for name, kept in sorted(ages.items()):
        check = f"people and rules of {name}"
        age_h = (kept.age_s + max(0.0, (now - kept.at).total_seconds())) / 3600
        if age_h <= limit_h:
            yield Finding(check, Level.OK, f"central confirmed them {age_h:.1f} h ago")
            continue
        yield Finding(
            check,
            Level.PROBLEM,
            f"central last confirmed them {age_h:.0f} h ago, and the site allows {limit_h} h:"
            f" the degraded rule holds ({site.policy.replica_outdated})",
            "look why this terminal does not reach central",
        )


def _ages(home: Path) -> dict[str, KeptAge]:
    """Return how old the replica of each terminal here was; an older file does not say."""
    found = dict[str, KeptAge]()
    for path in home.glob("edge-*/replica.sqlite3"):
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        ):
            age_s, at = connection.execute("SELECT age_s, age_at FROM replica").fetchone()
            if at is not None:
                found[path.parent.name] = KeptAge(age_s, datetime.fromisoformat(at))
    return found


def _check_disk(home: Path) -> Iterator[Finding]:
    folder = next(path for path in (home, *home.parents) if path.exists())
    failure: OSError | None = None
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        failure = error
    yield judge_disk(folder, free_bytes=shutil.disk_usage(folder).free, error=failure)


def _check_models(site: Site | None, store: Store) -> Iterator[Finding]:
    pipeline = "builtin" if site is None else site.recognition.pipeline
    missing = store.missing(pipeline)
    if not missing:
        yield Finding("models", Level.OK, f"pipeline {pipeline} is complete in {store.folder}")
        return
    advice = "run `menshen models build`"
    if pipeline != "builtin":
        advice = "add each file with `menshen models add FILE`"
    is_needed = site is not None and bool(site.camera)
    level = Level.PROBLEM if is_needed else Level.WARNING
    yield Finding("models", level, f"pipeline {pipeline} lacks {', '.join(missing)}", advice)


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolment:
    """Who is enrolled, as a terminal knows.

    Attributes:
        pictures: Of who has the fewest; see ``models.face.demand.pictures_of``.
        others: People whose face is of another network than this machine's.
        site_pairs: Of the newest gallery self-test that the terminal knows of.
    """

    people: int = 0
    pictures: int = 1
    others: int = 0
    site_pairs: SitePairsRecord | None = None


def judge_target(site: Site, enrolment: Enrolment) -> Iterator[Finding]:
    """Yield whether the network keeps strangers out as the site wants, and what that costs."""
    if all(point.camera is None for point in site.access_point):
        return
    pairs = usable_pairs(enrolment.site_pairs, network_in_force(site.recognition))
    wanted = operating_point_for(
        site.recognition, enrolment.people, pictures=enrolment.pictures, pairs=pairs
    )
    known = "" if enrolment.people else "nobody is enrolled here yet; "
    message = f"{known}{wanted.reason} {_basis(enrolment.site_pairs, pairs, wanted)}"
    if wanted.holds:
        yield Finding("recognition", Level.OK, message)
        return
    advice = "a card is asked for where the face is not enough, so give everybody a card"
    yield Finding("recognition", Level.WARNING, message, advice)


def _basis(record: SitePairsRecord | None, pairs: SitePairs | None, wanted: OperatingPoint) -> str:
    """Return on whose pairs the thresholds rest, in one sentence."""
    if record is None:
        return "Basis: the network's own measurements; no gallery self-test has been made yet."
    test = f"the self-test of {record.tested_at:%Y-%m-%d}"
    if pairs is None:
        return f"Basis: the network's own measurements; {test} was of another network."
    counted = f"{record.people_count:,} people, {record.comparison_count:,} comparisons"
    if wanted.basis == "prior":
        return f"Basis: the network's own measurements; {test} ({counted}) has too few pairs."
    return f"Basis: this site's own people, {test} ({counted})."


def judge_networks(enrolment: Enrolment) -> Iterator[Finding]:
    """Yield how many faces this machine cannot compare."""
    if enrolment.others:
        message = (
            f"{enrolment.others} people are not recognised: their faces are of another network"
        )
        advice = "`menshen people migrate` at central says who must be enrolled again"
        yield Finding("enrolment", Level.WARNING, message, advice)


def judge_liveness(site: Site, store: Store) -> Iterator[Finding]:
    """Yield whether the access points that ask for a living face can tell one."""
    asking = [p.id for p in site.access_point if p.camera is not None and p.liveness != "off"]
    watched = [p.id for p in site.access_point if p.camera is not None]
    if off := [name for name in watched if name not in asking]:
        message = f"off at {', '.join(off)}: a photograph of somebody enrolled opens it"
        yield Finding("liveness", Level.WARNING, message, 'set liveness = "passive" there')
    if not asking:
        return
    needed = (ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE)
    missing = [name for name in needed if not store.has(network_of(name))]
    if not missing:
        yield Finding("liveness", Level.OK, f"asked for at {', '.join(asking)}")
        return
    advice = "run `menshen models fetch`, or add each file with `menshen models add FILE`"
    effect = "everybody is asked for a card" if len(missing) == 2 else "it is weaker"
    message = f"asked for at {', '.join(asking)}, but {', '.join(missing)} is missing: {effect}"
    level = Level.PROBLEM if len(missing) == len(needed) else Level.WARNING
    yield Finding("liveness", level, message, advice)


def judge_keys(site: Site, *, has_seal: bool) -> Finding:
    """Return whether a copied disk of this machine would open the faces on it."""
    seal = "sealed by this machine's TPM or credential" if has_seal else "a file on its disk"
    if site.policy.terminal_keys == "release":
        message = f"released by central at each start; the key that proves who it is: {seal}"
        return Finding("keys", Level.OK, message)
    if has_seal:
        return Finding("keys", Level.OK, f"{seal}: a copied disk opens nothing")
    message = "no TPM and no credential: whoever copies this disk can read the faces on it"
    advice = (
        f"give the service the credential {CREDENTIAL} from outside the disk, use a machine with a"
        ' TPM, or set terminal_keys = "release" (it then needs central at each start)'
    )
    return Finding("keys", Level.WARNING, message, advice)


def _has_seal() -> bool:
    try:
        return machine_sealer() is not None
    except SealError:
        return False


def _network(site: Site, store: Store) -> str | None:
    """Return the network that this machine compares faces with; None where it cannot."""
    try:
        return store.find_pipeline(site.recognition.pipeline)[RECOGNISER].sha256
    except StoreError:
        return None


def _enrolled(home: Path, network: str | None) -> Enrolment:
    """Return who this machine's largest replica holds."""
    found = [Enrolment()]
    for path in home.glob("edge-*/replica.sqlite3"):
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        ):
            rows = connection.execute("SELECT document FROM holder").fetchall()
            people = [HolderRecord.model_validate_json(document) for (document,) in rows]
            faces = [person.templates for person in people if person.templates]
            comparable = [t for templates in faces for t in templates if t.network == network]
            others = sum(all(t.network != network for t in templates) for templates in faces)
            found.append(
                Enrolment(
                    people=len(people),
                    pictures=pictures_of({t.picture_count for t in comparable}),
                    others=0 if network is None else others,
                    site_pairs=_site_pairs(connection),
                )
            )
    return max(found, key=lambda each: each.people)


def _site_pairs(connection: sqlite3.Connection) -> SitePairsRecord | None:
    """Return what a replica says of the site's pairs; a file of version 1 has no such column."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < 2:
        return None
    (text,) = connection.execute("SELECT site_pairs FROM replica").fetchone()
    return None if text is None else SitePairsRecord.model_validate_json(text)


def _list_ports() -> Iterator[Finding]:
    by_id = Path("/dev/serial/by-id")
    for path in sorted(by_id.iterdir()) if by_id.is_dir() else []:
        if os.access(path, os.R_OK | os.W_OK):
            yield Finding("ports", Level.OK, str(path))
        else:
            advice = _port_advice(str(path))
            yield Finding("ports", Level.WARNING, f"{path}: no permission", advice)


def _port_advice(port: str) -> str:
    path = Path(port)
    if "://" in port:
        return "look at the address and the network cable of the serial server"
    if not path.exists():
        return "plug it in; `ls /dev/serial/by-id` shows what is there, by a name that stays"
    if os.name == "posix" and not os.access(path, os.R_OK | os.W_OK):
        return f"allow this user to open it, for example: sudo usermod -aG {path.group()} $USER"
    return "end the program that has it (`fuser -v` names it)"


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return str(error) if number is None else os.strerror(number)


def _is_clock_synchronised() -> bool | None:
    """Return what the kernel says; None where it cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(
            ctypes.create_string_buffer(_TIMEX_SIZE_BYTES)
        )
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _CLOCK_UNSYNCHRONISED


def _print(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    colours = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
    for finding in findings:
        level = Text(f"{finding.level.value:8}", style=colours[finding.level])
        console.print(level, f"{finding.check}: {finding.message}", markup=False, soft_wrap=True)
        if finding.advice:
            console.print(f"         {finding.advice}", markup=False, soft_wrap=True)
