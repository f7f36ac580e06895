"""When certificates are over. Whose they are, each side knows for itself."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from config.doctor.findings import Finding, Level

WARNED_BEFORE: Final = timedelta(days=30)


def judge_certificates(
    ends: Mapping[str, datetime | None], *, now: datetime, advice: str
) -> Iterator[Finding]:
    """Yield how long each certificate is good.

    Args:
        ends: By what it is of; None where it cannot be read.
        now: Aware UTC.
        advice: What to do about one that is over.
    """
    for name, end in sorted(ends.items()):
        check = f"certificate of {name}"
        if end is None:
            yield Finding(check, Level.WARNING, "it cannot be read", "start its service again")
        elif end <= now:
            yield Finding(check, Level.PROBLEM, f"it was over at {end:%Y-%m-%d}", advice)
        elif end - now <= WARNED_BEFORE:
            days = (end - now).days
            said = "see the procedure of the alarm: certificate expires"
            yield Finding(check, Level.WARNING, f"it is over in {days} days", said)
        else:
            days = (end - now).days
            yield Finding(check, Level.OK, f"good for {days} days, until {end:%Y-%m-%d}")


def first_end(pem: str) -> datetime | None:
    """Return when the first certificate of a PEM text is over; None where none can be read."""
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return None
    return min((each.not_valid_after_utc for each in certificates), default=None)
