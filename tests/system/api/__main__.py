"""``python -m tests.system.api --examples N --seed S [--json]``: every endpoint, by everybody."""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.central.bench import running_central
from tests.central.firmware.acting import BOARDED
from tests.central.people.seen_faces import SeenFaces
from tests.system.api.asking import ask_everything
from tests.system.api.seeding import seed_data


def main() -> int:
    """Ask, and say what came of it; 0 only where nothing is wrong and nothing was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=5, help="cases of each endpoint and kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1800.0, help="begin none after so long")
    parser.add_argument("--only", default="", help="endpoints whose name holds this")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    began_s = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_central(Path(folder) / "home", pipeline_factory=SeenFaces, site=BOARDED) as bench,
    ):
        seed_data(bench)
        outcome = ask_everything(
            bench,
            examples=asked.examples,
            seed=asked.seed,
            seconds=asked.seconds,
            only=asked.only,
        )
    found = {**dataclasses.asdict(outcome), "seconds": round(time.monotonic() - began_s, 1)}
    sys.stdout.write(_told(found, is_json=asked.json) + "\n")
    return 1 if outcome.complaints or outcome.left_out else 0


def _told(found: dict[str, object], *, is_json: bool) -> str:
    if is_json:
        return json.dumps(found, ensure_ascii=False, indent=1)
    complaints = found.pop("complaints")
    assert isinstance(complaints, dict)
    figures = ", ".join(f"{name} {value}" for name, value in found.items())
    return "\n".join([*(f"{what}\n    {asked}" for what, asked in complaints.items()), figures])


if __name__ == "__main__":
    sys.exit(main())
