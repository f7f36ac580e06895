"""What became of each photograph, in the words of the pages: a line for each."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, get_args

from config.web import STATIC

Language = Literal["zh-CN", "en"]
LANGUAGES: Final = get_args(Language)
PICTURES_WANTED: Final = 3


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of a terminal, as its locale says."""
    named = next(
        (environment[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(n)), ""
    )
    return "zh-CN" if named.lower().startswith("zh") else "en"


class Report:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        """Read the dictionary that the pages have, too."""
        self._language = language
        text = (STATIC / f"{language}.json").read_text(encoding="utf-8")
        self._words: dict[str, str] = json.loads(text)

    def picture(self, verdict: Mapping[str, Any]) -> str:
        """Return what became of one photograph, how good it is, and what to do."""
        reason = verdict["reason"]
        said = self._term("picture", "accepted" if reason is None else reason)
        parts = [f"{verdict['name']}: {said}"]
        if verdict.get("score") is not None:
            parts.append(self._words["face.quality"].format(n=round(100 * verdict["score"])))
        if reason is not None:
            # Central's own words, which are English, say more.
            detail = verdict.get("detail") if self._language == "en" else None
            parts.append(detail or self._term("advice", reason))
        return " · ".join(parts)

    def refusal(self, refusal: Mapping[str, Any]) -> str:
        """Return why a row of the personnel office's file is not taken, and what to do."""
        return self._words["roster_row.refused"].format(
            n=refusal["row"],
            column=self._words[f"roster_column.{refusal['column']}"],
            mistake=self._words[f"roster_mistake.{refusal['code']}"],
        )

    def bulk(self, row: Mapping[str, Any]) -> str:
        """Return what became of one picture of many, and what to do."""
        return " · ".join(part for part in self._bulk_cells(row) if part)

    def bulk_counts(self, counts: Mapping[str, int]) -> str:
        """Return how many people there are of each outcome."""
        words = (f"{self._words[f'bulk_outcome.{name}']} {counts[name]}" for name in counts)
        return ", ".join(words)

    def bulk_table(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
        """Return the report as a table with headings; no cell is a formula."""
        yield [self._words[f"bulk.{name}"] for name in ("number", "file", "outcome", "reason")]
        for row in rows:
            yield [f"'{cell}" if cell[:1] in "=+-@" and cell else cell
                   for cell in self._bulk_cells(row)]  # fmt: skip

    def _bulk_cells(self, row: Mapping[str, Any]) -> list[str]:
        reason = row.get("reason")
        if reason:
            why = f"{self._term('picture', reason)} · {self._term('advice', reason)}"
        elif code := row.get("code"):
            words = self._words.get(f"error.{code}")
            why = words or self._words["error.other"].format(code=code)
        else:
            why = self._words.get(f"bulk_advice.{row['outcome']}", "")
        outcome = self._words[f"bulk_outcome.{row['outcome']}"]
        return [row["number"], row["file"], outcome, why]

    def advice(self, outcome: Mapping[str, Any]) -> list[str]:
        """Return what to know of an enrolment that was taken, a line each."""
        lines = list[str]()
        if outcome["picture_count"] < PICTURES_WANTED:
            lines.append(self._words["face.enrol_three"])
        if count := outcome["not_compared_count"]:
            lines.append(self._words["face.not_compared"].format(n=count))
        return lines

    def _term(self, group: str, value: str) -> str:
        return self._words.get(f"{group}.{value}") or self._words[f"{group}.other"]
