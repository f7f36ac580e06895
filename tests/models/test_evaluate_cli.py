"""``menshen models evaluate`` as a person types it."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image as Pillow

from config.command import main
from models.store import Store

PRODUCTION = ("yunet_s_dynamic.onnx", "face-reidentification-retail-0095.onnx")
PAIR = ("minifasnet_v2_2.7_80x80.onnx", "minifasnet_v1se_4.0_80x80.onnx")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the command uses, still empty."""
    monkeypatch.setenv("MENSHEN_MODELS", str(tmp_path / "store"))
    return Store(tmp_path / "store")


@pytest.fixture
def production(shared: Path, store: Store) -> None:
    """The networks of production are in that store."""
    for name in PRODUCTION:
        store.add(shared / "models" / name)


@pytest.fixture
def people(shared: Path, tmp_path: Path) -> Path:
    """Three people with four grey pictures each, one of them PGM."""
    for folder in sorted((shared / "faces" / "lfw10x10").iterdir())[:3]:
        target = tmp_path / "people" / folder.name
        target.mkdir(parents=True)
        for index, path in enumerate(sorted(folder.iterdir())[:4]):
            ending = "pgm" if index == 0 else "png"
            Pillow.open(path).convert("L").save(target / f"{index + 1}.{ending}")
    return tmp_path / "people"


def evaluate(*words: str | Path) -> int:
    return main(["models", "evaluate", *map(str, words)])


@pytest.mark.usefixtures("production")
def test_one_document_comes_out_and_nothing_else(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(people, "--pipeline", "production", "--gallery", "1,2", "--json") == 0

    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["images"], document["identities"], document["not_detected"]) == (12, 3, 0)
    assert (document["genuine_pairs"], document["impostor_pairs"]) == (18, 48)
    assert [row["n"] for row in document["open_set"]] == [1, 1, 2, 2]
    assert document["rank1"] == 1
    assert document["ms_per_image"] > 0
    assert err == ""


@pytest.mark.usefixtures("production")
def test_tables_and_notes_are_for_people(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(people, "--pipeline", "production") == 0

    shown = capsys.readouterr().out
    assert "production: 12 pictures of 3 people, 0 without a face, 0 unreadable" in shown
    assert "18 genuine and 48 impostor pairs: EER 0 %, rank 1 100 %" in shown
    assert "note: 48 impostor pairs: too few for FAR 1 %, which needs 100" in shown
    assert "bootstrap over identities" in shown


@pytest.mark.usefixtures("production")
def test_listed_pairs_and_plots_go_together(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(path.name for path in people.iterdir())
    (tmp_path / "pairs.csv").write_text(
        f"{names[0]}/1.pgm,{names[0]}/2.png,1\n{names[0]}/1.pgm,{names[1]}/2.png,0\n"
    )
    words = (people, "--pipeline", "production", "--pairs", tmp_path / "pairs.csv")

    assert evaluate(*words, "--plots", tmp_path / "plots", "--json") == 0

    out, err = capsys.readouterr()
    assert (json.loads(out)["genuine_pairs"], json.loads(out)["impostor_pairs"]) == (1, 1)
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["det.png", "scores.png"]
    assert "det.png" in err


def test_the_built_in_networks_are_the_default(
    people: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(people) == 1

    assert capsys.readouterr().err == (
        "menshen: missing: dlib-mmod, dlib-five-points, dlib-resnet; run `menshen models build`\n"
    )


@pytest.mark.usefixtures("production")
def test_attacks_have_a_document_of_their_own(
    shared: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PAIR:
        store.add(shared / "models" / name)
    for kind, name in {"tablet": "image_F2", "live": "image_T1"}.items():
        (tmp_path / "attacks" / kind).mkdir(parents=True)
        shutil.copy(shared / "faces" / "spoof" / f"{name}.jpg", tmp_path / "attacks" / kind)
    words = ("--attacks", tmp_path / "attacks", "--pipeline", "production")

    assert [evaluate(*words, "--json"), evaluate(*words)] == [0, 0]

    document, _, shown = capsys.readouterr().out.partition("\n")
    found = json.loads(document)
    assert (found["apcer"], found["bpcer"]) == ({"tablet": 0.0}, 0.0)
    assert found["n"] == {"live": 1, "tablet": 1}
    assert "BPCER 0 % (0..79.3)" in shown


@pytest.mark.usefixtures("production")
def test_attacks_without_liveness_say_what_brings_it(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--attacks", people, "--pipeline", "production") == 1

    said = capsys.readouterr().err
    assert said.startswith("menshen: missing: liveness-2.7, liveness-4.0; liveness needs them")
    assert "`menshen models add FILE`" in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "name a folder of people, or --attacks"),
        (["people", "--attacks", "people"], 2, "name a folder of people, or --attacks"),
        (["--attacks", "people", "--gallery", "5"], 2, "--attacks goes without"),
        (["people", "--gallery", "ten"], 2, "--gallery ten: write numbers of people"),
        (["people", "--gallery", "0"], 2, "--gallery 0: write numbers of people"),
        (["people", "--pipeline", "magic"], 2, "no pipeline 'magic'; there are: builtin"),
        (["none", "--pipeline", "production"], 1, "there is no folder none: check the path"),
        (["empty", "--pipeline", "production"], 1, "empty holds no pictures"),
        (["people", "--pipeline", "production", "--pairs", "none"], 1, "cannot read none"),
    ],
)
def test_a_mistake_is_one_line(
    people: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    (people.parent / "empty").mkdir()
    monkeypatch.chdir(people.parent)

    assert evaluate(*words) == code

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
