"""Which central the terminals of this machine belong to, and how their clocks compare with it."""

import contextlib
import dataclasses
import email.utils
import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from config.contract.trust import TrustError, verifying_key
from config.crypto.suites import suite_of
from config.doctor.algorithms import judge_algorithms
from config.doctor.findings import Finding, Level
from edge.clock import DIFFERENCE_MAX

TIMEOUT_S: Final = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """Of one terminal.

    Attributes:
        folder: Its state.
        url: Of central.
        ca_certificate: PEM; None where central is on this machine without TLS.
        central_key: Central's public key, as text.
    """

    folder: Path
    url: str
    ca_certificate: str | None
    central_key: str


def memberships_here(home: Path) -> list[Membership]:
    """Return those of the terminals here; what is wrong with a file is said where it starts."""
    found = list[Membership]()
    for path in sorted(home.glob("edge-*/node.json")):
        try:
            kept = json.loads(path.read_bytes())
            authority = kept.get("ca_certificate")
            url, key = (str(kept.get(name, "")) for name in ("url", "central_key"))
        except (OSError, ValueError, AttributeError):
            continue
        pem = None if authority is None else str(authority)
        found.append(Membership(path.parent, url, pem, key))
    return found


def judge_suite(membership: Membership) -> Iterator[Finding]:
    """Yield whether this machine has the algorithms of a terminal's site."""
    with contextlib.suppress(TrustError):
        suite = suite_of(verifying_key(membership.central_key))
        yield judge_algorithms(f"algorithms of {membership.folder.name}", suite)


def ask_central(membership: Membership) -> Iterator[Finding]:
    """Yield whether central answers, and how far this machine's clock is from its clock."""
    url, authority = membership.url, membership.ca_certificate
    check = f"central, from {membership.folder.name}"
    try:
        trusted = True if authority is None else ssl.create_default_context(cadata=authority)
        began_at_s = time.monotonic()
        answer = httpx.get(
            f"{url}/api/v1/health", verify=trusted, timeout=TIMEOUT_S, trust_env=False
        )
        took_s = time.monotonic() - began_at_s
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
        said = f"{url} does not answer ({str(error) or type(error).__name__})"
        advice = "the terminal decides alone meanwhile; look at the network, then at central"
        yield Finding(check, Level.WARNING, said, advice)
        return
    if answer.is_error:
        advice = "`menshen doctor` on central's machine"
        yield Finding(check, Level.WARNING, f"{url} is not well ({answer.status_code})", advice)
    said_at = email.utils.parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    yield judge_difference(check, said_at - datetime.now(UTC), took_s=took_s)


def judge_difference(check: str, difference: timedelta, *, took_s: float) -> Finding:
    """Return what a difference of clocks is worth.

    Args:
        check: Whose.
        difference: Central's time, cut to whole seconds, less this machine's.
        took_s: How long the question and its answer took: so old central's time may be.
    """
    # Central cuts a second's parts off: on average it says half a second too little.
    seconds = difference.total_seconds() + 0.5
    if abs(seconds) <= DIFFERENCE_MAX.total_seconds() + took_s:
        return Finding(check, Level.OK, "it answers, and the clocks agree")
    ahead = "behind" if seconds > 0 else "ahead of"
    said = f"this machine's clock is {abs(seconds):.0f} s {ahead} central's"
    advice = "let both take their time from the same time service (systemd-timesyncd or chrony)"
    return Finding(check, Level.WARNING, said, advice)
