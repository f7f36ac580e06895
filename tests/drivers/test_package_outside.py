"""A driver outside the tree: a package built here, found by entry point, tested by the suite."""

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

DRIVER = '''
"""A bell that rings when it is told to and says how often it rang.

Source: made for this test; ``R`` rings and is answered ``r``, ``N`` asks and is answered ``n`` and
a digit.
"""

import dataclasses

from drivers.base import InputChanged
from drivers.bus import Bus
from drivers.protocols import NEED_DATA, FrameError
from drivers.registry import register


class AnswerDecoder:
    def __init__(self):
        self._buffer = bytearray()

    def receive_data(self, data):
        self._buffer = (self._buffer + data)[-16:]

    def next_frame(self):
        if self._buffer and not self._buffer.startswith(b"n"):
            del self._buffer[0]
            raise FrameError("no answer of a bell")
        if len(self._buffer) < 2:
            return NEED_DATA
        digit = bytes(self._buffer[1:2])
        del self._buffer[:2]
        if not digit.isdigit():
            raise FrameError("no count of a bell")
        return int(digit)


@register("acme_bell")
class AcmeBell:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        timeout_s: float = 0.25

        def __post_init__(self):
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"acme_bell: timeout_s is above 0 and at most 5: {self.timeout_s}")

    def __init__(self, bus: Bus, settings):
        self._bus, self._settings, self._count = bus, settings, None

    async def start(self):
        self._count = None
        await self._ask()

    async def poll(self):
        count, before = await self._ask(), self._count
        self._count = count
        return [] if count == before else [InputChanged(0, active=bool(count))]

    async def _ask(self):
        timeout_s = self._settings.timeout_s
        return await self._bus.exchange(b"N", AnswerDecoder(), unit_id="bell", timeout_s=timeout_s)
'''

SIMULATOR = '''
"""The bell. Source: as the driver's."""

import dataclasses

from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    KIND = "bell"
    ACTIONS = {"ring": {}}
    STIMULI = (("ring", {}, "InputChanged"),)

    @dataclasses.dataclass(frozen=True)
    class Settings:
        pass

    def __init__(self, settings):
        self.count = 0

    def receive_data(self, data):
        return [b"n%d" % (self.count % 10)] * data.count(b"N")

    def do_ring(self):
        self.count += 1

    def state(self):
        return {"count": self.count}
'''

TEST = """
from drivers.conformance.suite import DriverConformance


class TestAcmeBell(DriverConformance):
    driver = "acme_bell"
"""

ENTRY_POINTS = """
[menshen.drivers]
acme_bell = acme_bell.driver:AcmeBell

[menshen.simulators]
acme_bell = acme_bell.simulator
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel as a maker of devices would publish it, and unpack it as an installer does."""
    folder = tmp_path_factory.mktemp("outside")
    wheel = folder / "acme_bell-1.0-py3-none-any.whl"
    info = "acme_bell-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("acme_bell/__init__.py", "")
        archive.writestr("acme_bell/driver.py", DRIVER)
        archive.writestr("acme_bell/simulator.py", SIMULATOR)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme-bell\nVersion: 1.0")
        archive.writestr(f"{info}/entry_points.txt", textwrap.dedent(ENTRY_POINTS))
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (folder / "test_acme_bell.py").write_text(TEST, encoding="utf-8")
    return site


def run(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{Path.cwd()}"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=package.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def menshen(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(
        package, "-c", "import sys; from config.command import main; sys.exit(main())", *words
    )


def test_its_simulator_is_listed_beside_ours(package: Path) -> None:
    listed = menshen(package, "sim", "--list", "--json")

    rows = {row["driver"]: row for row in json.loads(listed.stdout)}

    assert rows["acme_bell"]["kind"] == "bell"
    assert "speed_gate" in rows


def test_the_bench_tests_it_like_ours(package: Path) -> None:
    done = menshen(package, "device", "test", "acme_bell", "--simulated", "--json")

    report = json.loads(done.stdout)

    assert (done.returncode, report["passed"], report["findings"]) == (0, True, [])
    assert "ring is reported" in [step["name"] for step in report["steps"]]


def test_its_own_tests_take_the_conformance_suite(package: Path) -> None:
    done = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme_bell.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " failed" not in done.stdout
