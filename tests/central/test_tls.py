"""What every connection demands, whatever this build of Python would take by itself."""

import ssl

from central.hosting.tls import ServerNames
from central.tls import strict


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert ServerNames().listener.minimum_version == ssl.TLSVersion.TLSv1_2


def test_every_cipher_suite_has_forward_secrecy_and_authenticates_what_it_encrypts() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL")

    suites = [(suite["name"], suite["aead"]) for suite in strict(context).get_ciphers()]

    assert [
        name for name, aead in suites if not (aead and name.startswith(("TLS_", "ECDHE-")))
    ] == []
