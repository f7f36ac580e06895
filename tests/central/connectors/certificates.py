"""Certificates of a test's own authority, as files and as texts."""

import dataclasses
from pathlib import Path

import trustme


@dataclasses.dataclass(frozen=True, slots=True)
class Certificates:
    """An authority, a server on this machine, and a client."""

    ca: str
    ca_file: Path
    server_file: Path
    server_key_file: Path
    client: str
    client_key: str


def certificates(folder: Path) -> Certificates:
    authority = trustme.CA()
    server, client = authority.issue_cert("localhost", "127.0.0.1"), authority.issue_cert("central")
    ca_file, server_file, key_file = (folder / name for name in ("ca.pem", "server.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca_file)
    server_file.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    server.private_key_pem.write_to_path(key_file)
    for file in (folder, ca_file, server_file, key_file):
        file.chmod(0o755 if file.is_dir() else 0o644)  # servers may run as another user
    return Certificates(
        ca=ca_file.read_text(),
        ca_file=ca_file,
        server_file=server_file,
        server_key_file=key_file,
        client="".join(blob.bytes().decode() for blob in client.cert_chain_pems),
        client_key=client.private_key_pem.bytes().decode(),
    )


def untrusted() -> str:
    """Return an authority that signed nothing here."""
    return trustme.CA().cert_pem.bytes().decode()
