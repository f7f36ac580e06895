"""Headers between nodes and central, beside those that HTTP has. Who does not know one ignores it.

A header and not a field, where an older side refuses fields that it does not know.
"""

from typing import Final

CONTRACT: Final = "Menshen-Contract"
"""With every request of a node, and with central's answers to it: the version that is spoken."""
CONTRACT_VERSION: Final = 2
"""Each side serves this one and the one before; ``docs/contract.md`` says what may change."""
CONTRACT_UNTOLD: Final = 1
"""Of who does not say: version 1 had no header."""
BACKLOG: Final = "Menshen-Backlog"
"""``1`` with a batch that has waited for long: central takes it in room that live ones leave."""
STATUS_INTERVAL: Final = "Menshen-Status-Interval-S"
"""With central's answer to a status: so many seconds until the next, where nothing changes."""
CHANGE_KEY: Final = "Menshen-Change-Key"
"""With central's answer to a status: the node's signing key (base64url), if it is to make another.

Named, so that an answer which comes late changes no newer key.
"""
CERTIFICATE: Final = "Menshen-Certificate"
"""``wanted`` with central's answer to a status: the node is to ask for a certificate."""
CERTIFICATE_NEEDED: Final = "certificate_needed"
"""Central's word for a signed request that came without a certificate, where it demands one."""
CERTIFICATE_REFUSED: Final = "certificate_refused"
"""Likewise: the connection's certificate is over, or not of who has signed."""
STATUS_INTERVAL_S: Final = 5.0
"""What a node does where central does not say."""
STATUS_INTERVAL_S_MAX: Final = 60.0


def contract_of(text: str | None) -> int:
    """Return the version that a header tells."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) < 6
    return int(text) if is_number and text is not None else CONTRACT_UNTOLD


def silence_s_max(status_interval_s: float) -> float:
    """Return for how long a node may say nothing: three reports, and a second on the way."""
    return 3 * status_interval_s + 1
