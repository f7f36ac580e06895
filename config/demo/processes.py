"""The processes of a small site, each started as a technician would start it."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 8.0


class Process:
    """One ``menshen`` subcommand that prints one JSON line when it is ready.

    Attributes:
        ready: That line.
        log: Its standard error.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name, self.log, self.ready = name, log, dict[str, Any]()
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        patience_s: float = READY_TIMEOUT_S,
        program: Sequence[str] | None = None,
    ) -> "Process":
        """Start ``menshen ARGUMENTS`` and wait for its ready line.

        Args:
            name: What it is called, and its log.
            arguments: After ``menshen``.
            folder: Where it runs and its log lies.
            environment: More than there is.
            patience_s: How long it may take.
            program: The words that run another ``menshen`` than this one.

        Raises:
            typer.TyperException: It ended or stayed silent; the message quotes its last words.
        """
        log = folder / f"{name}.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(cls.command(*arguments) if program is None else (*program, *arguments)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,  # Ctrl-C is the demo's; it ends its children in order
            )
        started = cls(name, process, log)
        try:
            await started._wait_until_ready(patience_s)
        except BaseException:
            await started.stop()
            raise
        return started

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """Return the words that run ``menshen ARGUMENTS`` with this very interpreter."""
        program = "import sys; from config.command import main; sys.exit(main())"
        return [sys.executable, "-c", program, *arguments]

    async def _wait_until_ready(self, patience_s: float) -> None:
        stdout = self._process.stdout
        if stdout is None:
            raise ValueError("started without a pipe")
        try:
            line = await asyncio.wait_for(stdout.readline(), patience_s)
            self.ready = json.loads(line)
        except (TimeoutError, ValueError) as error:
            raise typer.TyperException(f"{self.name} did not start: {self.last_words()}") from error

    @property
    def pid(self) -> int:
        """Process identifier."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it still lives."""
        return self._process.returncode is None

    async def ended(self) -> int:
        """Wait until it has ended, and return its exit code."""
        return await self._process.wait()

    def last_words(self) -> str:
        """Return the last line of its log that is not empty."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else f"no word in {self.log}"

    def resident_mb(self) -> float | None:
        """Return its resident memory in MB, or None where the system does not say."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return None
        kilobytes = {
            line.split(":")[0]: line.split()[1]
            for line in status.read_text().splitlines()
            if line.startswith("VmRSS:")
        }
        return int(kilobytes["VmRSS"]) / 1024 if kilobytes else None

    async def stop(self) -> None:
        """End it: politely, then for good."""
        for how, patience_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, STOP_TIMEOUT_S)):
            if not self.is_running:
                return
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience_s)


class Processes:
    """All processes of the demo; leaving the context ends them, last started first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Process] = []

    async def __aenter__(self) -> "Processes":
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every process."""
        for process in reversed(self._running):
            await process.stop()

    async def start(
        self, name: str, *arguments: str, patience_s: float = READY_TIMEOUT_S
    ) -> Process:
        """Start one more; see ``Process.start``."""
        process = await Process.start(name, *arguments, folder=self._folder, patience_s=patience_s)
        self._running.append(process)
        return process

    def died(self) -> list[str]:
        """Return a line for every process that ended before its time."""
        return [f"{p.name} ended: {p.last_words()}" for p in self._running if not p.is_running]
