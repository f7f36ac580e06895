"""Fuzz one codec until the time is over: ``python -m tests.fuzz.one TARGET SECONDS [FOLDER]``.

Found inputs stay in the folder. atheris measures which branches an input reaches, so the codec is
imported under its instrumentation.
"""

import sys
from importlib import import_module
from pathlib import Path

import atheris

INPUT_LENGTH_MAX = 2048
INSTRUMENTED = ["drivers.protocols", "config.board_image", "config.image_keys", "firmware_bridge"]


def main() -> None:
    """Fuzz; the process ends by itself, with an error if anything but ``FrameError`` came out."""
    name, seconds, *folder = sys.argv[1:]
    with atheris.instrument_imports(include=INSTRUMENTED):
        target = import_module(f"tests.fuzz.targets.{name}")
    words = [sys.argv[0], f"-max_total_time={seconds}", f"-max_len={INPUT_LENGTH_MAX}"]
    if folder:
        Path(folder[0]).mkdir(parents=True, exist_ok=True)
        words += [f"-artifact_prefix={folder[0]}/", folder[0]]
    atheris.Setup(words, target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
