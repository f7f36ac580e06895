from pathlib import Path

import pytest

from models.evaluation.folder import EvaluationError
from models.evaluation.pairs_file import ListedPair, read_pairs
from tests.models.evaluation.colours import BLUE, GREEN, RED, paint


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people with pictures 1.png and 2.png, and LFW's names beside them."""
    for name in ("an", "ben"):
        folder = paint(tmp_path / "people" / name, RED, BLUE)
        paint(folder / "x", GREEN)
        (folder / f"{name}_0001.png").write_bytes((folder / "1.png").read_bytes())
        (folder / f"{name}_0004.png").write_bytes((folder / "2.png").read_bytes())
    return tmp_path / "people"


def listed(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "pairs.csv"
    file.write_bytes(text.encode(encoding))
    return file


SAME = "an/1.png,an/2.png,1\n"


@pytest.mark.parametrize("heading", ["", "one,other,same\n", "file_a,file_b,label\n", "\n"])
def test_a_line_is_two_pictures_and_whether_they_are_of_one_person(
    people: Path, tmp_path: Path, heading: str
) -> None:
    file = listed(tmp_path, f"{heading}{SAME}an/1.png,ben/x/1.png,0\n")

    same, different = read_pairs(file, people).pairs

    assert (same.one, same.other, same.is_same) == (people / "an/1.png", people / "an/2.png", True)
    assert (different.other, different.is_same) == (people / "ben/x/1.png", False)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_parted_by_comma_semicolon_or_tab(
    people: Path, tmp_path: Path, mark: str
) -> None:
    file = listed(tmp_path, SAME.replace(",", mark))

    assert len(read_pairs(file, people).pairs) == 1


@pytest.mark.parametrize(("said", "is_same"), [("True", True), ("same", True), ("FALSE", False)])
def test_words_may_say_it(people: Path, tmp_path: Path, said: str, is_same: bool) -> None:
    file = listed(tmp_path, f"an/1.png,ben/1.png,{said}\n")

    assert read_pairs(file, people).pairs[0].is_same is is_same


@pytest.mark.parametrize("heading", ["", "name,imagenum1,imagenum2,\n", "10\t300\n"])
def test_the_lines_of_lfw_are_understood(people: Path, tmp_path: Path, heading: str) -> None:
    text = f"{heading}an,1,4,\nan,1,ben,4\n"
    file = listed(tmp_path, text.replace(",", "\t") if "\t" in heading else text)

    same, different = read_pairs(file, people).pairs

    assert same.is_same
    assert same.other == people / "an/an_0004.png"
    assert not different.is_same
    assert different.other == people / "ben/ben_0004.png"


def test_a_chinese_excel_writes_it_too(people: Path, tmp_path: Path) -> None:
    paint(people / "王芳", RED)
    file = listed(tmp_path, "王芳\\1.png,an/1.png,0\n", "gb18030")

    assert read_pairs(file, people).pairs == (
        ListedPair(people / "王芳/1.png", people / "an/1.png", False, 1),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SAME + "an/1.png,ben/1.png,maybe\n", "line 2: 'maybe' is neither 1"),
        ("an/1.png,ben/1.png,maybe\n", "line 1: 'maybe' is neither 1"),
        (SAME + "an/1.png,ben/1.png\n", "line 2: 2 columns are no pair"),
        (SAME + "\nan/1.png,an/1.png,1\n", "line 3: a picture is compared with itself"),
        ("", "lists no pairs"),
        ("one,other,same\n", "lists no pairs"),
        ("no/1.png,an/1.png,1\n", "line 1: there is no picture no/1.png below"),
    ],
)
def test_a_wrong_list_is_one_line_with_its_number(
    people: Path, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message) as said:
        read_pairs(listed(tmp_path, text), people)

    assert "\n" not in str(said.value)


def test_pictures_that_are_not_there_are_told_beside_the_others(
    people: Path, tmp_path: Path
) -> None:
    found = read_pairs(listed(tmp_path, SAME + "an/9.png,an/1.png,1\nan,7,8\n"), people)

    assert len(found.pairs) == 1
    assert found.absent == ((2, "an/9.png"), (3, "an/an_0007.jpg"))


def test_bytes_that_are_no_text_say_so(people: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(b"\xff\xfe\x00\xff,")

    with pytest.raises(EvaluationError, match="is no text: save it as CSV"):
        read_pairs(file, people)


def test_a_list_that_is_not_there_says_so(people: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"cannot read .*none\.csv: No such file"):
        read_pairs(tmp_path / "none.csv", people)
