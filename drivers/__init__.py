"""Wires and frames: drivers, the bus that owns a line, codecs and simulators.

It knows no door, person or rule and imports nothing of ours. A driver says *input 3 became active*;
only the edge knows that this was a door forced open. To add a device: ``<device>.py``,
``simulators/<device>.py`` and ``tests/drivers/test_<device>.py``; no edit anywhere (see
CONTRIBUTING.md).
"""
