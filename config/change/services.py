"""Whoever uses the site file: told to read it anew, and waited for until they are well.

A start is over when the service says that it is ready (``Type=notify``); it is well when it then
stays up for a while, and when every address that was named answers.
"""

import os
import shlex
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from config.change.keeping import ChangeError

NAMES: Final = ("menshen-central.", "menshen-edge@")
"""How the names of units begin that read the site file."""
START_S: Final = 900.0
"""As long as the unit itself is given; see ``config/deployment``."""
LOOK_S: Final = 0.2
ANSWER_S: Final = 5.0


class Services(Protocol):
    """Whoever uses the site file."""

    def reload(self) -> str:
        """Let them read it, and return, in words, when all are ready and well.

        Raises:
            ChangeError: One is not.
        """
        ...


class NoServices:
    """A machine where nobody can be told."""

    def reload(self) -> str:
        """Say what to do by hand."""
        return "start central and the terminals of this machine again: nobody tells them here"


class SystemdServices:
    """The units of ``config/deployment`` that run on this machine, central first."""

    def __init__(self, *, settle_s: float) -> None:
        """Wait so long for one that does not stay up."""
        self._settle_s = settle_s

    @staticmethod
    def is_here() -> bool:
        """Return whether systemd runs this machine."""
        return shutil.which("systemctl") is not None and Path("/run/systemd/system").is_dir()

    def reload(self) -> str:
        """Start every one again that runs or is to run; see ``Services``."""
        units = self._units()
        for unit in units:
            # Starts that somebody asked for are not the failures that a limit counts.
            _run(["systemctl", "reset-failed", unit], timeout_s=START_S)
            if _run(["systemctl", "restart", unit], timeout_s=START_S).returncode != 0:
                raise ChangeError(f"{unit} does not become ready (`journalctl -u {unit}` says why)")
        before = {unit: self._process(unit) for unit in units}
        until_s = time.monotonic() + self._settle_s
        while units and time.monotonic() < until_s:
            time.sleep(LOOK_S)
            for unit in units:
                if self._process(unit) != before[unit]:
                    raise ChangeError(f"{unit} does not stay up (`journalctl -u {unit}` says why)")
        return f"started again and well: {', '.join(units) or 'nothing runs here'}"

    @staticmethod
    def _units() -> list[str]:
        states = "--state=active,activating,failed"
        words = ["systemctl", "list-units", "--plain", "--no-legend", states, "menshen-*.service"]
        listed = _run(words, timeout_s=START_S).stdout
        names = [line.split()[0] for line in listed.splitlines() if line.strip()]
        return sorted(name for name in names if name.startswith(NAMES))

    @staticmethod
    def _process(unit: str) -> str:
        words = ["systemctl", "show", unit, "--property=MainPID,ActiveState"]
        return _run(words, timeout_s=START_S).stdout


class CommandServices:
    """Whatever else runs them: a command that ends with 0 when all have read it and are ready."""

    def __init__(self, command: str) -> None:
        """Take a command line; it is run without a shell.

        Raises:
            ValueError: It is none.
        """
        self._words = shlex.split(command)
        if not self._words:
            raise ValueError("--reload-command is empty")

    def reload(self) -> str:
        """Run it; see ``Services``."""
        done = _run(self._words, timeout_s=START_S)
        if done.returncode != 0:
            line = ((done.stderr or done.stdout).strip().splitlines() or ["it failed"])[-1]
            raise ChangeError(f"{self._words[0]}: {line}")
        return f"{self._words[0]} says that all is well"


class HealthyServices:
    """Others that must also answer at their addresses, each with a status below 400."""

    def __init__(
        self,
        services: Services,
        urls: Sequence[str],
        *,
        within_s: float,
        answers: Callable[[str], str | None],
    ) -> None:
        """Ask each of the addresses after every reload.

        Args:
            services: The others.
            urls: Of ``http`` or ``https``.
            within_s: Each must answer by then.
            answers: Returns what is wrong with an address; None where it is well.
        """
        self._services, self._urls, self._within_s = services, tuple(urls), within_s
        self._answers = answers

    def reload(self) -> str:
        """Reload, and ask; see ``Services``."""
        said = self._services.reload()
        until_s = time.monotonic() + self._within_s
        for url in self._urls:
            while (wrong := self._answers(url)) is not None:
                if time.monotonic() >= until_s:
                    raise ChangeError(f"{url} is not well: {wrong}")
                time.sleep(LOOK_S)
        return said


def trouble_of(url: str, *, trusted: ssl.SSLContext) -> str | None:
    """Return what is wrong with an address of ``http`` or ``https``; None where it answers."""
    asking = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
    )
    try:
        with asking.open(url, timeout=ANSWER_S) as answer:
            answer.read(1)
    except (OSError, urllib.error.URLError) as error:
        return str(getattr(error, "reason", None) or error)
    return None


def _run(words: Sequence[str], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the administrator's own words
            words, env=os.environ, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired as error:
        raise ChangeError(f"{words[0]} does not end within {timeout_s:.0f} s") from error
    except OSError as error:
        raise ChangeError(f"cannot run {words[0]}: {error.strerror}") from error
