"""A new site file is taken into use, and left again by itself when it does not prove itself."""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from config.change.keeping import ChangeError, Installed, Pending
from config.change.services import Services

LOOK_S: Final = 0.2


def apply(
    installed: Installed,
    text: bytes,
    services: Services,
    *,
    now: datetime,
    confirm_within: timedelta | None = None,
) -> str:
    """Take a text into use; returns what the services said.

    Args:
        installed: The site file; the caller is alone with it.
        text: Of a file that was checked.
        services: Whoever reads it.
        now: Aware UTC.
        confirm_within: Somebody must say within it that all is well; see ``wait``. It is written
            down before the services are told, so that an end of this process does not hide it.

    Raises:
        ChangeError: They are not well with it; what was in use before is in use again.
        OSError: The folder cannot be written; nothing was changed.
    """
    if installed.pending() is not None:
        raise ChangeError("a change waits: say `menshen config confirm` or `rollback` first")
    kept = installed.replace(text, now=now)
    if confirm_within is not None and kept is not None:
        installed.await_confirmation(Pending(until=now + confirm_within, kept=kept.name))
    try:
        return services.reload()
    except ChangeError as error:
        installed.settle()
        _go_back(installed, kept, services, why=str(error))
        raise ChangeError(f"{error}; the version before is in use again") from error


def wait(
    installed: Installed,
    services: Services,
    *,
    confirm_within: timedelta,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Wait until somebody confirms the change or goes back; go back when the time is over.

    Args:
        installed: The site file, whose change waits.
        services: Whoever reads it.
        confirm_within: From now on.
        monotonic: The clock, seconds.
        sleep: Lets seconds pass.

    Returns:
        Whether it was confirmed or somebody has gone back, in words.

    Raises:
        ChangeError: Nobody confirmed it; what was in use before is in use again.
    """
    pending, text = installed.pending(), installed.read()
    until_s = monotonic() + confirm_within.total_seconds()
    # Whoever does not want to wait any more (Ctrl-C) has not confirmed it.
    with contextlib.suppress(KeyboardInterrupt):
        while installed.pending() is not None and monotonic() < until_s:
            sleep(LOOK_S)
    with installed.alone(waits=True):
        if pending is None or not installed.settle():
            is_there = installed.read() == text
            return "confirmed" if is_there else "somebody has gone back to the version before"
        kept = installed.path.with_name(pending.kept)
        _go_back(installed, kept, services, why="nobody confirmed it")
    raise ChangeError("nobody confirmed it in time; the version before is in use again")


def confirm(installed: Installed) -> None:
    """Say that all is well.

    Raises:
        ChangeError: No change waits.
    """
    if not installed.settle():
        raise ChangeError("no change waits for a confirmation")


def rollback(installed: Installed, services: Services, *, now: datetime) -> str:
    """Take the version before into use; once more, and the one of now is in use again.

    Raises:
        ChangeError: There is none, or the services are not well with it.
    """
    pending, kept = installed.pending(), installed.kept()
    if not kept:
        raise ChangeError(f"there is no version before {installed.path}")
    text = (installed.path.with_name(pending.kept) if pending else kept[-1]).read_bytes()
    installed.replace(text, now=now)
    installed.settle()
    return services.reload()


def _go_back(installed: Installed, kept: Path | None, services: Services, *, why: str) -> None:
    if kept is None:
        installed.remove()
        raise ChangeError(f"{why}; there is no version before it, so there is no site file now")
    # What failed is not kept: the next `rollback` must not bring it back.
    installed.restore(kept)
    try:
        services.reload()
    except ChangeError as error:
        raise ChangeError(
            f"{why}; the version before is in its place again, and now {error}"
        ) from error
