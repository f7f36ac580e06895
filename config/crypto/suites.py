"""All suites, by name, by the mark of a text, and by a key."""

from collections.abc import Mapping
from typing import Final, Self

from config.crypto.international import INTERNATIONAL
from config.crypto.keys import RecipientKey, SealingKey, SigningKey, VerifyingKey
from config.crypto.sm import SM
from config.crypto.suite import Suite, SuiteName

SUITES: Final[Mapping[SuiteName, Suite]] = {suite.name: suite for suite in (INTERNATIONAL, SM)}


def suite_of(key: SigningKey | VerifyingKey | SealingKey | RecipientKey) -> Suite:
    """Return the suite that a key is of; TypeError for a key of none."""
    for suite in SUITES.values():
        if suite.owns(key):
            return suite
    raise TypeError("a key of no suite")


class SuiteSecret(bytes):
    """A secret that knows its suite; plain bytes are of the first one. Attributes: suite."""

    suite: Suite

    def __new__(cls, raw: bytes, suite: Suite) -> Self:
        """Take a secret and what it is used with."""
        made = super().__new__(cls, raw)
        made.suite = suite
        return made


def suite_of_secret(secret: bytes) -> Suite:
    """Return what a secret is used with."""
    return secret.suite if isinstance(secret, SuiteSecret) else INTERNATIONAL


def split_mark(text: str) -> tuple[Suite, str]:
    """Return the suite that a text names, and the text behind its mark.

    A text that names none is of the first suite; base64url has no point, so none does by chance.
    """
    for suite in SUITES.values():
        if suite.mark and text.startswith(suite.mark):
            return suite, text.removeprefix(suite.mark)
    return INTERNATIONAL, text
