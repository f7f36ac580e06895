"""Words of people in a question to the database."""


def like_pattern(words: str) -> str:
    r"""Return a LIKE pattern (escape ``\``) that finds the words anywhere."""
    for special in ("\\", "%", "_"):
        words = words.replace(special, f"\\{special}")
    return f"%{words}%"
