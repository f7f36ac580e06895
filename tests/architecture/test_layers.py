import subprocess
import sys
from pathlib import Path

from config.command import PACKAGES, foreign_packages

ROOT = Path(__file__).parents[2]


def test_dependencies_point_down() -> None:
    script = Path(sys.executable).with_name("lint-imports")

    check = subprocess.run([script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert check.returncode == 0, check.stdout


def test_every_package_is_ours() -> None:
    assert foreign_packages() == []


def test_every_package_says_what_it_is_for_and_must_not_know() -> None:
    first_lines = {name: (ROOT / name / "__init__.py").read_text()[:3] for name in PACKAGES}

    assert set(first_lines.values()) == {'"""'}


def test_only_known_names_stand_at_the_top() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    top = {line.split("/")[0] for line in listing.stdout.splitlines()}

    folders = {*PACKAGES, "tests", "docs", "benchmarks", ".ci"}
    files = {
        ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "README.zh-CN.md",
        "pyproject.toml",
    }  # fmt: skip
    assert top <= folders | files
