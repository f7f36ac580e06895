"""What computes faces tells nobody of it: a gate talks to its site alone."""

import os
import subprocess
import sys
from pathlib import Path

QUIET_ELSEWHERE = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""What would keep ONNX Runtime quiet without us."""


def test_no_identifier_and_nothing_to_send_is_made_for_the_maker_of_the_runtime(
    tmp_path: Path,
) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in QUIET_ELSEWHERE}

    subprocess.run(
        [sys.executable, "-c", "import models.face.onnx_session"],
        env=kept | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        check=True,
    )

    assert list(tmp_path.rglob("*")) == []
