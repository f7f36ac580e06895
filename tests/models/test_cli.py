import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.command import main
from models.store import Store
from tests.models.web import Web, serving, trusted_tls

HEAD_POSE = "head-pose-estimation-adas-0001"
YUNET = "yunet_s_dynamic.onnx"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the commands use."""
    monkeypatch.setenv("MENSHEN_MODELS", str(tmp_path / "store"))
    return Store(tmp_path / "store")


@pytest.fixture
def mirror(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """An HTTPS mirror with all files, whose certificate this machine trusts."""
    with serving(trusted_tls(monkeypatch, tmp_path)) as web:
        for folder in (shared / "models", shared / "models" / "openvino"):
            web.files |= {f"/{p.name}": p.read_bytes() for p in folder.iterdir() if p.is_file()}
        yield web


def test_the_list_says_where_networks_come_from_and_what_they_err(
    shared: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.add(shared / "models" / YUNET)

    assert main(["models", "list", "--json"]) == 0

    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert [name for name, row in rows.items() if row["present"]] == ["yunet-s-dynamic"]
    assert [row["default"] for row in rows.values()] == [True] * 3 + [False] * 8
    recogniser = rows["face-reidentification-retail-0095"]
    assert recogniser["fnir_at_fpir_0001_n1000"] == 0.169
    assert recogniser["fnir_at_fpir_0001_n1000_mean_of_three"] == 0.04
    assert all(url.startswith("https://storage.openvino") for url in recogniser["urls"])


def test_the_table_shows_licence_use_origin_and_remark(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "list"]) == 0

    shown = capsys.readouterr().out
    for text in ("Apache-2.0", "business", "Open Model Zoo 2023.0", "MS-Celeb-1M", "25.7% / 8.7%"):
        assert text in shown


def test_files_are_added_together_and_an_ir_counts_once(
    shared: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared / "models"
    files = [
        folder / YUNET,
        *(folder / "openvino" / f"{HEAD_POSE}.{end}" for end in ("xml", "bin")),
    ]

    assert main(["models", "add", *map(str, files)]) == 0

    added = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert added == ["yunet-s-dynamic", "head-pose"]
    assert store.find("head-pose") is not None


def test_one_file_that_is_added_is_one_object_in_json(
    shared: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "add", "--json", str(shared / "models" / YUNET)]) == 0

    assert json.loads(capsys.readouterr().out)["name"] == "yunet-s-dynamic"


def test_an_unknown_file_among_others_is_one_line(
    shared: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [shared / "models" / YUNET, shared / "models" / "README.md"]

    assert main(["models", "add", *map(str, files)]) == 1

    said = capsys.readouterr().err
    assert said.startswith("menshen: README.md has the hash")
    assert said.count("\n") == 1


def test_a_pipeline_is_fetched_from_a_mirror(
    store: Store, mirror: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["models", "fetch", "--pipeline", "production", "--from", mirror.url, "--json"]

    assert main(command) == 0

    fetched = json.loads(capsys.readouterr().out)["fetched"]
    assert fetched == ["yunet-s-dynamic", "face-reidentification-retail-0095"]
    assert set(store.find_pipeline("production")) == {"face-detector", "face-recogniser"}


def test_what_is_here_is_not_fetched_again_but_what_is_damaged_is(
    store: Store, mirror: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["models", "fetch", "yunet-s-dynamic", "--from", mirror.url]
    assert [main(command), main(command)] == [0, 0]
    (store.folder / YUNET).write_bytes(b"cut")

    assert main(command) == 0

    assert "these networks are here already" in capsys.readouterr().err
    assert [path for path, _ in mirror.asked] == [f"/{YUNET}"] * 2
    assert store.find("yunet-s-dynamic") is not None


def test_a_network_that_fails_does_not_keep_the_others_away(
    store: Store, mirror: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    del mirror.files["/minifasnet_v2_2.7_80x80.onnx"]

    assert main(["models", "fetch", "--pipeline", "liveness", "--from", mirror.url]) == 1

    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("menshen: https://127.0.0.1:")
    assert "minifasnet_v2_2.7_80x80.onnx answers 404 Not Found" in said[-1]
    assert store.missing("liveness") == ["liveness-2.7"]


def test_without_internet_one_line_tells_of_add(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as gone:
        address = gone.url.replace("http:", "https:")

    assert main(["models", "fetch", "head-pose", "--from", address]) == 1

    said = capsys.readouterr().err
    assert "without internet, bring the file and run `menshen models add FILE`" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "say which networks"),
        (["head-pose", "--pipeline", "liveness"], "say which networks"),
        (["magic"], "no network 'magic'; there are: "),
        (["--pipeline", "magic"], "no pipeline 'magic'; there are: builtin, liveness, production"),
        (["head-pose", "--from", "http://mirror/"], "fetched over HTTPS only"),
    ],
)
def test_a_wrong_choice_is_one_line_and_code_2(
    store: Store, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["models", "fetch", *words]) == 2

    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
