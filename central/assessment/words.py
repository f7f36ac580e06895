"""The dictionaries of the pages, for a document that central writes itself."""

import functools
import json

from central.assessment.schemas import Language
from config.web import STATIC


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        """Read the dictionary, once in a process."""
        self.language = language
        self._words = _dictionary(language)

    def say(self, key: str, **values: object) -> str:
        """Return the words of a key; KeyError where there are none."""
        return self._words[key].format(**values)

    def listed(self, names: list[str]) -> str:
        """Return several words as one."""
        return self._words["consent.comma"].join(names)


@functools.cache
def _dictionary(language: Language) -> dict[str, str]:
    found: dict[str, str] = json.loads((STATIC / f"{language}.json").read_text(encoding="utf-8"))
    return found
