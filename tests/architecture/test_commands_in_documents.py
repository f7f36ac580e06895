"""Every command that a document tells somebody to give is one that today's program takes."""

import pytest

from tests.architecture.commands_in_documents import ROOT, cells, commands, refusal

DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("README*.md", "CONTRIBUTING.md", "docs/*.md", "benchmarks/README.md")
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_document_is_taken(name: str) -> None:
    told = set(commands((ROOT / name).read_text(encoding="utf-8")))

    refused = {str(each): why for each in told if (why := refusal(each)) is not None}

    assert refused == {}


@pytest.mark.parametrize(
    "name", ["README.md", "README.zh-CN.md", "docs/operations.md", "docs/tender.zh-CN.md"]
)
def test_commands_are_found_where_there_are_many(name: str) -> None:
    assert len(set(commands((ROOT / name).read_text(encoding="utf-8")))) > 15


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("menshen nothing", "no command nothing"),
        ("menshen bundle nothing", "no command nothing"),
        ("menshen doctor --nothing", "No such option: --nothing"),
        ("menshen bundle check FILE", "['public_key'] must be given"),
        ("menshen bundle versions FILE", "too many words: ['FILE']"),
        ("python -m benchmarks.nothing", "no module benchmarks.nothing"),
        ("python -m benchmarks.crypto --nothing", "benchmarks.crypto does not know ['--nothing']"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(line: str, why: str) -> None:
    (told,) = cells(f"`{line}`")

    assert refusal(told) == why


def test_prompts_surroundings_and_remarks_are_no_words_of_a_command() -> None:
    text = (
        "```\n# menshen doctor   # what is wrong\n$ A=1 uv run --no-dev menshen demo | head\n```\n"
    )

    assert [each.words for each in commands(text)] == [("menshen", "doctor"), ("menshen", "demo")]
