"""``menshen people enrol-folder`` against a running central, and how pictures are named."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from central.people.photo_folder import number_of, photo_folder
from tests.central.bench import Bench
from tests.central.people.enrolling import consent
from tests.central.people.seen_faces import NOBODY, photograph
from tests.central.people.test_cli import bench, people, terminal

__all__ = ["bench", "terminal"]


def write(folder: Path, **pictures: bytes) -> Path:
    for name, content in pictures.items():
        path = folder / f"{name.replace('__', '/')}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Anna with two pictures, Bert with one that shows nobody, and somebody whom nobody knows."""
    (tmp_path / "photos").mkdir()
    return write(
        tmp_path / "photos",
        n1=photograph(1), n1_2=photograph(1, marker=1),
        n2__front=photograph(2, marker=NOBODY), n3=photograph(3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("0017.jpg", "0017"),
        ("0017_2.jpg", "0017"),
        ("0017 (3).JPG", "0017"),
        ("K-1.jpg", "K-1"),
        ("staff/0018/left.png", "0018"),
    ],
)
def test_a_picture_is_of_the_number_in_its_name_or_folder(name: str, number: str) -> None:
    assert number_of(name) == number


def test_a_zip_is_read_like_a_folder(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("notes.txt", "")
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))

    found = photo_folder(tmp_path / "photos.zip")

    assert {n: len(photos) for n, photos in found.people.items()} == {"n1": 2, "n2": 1, "n3": 1}
    assert found.people["n1"][0].read() == photograph(1)
    assert found.ignored == ("notes.txt",)


def test_everybody_is_enrolled_or_said_why_not(
    bench: Bench, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anna, bert = bench.person("Anna", number="n1"), bench.person("Bert", number="n2")
    for holder_id in (anna, bert):
        consent(bench.administrator, holder_id)

    code = people(bench, "enrol-folder", str(folder), "--csv", str(tmp_path / "report.csv"))

    said = capsys.readouterr()
    assert (code, said.out) == (3, "enrolled 1, not enrolled 1, nobody has this number 1\n")
    assert "n2 · n2/front.png · not enrolled · No face found · Take it from the front" in said.err
    assert "n3 · n3.png · nobody has this number · Add this person" in said.err
    assert bench.administrator.get(f"/api/v1/people/{anna}").json()["picture_count"] == 2
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[2] for row in csv.reader(file)][1:3] == ["enrolled", "enrolled"]


def test_after_a_cut_the_same_command_goes_on_and_enrols_nobody_twice(
    bench: Bench, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    consent(bench.administrator, bench.person("Anna", number="n1"))
    people(bench, "enrol-folder", str(folder))
    before = bench.administrator.get("/api/v1/people").json()
    consent(bench.administrator, bench.person("Carl", number="n3"))

    code = people(bench, "enrol-folder", str(folder), "--json", "--language", "zh-CN")

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 3
    assert [p["outcome"] for p in told["people"]] == ["already", "no_person", "enrolled"]
    assert bench.administrator.get("/api/v1/people").json()["items"][1:] == before["items"]


def test_who_has_not_consented_is_not_enrolled_and_said(
    bench: Bench, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.person("Anna", number="n1")

    assert people(bench, "enrol-folder", str(folder)) == 3

    assert "n1 · n1.png · not enrolled" in capsys.readouterr().err
    assert bench.administrator.get("/api/v1/people").json()["items"][0]["has_face"] is False


def test_a_folder_without_photographs_says_how_to_name_them(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()

    assert people(bench, "enrol-folder", str(tmp_path / "empty")) == 2
    assert "name them by number, as 0017.jpg" in capsys.readouterr().err
