"""What every connection that central accepts or opens demands of TLS."""

import ssl
from typing import Final, TypeVar

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all as strong. Some builds of Python take OpenSSL's wider choice."""
Context = TypeVar("Context", bound=ssl.SSLContext)


def strict(context: Context) -> Context:
    """Return a context that speaks TLS 1.2 and 1.3, with forward secrecy and AEAD alone."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    return context
