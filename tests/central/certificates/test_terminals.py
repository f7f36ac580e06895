"""Certificates of terminals: what they say, and for whom they are good."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from central.authority import new_authority
from central.certificates.terminals import (
    LIFETIME,
    CertificateWishError,
    PeerCertificate,
    give,
)
from central.nodes.known import NodeKeys
from central.nodes.repository import KeyRow
from config.contract.trust import public_text
from config.crypto.suites import SUITES
from edge.certificates import CertificateKey

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
AUTHORITY = new_authority("town", now=NOW)
REQUEST = CertificateKey().request("gate-1")


def made(request: str = REQUEST, *, key: str = "key-1") -> x509.Certificate:
    pem = give(AUTHORITY, request, site="town", node="gate-1", key=key, now=NOW)
    return x509.load_pem_x509_certificate(pem.encode())


def peer() -> PeerCertificate:
    return PeerCertificate.from_der(made().public_bytes(serialization.Encoding.DER))


def test_with_a_terminals_certificate_nobody_passes_for_central() -> None:
    usage = made().extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    limits = made().extensions.get_extension_for_class(x509.BasicConstraints)

    assert [*usage.value] == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert usage.critical
    assert not limits.value.ca


def test_a_request_decides_nothing_but_the_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("central")])
    wish = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "central")])
    ).add_extension(names, critical=False)
    text = wish.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    certificate = made(text)

    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=gate-1"
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert found.value.get_values_for_type(x509.DNSName) == []


@pytest.mark.parametrize(
    ("site", "node", "key"),
    [("city", "gate-1", "key-1"), ("town", "gate-2", "key-1"), ("town", "gate-1", "key-2")],
)
def test_it_is_good_for_one_key_of_one_node_of_one_site(site: str, node: str, key: str) -> None:
    assert peer().proves("town", "gate-1", ["key-2", "key-1"])
    assert not peer().proves(site, node, [key])


def test_a_change_of_keys_leaves_it_good_for_as_long_as_the_key_before() -> None:
    suite = SUITES["international"]
    texts = [public_text(suite.new_signing_key().public_key()) for _ in range(2)]
    sealing = public_text(suite.new_sealing_key().public_key())
    until = NOW + timedelta(hours=1)
    keys = NodeKeys.of(KeyRow(texts[0], sealing, NOW, texts[1], until, None))

    assert keys.texts_at(NOW) == (texts[0], texts[1])
    assert keys.texts_at(until) == (texts[0],)


def test_it_has_a_beginning_and_an_end() -> None:
    assert not peer().is_good(NOW - timedelta(hours=1))
    assert peer().is_good(NOW)
    assert not peer().is_good(NOW + LIFETIME)
    assert not peer().is_due(NOW)
    assert peer().is_due(NOW + timedelta(days=1))


def test_a_key_of_another_kind_is_refused() -> None:
    wish = x509.CertificateSigningRequestBuilder(x509.Name([]))
    signed = wish.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())

    with pytest.raises(CertificateWishError, match="P-256"):
        made(signed.public_bytes(serialization.Encoding.PEM).decode())


@given(st.integers(0, len(REQUEST) - 1), st.text(max_size=3))
def test_what_is_damaged_is_refused_or_the_same(at: int, put: str) -> None:
    damaged = REQUEST[:at] + put + REQUEST[at + 1 :]

    try:
        certificate = made(damaged)
    except CertificateWishError:
        return
    assert certificate.public_key() == x509.load_pem_x509_csr(REQUEST.encode()).public_key()
