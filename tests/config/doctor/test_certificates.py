"""The doctor says when a certificate is over."""

from datetime import UTC, datetime, timedelta

import trustme

from config.doctor.certificates import first_end, judge_certificates
from config.doctor.findings import Level

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_each_is_judged_by_its_end() -> None:
    ends = {
        "a": NOW,
        "b": NOW + timedelta(days=30),
        "c": NOW + timedelta(days=31),
        "d": None,
    }

    levels = [finding.level for finding in judge_certificates(ends, now=NOW, advice="")]

    assert levels == [Level.PROBLEM, Level.WARNING, Level.OK, Level.WARNING]


def test_of_a_chain_the_first_end_counts() -> None:
    authority = trustme.CA()
    own = authority.issue_cert("central.test", not_after=NOW + timedelta(days=9))
    chain = own.cert_chain_pems[0].bytes() + authority.cert_pem.bytes()

    assert first_end(chain.decode()) == NOW + timedelta(days=9)
    assert first_end("no certificate") is None
