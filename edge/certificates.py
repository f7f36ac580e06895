"""This node's certificate for connections to central: made anew with a new key each time.

Neither is kept: a node that starts asks for another with the key that it signs with.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class CertificateKey:
    """A key for one certificate. Not printable: it is secret."""

    def __init__(self) -> None:
        """Make it."""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def request(self, node: str) -> str:
        """Return what central is asked with: PKCS #10, PEM."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
        asked = x509.CertificateSigningRequestBuilder().subject_name(subject)
        signed = asked.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def show_with(self, context: ssl.SSLContext, certificate: str) -> None:
        """Let connections be opened with a certificate (PEM) of this key.

        Raises:
            ssl.SSLError: It is of another key, or none.
            OSError: This machine has no memory for it.
        """
        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        with _in_memory(certificate + key) as path:
            context.load_cert_chain(path)


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    """Have a text under a path, which ``ssl`` wants, and on no disk."""
    descriptor = os.memfd_create("certificate")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"
