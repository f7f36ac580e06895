"""What systemd says of our services and timers on this machine."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.doctor.findings import Finding, Level

CHECK: Final = "services"
TIMEOUT_S: Final = 10.0
WORDS: Final = ("list-units", "--all", "--plain", "--no-legend", "--no-pager", "menshen-*")


def check_services() -> Iterator[Finding]:
    """Yield what each unit is; nothing where systemd does not run."""
    program = shutil.which("systemctl")
    if program is None or not Path("/run/systemd/system").is_dir():
        return
    try:
        said = subprocess.run(  # noqa: S603 - our own words
            [program, *WORDS], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        advice = "`systemctl status` says more"
        yield Finding(CHECK, Level.WARNING, "systemd does not answer", advice)
        return
    yield from judge_units(said.stdout)


def judge_units(listed: str) -> Iterator[Finding]:
    """Yield what ``systemctl list-units --plain --no-legend`` says: unit, load, active, sub."""
    units = [words for line in listed.splitlines() if len(words := line.split()) >= 4]
    running = sorted(words[0] for words in units if words[2] == "active")
    for name, _, active, sub, *_ in units:
        if active == "failed":
            yield Finding(
                CHECK, Level.PROBLEM, f"{name} failed", f"`journalctl -u {name}` says why"
            )
        elif sub in ("auto-restart", "start-pre") or active == "reloading":
            said = f"{name} does not stay up ({sub})"
            yield Finding(CHECK, Level.WARNING, said, f"`journalctl -u {name}` says why")
    if running:
        yield Finding(CHECK, Level.OK, f"active: {', '.join(running)}")
