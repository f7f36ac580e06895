"""``menshen people`` against a running central, as an operator types it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.command import main
from tests.central.bench import PASSWORD, Bench, running_central
from tests.central.people.enrolling import KEEPING, enrol, migrated
from tests.central.people.seen_faces import NOBODY, OtherFaces, SeenFaces, photograph

ANNA, ANNA_AGAIN = photograph(1), photograph(1, marker=1)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An English terminal whose operator need not type the password."""
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as running:
        assert running.administrator
        yield running


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Bench]:
    """Central after a change of network: Anna's pictures are kept, Bert's are not."""
    home = tmp_path / "home"
    with running_central(home, pipeline_factory=SeenFaces) as bench:
        bert = bench.person("Bert", number="7")
        enrol(bench.administrator, bert, photograph(2))
    with running_central(home, pipeline_factory=SeenFaces, site=KEEPING) as bench:
        enrol(bench.administrator, bench.person("Anna"), ANNA)
    with running_central(home, pipeline_factory=OtherFaces, site=KEEPING) as bench:
        assert bench.administrator
        yield bench


def people(bench: Bench, *words: str) -> int:
    command, *options = words
    return main(["people", command, "--url", bench.url, "--username", "admin", *options])


def files(folder: Path, *pictures: bytes) -> list[str]:
    paths = [folder / f"{n}.png" for n in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture)
    return [str(path) for path in paths]


def test_every_photograph_gets_a_line(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = files(tmp_path, ANNA, photograph(1, marker=NOBODY))

    assert people(bench, "enrol", "--consent", "paper", "--name", "Anna", *pictures) == 0

    first, second, enrolled, advice = capsys.readouterr().out.splitlines()
    assert first.startswith("0.png: Accepted · quality ")
    assert second.startswith("1.png: No face found · Take it from the front")
    assert enrolled.startswith("enrolled as ")
    assert "Enrol three pictures" in advice


def test_the_report_speaks_the_operators_language(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = files(tmp_path, ANNA, photograph(1, blurred=True))

    people(bench, "enrol", "--consent", "paper", "--name", "安娜", "--language", "zh-CN", *pictures)

    out = capsys.readouterr().out
    assert "0.png: 可用 · 质量" in out
    assert "1.png: 光线太平，看不清" in out
    assert "建议登记三张" in out


def test_three_photographs_need_no_advice(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = files(tmp_path, ANNA, ANNA_AGAIN, photograph(1, marker=2))

    people(bench, "enrol", "--consent", "paper", "--name", "Anna", *pictures)

    assert len(capsys.readouterr().out.splitlines()) == 4


def test_photographs_that_cannot_be_used_say_why_and_leave_nobody(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = files(tmp_path, ANNA, photograph(2))

    assert people(bench, "enrol", "--consent", "paper", "--name", "Anna", *pictures) == 1

    err = capsys.readouterr().err.splitlines()
    assert [line.partition(" · ")[0] for line in err[:2]] == [
        f"{n}.png: The pictures show different people" for n in (0, 1)
    ]
    assert "none of the photographs can be used" in err[2]
    assert bench.administrator.get("/api/v1/people").json()["items"] == []


def test_an_unknown_language_is_a_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        people(bench, "enrol", "--consent", "paper", "--name", "A", "--language", "de", "a.png")
        == 2
    )

    assert "use zh-CN or en" in capsys.readouterr().err


def test_a_wrong_password_is_a_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MENSHEN_PASSWORD", "wrong")

    assert people(bench, "outdated") == 1

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_migration_is_followed_to_its_end(
    kept: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert people(kept, "migrate", "--yes") == 0

    out = capsys.readouterr().out
    assert "of 2 faces are of the site's network (builtin, 666666666666)" in out
    assert "done: 1 of 2 faces" in out
    assert "to be enrolled again: 1 (`menshen people outdated`" in out


def test_a_migration_is_a_document_for_machines(
    kept: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert people(kept, "migrate", "--json") == 0

    state = json.loads(capsys.readouterr().out)
    assert (state["current_count"], state["must_come_again_count"]) == (1, 1)


def test_a_preview_starts_nothing(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    enrol(bench.administrator, bench.person(), ANNA)

    assert people(bench, "migrate", "--preview") == 0

    assert "1 of 1 faces are of the site's network" in capsys.readouterr().out


def test_who_must_come_again_is_listed(kept: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    migrated(kept, current_count=1)

    assert people(kept, "outdated") == 0

    assert capsys.readouterr().out == "7\tBert\n"


def test_who_must_come_again_is_a_file(kept: Bench, tmp_path: Path) -> None:
    migrated(kept, current_count=1)
    table = tmp_path / "people.csv"

    assert people(kept, "outdated", "--csv", str(table)) == 0

    assert table.read_text("utf-8-sig").splitlines()[1].startswith("Bert,7,")


def test_a_file_that_cannot_be_written_is_a_line(
    kept: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert people(kept, "outdated", "--csv", str(tmp_path)) == 2

    assert "cannot write" in capsys.readouterr().err


def test_with_everybody_up_to_date_nobody_is_listed(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    people(bench, "outdated", "--json")
    people(bench, "outdated")

    assert capsys.readouterr().out == '{"people": []}\nnobody must come again\n'
