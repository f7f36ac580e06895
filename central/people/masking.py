"""Names as those see them who need not know them."""

HIDDEN, HIDDEN_COUNT_MAX = "*", 3


def masked(name: str) -> str:
    """Return a name of which a person recognises their own, and a stranger little.

    Each part keeps its first letter; 王小明 becomes 王**.
    """
    return " ".join(
        part[0] + HIDDEN * min(len(part) - 1, HIDDEN_COUNT_MAX) for part in name.split()
    )
