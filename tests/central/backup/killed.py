"""``python -m tests.central.backup.killed backup|restore FILE HOME STAGE``: dies in that stage."""

import os
import signal
import sys
from pathlib import Path

from central.backup import making, restoring
from tests.central.backup.places import KEY, NOW


def main() -> None:
    """Do it, and be killed as by a power cut at the first sign of the stage."""
    what, file, home, stage = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]

    def die(doing: str, done: int, total: int | None) -> None:
        if doing == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    if what == "backup":
        url = f"sqlite:///{home / 'central.sqlite3'}"
        making.make_backup(
            file, making.Wish(home=home, database_url=url), KEY, now=NOW, progress=die
        )
    else:
        restoring.restore(file, restoring.Wish(home=home), KEY, now=NOW, progress=die)


if __name__ == "__main__":
    main()
