"""How large a terminal with two lanes is while it works: the real process, alone."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = "20"


def edge_rss_mb() -> float | None:
    """Return the resident memory of the demo's edge process at its end, in MB; None if it fails."""
    program = "import sys; from config.command import main; sys.exit(main())"
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-c", program, "demo", "--headless", "--for", SECONDS, "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(folder),
            timeout=300,
        )
    try:
        size = json.loads(run.stdout)["edge_rss_mb"]
    except (ValueError, KeyError):
        sys.stderr.write(run.stderr)
        return None
    return None if size is None else round(float(size), 1)
