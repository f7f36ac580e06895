"""Names as those see them who need not know them."""

HIDDEN = "*"


def masked(name: str) -> str:
    """Return a name of which a person recognises their own, and a stranger little.

    Names without spaces keep the first letter and, from three letters on, the last; of names with
    spaces each part keeps its first.
    """
    parts = name.split()
    if len(parts) > 1:
        return " ".join(part[0] + HIDDEN * min(len(part) - 1, 3) for part in parts)
    plain = "".join(parts)
    if len(plain) < 3:
        return plain[:1] + HIDDEN
    return plain[0] + HIDDEN * min(len(plain) - 2, 3) + plain[-1]
