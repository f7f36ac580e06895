"""Which sites a folder holds, and what of it cannot be served."""

from pathlib import Path

import pytest

from central.hosting.folder import ID_LENGTH_MAX, read_folder, schema_of
from config.site import SiteError


def write(folder: Path, file: str, site_id: str, *, host: str | None = None) -> None:
    named = "" if host is None else f'host = "{host}"\n'
    (folder / file).write_text(f'[site]\nid = "{site_id}"\n{named}name = {{ en = "X" }}\n')


def test_a_site_is_called_by_its_host_or_by_its_identifier(tmp_path: Path) -> None:
    write(tmp_path, "1.toml", "north-gate")
    write(tmp_path, "2.toml", "south", host="gate.example.org")

    found = read_folder(tmp_path, name="city.example")

    assert [file.host for file in found.files] == ["north-gate.city.example", "gate.example.org"]
    assert [file.schema for file in found.files] == ["site_north_gate", "site_south"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("file", "site_id", "host"),
    [
        ("2.toml", "north", None),
        ("2.toml", "other", "north.city"),
        ("2.toml", "x" * (ID_LENGTH_MAX + 1), None),
        ("2.toml", "other", "no host"),
    ],
)
def test_a_file_that_cannot_be_served_is_one_problem_and_the_others_are_served(
    tmp_path: Path, file: str, site_id: str, host: str | None
) -> None:
    write(tmp_path, "1.toml", "north")
    write(tmp_path, file, site_id, host=host)

    found = read_folder(tmp_path, name="city")

    assert [each.site_id for each in found.files] == ["north"]
    assert len(found.problems) == 1
    assert str(tmp_path / file) in found.problems[0]


def test_a_folder_without_site_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no site file"):
        read_folder(tmp_path, name="city")


def test_a_schema_is_a_name_of_postgresql_however_long_the_identifier() -> None:
    assert len(schema_of("x" * ID_LENGTH_MAX).encode()) == 63
