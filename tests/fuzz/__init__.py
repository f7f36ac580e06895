"""Fuzz targets: one per codec, ``run(data)``; only ``FrameError`` may pass inside it."""

import pkgutil
from importlib import import_module


def target_names() -> list[str]:
    """Return the names of all targets."""
    package = import_module("tests.fuzz.targets")
    return [module.name for module in pkgutil.iter_modules(package.__path__)]
