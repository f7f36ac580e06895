"""Whether this machine has the algorithms that a site was made with."""

from config.crypto.sm2 import Sm2UnavailableError
from config.crypto.suite import Suite
from config.doctor.findings import Finding, Level


def judge_algorithms(check: str, suite: Suite) -> Finding:
    """Return which a site was made with, and whether they can be used here.

    Args:
        check: Whose site.
        suite: Its algorithms.
    """
    try:
        suite.new_signing_key().sign(b"")
    except Sm2UnavailableError as error:
        return Finding(check, Level.PROBLEM, str(error), "install OpenSSL 3 (Debian: libssl3)")
    return Finding(check, Level.OK, f"the site was made with --crypto {suite.name}, for ever")
