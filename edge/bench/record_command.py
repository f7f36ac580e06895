"""``menshen device record`` and ``replay``: what went over a line is kept, and is a test again."""

import asyncio
import dataclasses
import json
import time
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console

from drivers.base import DriverError, Observation
from drivers.decoding import interpreter
from drivers.meaning import Meaning
from drivers.protocols import spaced_hex
from drivers.protocols.jsonl_recording import Bytes, Header
from drivers.recorder import Recorder
from drivers.recording import SUFFIXES, Recording, load
from drivers.redaction import Pseudonyms, redacted_settings, redactors
from drivers.registry import driver_class, make_settings
from drivers.replay import Outcome, replay
from edge.bench.line_options import (
    Baud,
    Json,
    Parity,
    Setting,
    Stopbits,
    checked_parity,
    driver_settings,
)
from edge.bench.live_line import Line, Live, ended_by_signal

RequiredPort = Annotated[str, typer.Option("--port", help="As of `menshen device test`.")]
Out = Annotated[Path, typer.Option("--out", help="FILE.jsonl, FILE.osdpcap or FILE.pcap.")]
Driver = Annotated[str, typer.Option("--driver", help="Run this driver; else only listen.")]
Protocol = Annotated[
    str, typer.Option("--protocol", help="What is spoken, where no driver runs: modbus, osdp, ...")
]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0.1, help="End then; else at Ctrl-C.")
]
PollSeconds = Annotated[
    float, typer.Option("--poll-seconds", min=0.01, max=60, help="Pause between two polls.")
]
Raw = Annotated[
    bool, typer.Option("--raw", help="Keep numbers of cards and keys as they are. Guard the file.")
]
File = Annotated[Path, typer.Argument(help="A recording.")]
Conversation = Annotated[
    int | None, typer.Option("--conversation", min=1, help="Of a pcap with several connections.")
]


def record(
    *,
    port: RequiredPort,
    out: Out,
    driver: Driver = "",
    protocol: Protocol = "",
    setting: Setting = None,
    baud: Baud = 9600,
    parity: Parity = "N",
    stopbits: Stopbits = 1,
    seconds: Seconds = None,
    poll_seconds: PollSeconds = 0.1,
    raw: Raw = False,
    as_json: Json = False,
) -> None:
    """Keep what goes over a line, and what a driver makes of it; numbers of cards are replaced."""
    try:
        line = Line(port=port, baudrate=baud, parity=checked_parity(parity), stopbits=stopbits)
        settings = _all_settings(driver, setting or [])
        _check_form(out, port, driver, protocol)
        pseudonyms = None if raw else Pseudonyms()
        redacting = (
            None if pseudonyms is None else redactors(driver, protocol, settings, pseudonyms)
        )
        line.check()
        header = Header(
            port=port,
            baud=baud,
            parity=line.parity,
            stopbits=stopbits,
            driver=driver,
            settings=settings if raw else redacted_settings(settings),
            poll_s=poll_seconds,
            redacted=not raw,
        )
        with _new_file(out) as file:
            recorder = Recorder(
                file,
                out.suffix,
                header,
                began_s=time.monotonic(),
                redactors=redacting,
                pseudonyms=pseudonyms,
            )
            counts = _run(recorder, line, driver, settings, seconds, poll_seconds)
    except OSError as error:
        raise typer.TyperException(f"{out} cannot be written: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"out": str(out), **counts}))
    else:
        words = ", ".join(f"{count} {name}" for name, count in counts.items())
        typer.echo(f"{out}: {words}")


def _run(
    recorder: Recorder,
    line: Line,
    driver: str,
    settings: dict[str, Any],
    seconds: float | None,
    poll_s: float,
) -> dict[str, int]:
    """Record until it is over; returns how much."""
    counts = {"bytes": 0, "observations": 0, "errors": 0}
    console = Console(stderr=True)
    problem_before: str | None = None

    def tell(what: Observation | DriverError) -> None:
        counts["errors" if isinstance(what, DriverError) else "observations"] += 1
        recorder.tell(time.monotonic(), what)

    began_s = time.monotonic()
    with ended_by_signal() as ended, console.status("recording") as status:

        def tick(problem: str | None) -> None:
            nonlocal problem_before
            recorder.write()
            if problem != problem_before:
                console.print("the line is back" if problem is None else problem, highlight=False)
            problem_before = problem
            counts["bytes"] = recorder.byte_count
            words = ", ".join(f"{count} {name}" for name, count in counts.items())
            status.update(f"recording for {time.monotonic() - began_s:.0f} s: {words}; Ctrl-C ends")

        def is_over() -> bool:
            return ended.is_set() or (seconds is not None and time.monotonic() - began_s >= seconds)

        live = Live(tap=recorder, tell=tell, tick=tick, is_over=is_over, poll_s=poll_s)
        asyncio.run(live.run(line, driver, settings))
        recorder.end(time.monotonic())
    return {**counts, "bytes": recorder.byte_count}


def replay_file(
    file: File,
    *,
    driver: Driver = "",
    setting: Setting = None,
    protocol: Protocol = "",
    conversation: Conversation = None,
    as_json: Json = False,
) -> None:
    """Run a recording's driver on it again; exit code 0 only if it asks and reports the same.

    A recording that names no driver is put into words instead.
    """
    try:
        recording = load(file, conversation=conversation)
    except OSError as error:
        raise typer.TyperException(f"{file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise typer.TyperException(str(error)) from error
    name = driver or recording.header.driver
    try:
        if not name or (file.suffix == ".osdpcap" and not driver):
            _print_meanings(recording, protocol, as_json=as_json)
            return
        given = driver_settings(name, setting or [])
        outcome = replay(recording, driver=driver, settings=given)
    except (ValueError, TypeError) as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"file": str(file), "driver": name, **dataclasses.asdict(outcome)}))
    else:
        _conclude(file, name, outcome)
    raise typer.Exit(1 if outcome.differences else 0)


def _conclude(file: Path, driver: str, outcome: Outcome) -> None:
    for line in outcome.reported:
        typer.echo(f"       {line}")
    for difference in outcome.differences:
        typer.echo(f"FAILED {difference}")
    verdict = f"{len(outcome.differences)} differences" if outcome.differences else "the same"
    typer.echo(f"{file} with {driver}: {outcome.exchange_count} exchanges, {verdict}")


def _print_meanings(recording: Recording, protocol: str, *, as_json: bool) -> None:
    """Print what a recording's bytes mean.

    Raises:
        ValueError: Nobody says what is spoken in it.
    """
    usual = {".osdpcap": "osdp", ".pcap": "modbus"}.get(recording.path.suffix, "")
    if not (spoken := protocol or usual):
        raise ValueError(f"{recording.path} names no driver: give a --driver or a --protocol")
    listener = interpreter(spoken)
    for entry in recording.entries:
        if isinstance(entry, Bytes):
            for meaning in listener.hear(entry.data, at_s=entry.t, is_sent=entry.is_sent):
                typer.echo(meaning_line(meaning, as_json=as_json))
    for meaning in listener.flush(at_s=recording.duration_s):
        typer.echo(meaning_line(meaning, as_json=as_json))
    for note in recording.notes:
        typer.echo(f"passed over: {note}", err=True)


def meaning_line(meaning: Meaning, *, as_json: bool) -> str:
    """Return a line for a person or a program."""
    if as_json:
        return json.dumps(
            {
                "t": round(meaning.at_s, 4),
                "dir": {True: "out", False: "in", None: None}[meaning.is_sent],
                "hex": spaced_hex(meaning.data),
                "meaning": meaning.text,
                "noise": meaning.is_noise,
                "latency_ms": None
                if meaning.latency_s is None
                else round(meaning.latency_s * 1e3, 1),
            },
            ensure_ascii=False,
        )
    arrow = {True: ">", False: "<", None: " "}[meaning.is_sent]
    latency = "" if meaning.latency_s is None else f"  ({meaning.latency_s * 1e3:.0f} ms)"
    return f"{meaning.at_s:10.3f} {arrow} {spaced_hex(meaning.data):40} {meaning.text}{latency}"


def _all_settings(driver: str, words: list[str]) -> dict[str, Any]:
    """Return all of a driver's settings, those that were not given too.

    Raises:
        ValueError: No such driver or setting, or one is wrong.
    """
    if not driver:
        if words:
            raise ValueError("--set is for a --driver")
        return {}
    given = driver_settings(driver, words)
    made: Any = make_settings(driver, driver_class(driver).Settings, given)
    return {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}


def _check_form(out: Path, port: str, driver: str, protocol: str) -> None:
    """Check that a file of this name can hold what is recorded.

    Raises:
        ValueError: It cannot.
    """
    if protocol:
        interpreter(protocol)
    if out.suffix not in SUFFIXES:
        raise ValueError(f"--out ends in {', '.join(SUFFIXES)}, not {out.suffix or out.name!r}")
    if out.suffix == ".pcap" and not port.startswith("modbus-tcp://"):
        raise ValueError("a pcap holds Modbus TCP: record another line as .jsonl")
    if out.suffix == ".osdpcap" and driver != "osdp_reader" and protocol != "osdp":
        raise ValueError("an OSDPCAP holds OSDP: record another line as .jsonl")


def _new_file(out: Path) -> BinaryIO:
    """Open a file that is not there yet: a recording may be the only trace of a fault."""
    try:
        return out.open("xb")
    except FileExistsError as error:
        raise ValueError(f"{out} exists already: choose another name") from error
