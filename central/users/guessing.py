"""New passwords that would be guessed first: of the program's, the trade's or one's own name."""

from typing import Final

from central.problems import RefusedError

LEFT_LENGTH_MIN: Final = 8
LEFT_DIFFERENT_MIN: Final = 5
WORDS: Final = (
    "1234567890", "123456789", "12345678", "123456", "1234", "1q2w3e4r5t", "1q2w3e4r", "1qaz2wsx",
    "qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "abcdef", "abcd", "abc123",
    "password", "passw0rd", "passwort", "welcome", "letmein", "changeme", "secret", "default",
    "iloveyou", "woaini", "mima", "密码", "menshen", "门神", "administrator", "admin", "root",
    "operator", "security", "guard", "gate", "access", "baoan", "保安", "管理员",
)  # fmt: skip
"""Longer ones before those that they begin with."""


def refuse_guessable(password: str, *, username: str) -> None:
    """Refuse with 422 a password of which little is left without these words and the own name."""
    left = password.casefold()
    for word in (username.casefold(), *WORDS):
        left = left.replace(word, "")
    if len(left) < LEFT_LENGTH_MIN or len(set(left)) < LEFT_DIFFERENT_MIN:
        raise RefusedError(
            422, "password_guessable", "names, rows and repetitions are guessed first"
        )
