"""What protects the keys in a terminal's state folder, so that a copied disk opens nothing.

A sealer turns a key into text that can lie on the disk. ``SystemdSealer`` asks systemd, which uses
the machine's TPM; ``KeySealer`` uses a key that is not on the disk: a credential that the service
is given, or one that central releases after the node has proven who it is. Which one protects what,
and what that costs with central down, is in ``docs/decisions/0019-keys-of-a-terminal.md``.

Source: systemd-creds(1), systemd 257; sections "encrypt", "decrypt", "has-tpm2".
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag

from config.contract.trust import TrustError, from_text, to_text
from config.crypto.international import INTERNATIONAL
from config.crypto.keys import Cipher
from config.crypto.suite import NONCE_SIZE_BYTES, Suite
from config.crypto.suites import split_mark

CREDENTIAL: Final = "menshen-store-key"
RELEASE: Final = "release"
SECRET_LENGTH_MIN: Final = 32
COMMAND: Final = "systemd-creds"
COMMAND_TIMEOUT_S: Final = 20.0
_CONTEXT: Final = b"menshen store v1"


class SealError(Exception):
    """What is sealed cannot be opened here, or nothing can be sealed; the message says why."""


class Sealer(Protocol):
    """Protects short secrets. Attributes: name: kept with what it sealed."""

    name: str

    def seal(self, secret: bytes, *, purpose: str, suite: Suite = INTERNATIONAL) -> str:
        """Return text that may lie on the disk, sealed by the suite where the sealer has a choice.

        Raises:
            SealError: It cannot seal now.
        """
        ...

    def unseal(self, sealed: str, *, purpose: str) -> bytes:
        """Return the secret.

        Raises:
            SealError: Another machine or key sealed it, or it is damaged.
        """
        ...


class KeySealer:
    """Seals with a key that is held in memory: a key of its own per purpose is derived from it."""

    def __init__(self, name: str, secret: bytes) -> None:
        """Take a secret of at least 32 bytes.

        Raises:
            SealError: It is shorter.
        """
        if len(secret) < SECRET_LENGTH_MIN:
            raise SealError(f"the key {name} is shorter than {SECRET_LENGTH_MIN} bytes")
        self.name, self._secret = name, secret

    def seal(self, secret: bytes, *, purpose: str, suite: Suite = INTERNATIONAL) -> str:
        """See ``Sealer.seal``."""
        nonce = os.urandom(NONCE_SIZE_BYTES)
        ciphertext = self._cipher(suite, purpose).encrypt(nonce, secret, purpose.encode())
        return suite.mark + to_text(nonce + ciphertext)

    def unseal(self, sealed: str, *, purpose: str) -> bytes:
        """See ``Sealer.unseal``."""
        try:
            suite, text = split_mark(sealed)
            raw = from_text(text)
            nonce, ciphertext = raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:]
            return self._cipher(suite, purpose).decrypt(nonce, ciphertext, purpose.encode())
        except (InvalidTag, TrustError, ValueError) as error:
            raise SealError(f"{purpose} was sealed with another key, or is damaged") from error

    def _cipher(self, suite: Suite, purpose: str) -> Cipher:
        info = purpose.encode()
        return suite.cipher(suite.derive_cipher_key(self._secret, salt=_CONTEXT, info=info))


class SystemdSealer:
    """Seals with ``systemd-creds``; what was sealed opens on this machine alone.

    The algorithms are systemd's and the TPM's, whatever the site's suite is.

    Attributes:
        with_key: ``tpm2`` keeps a copied disk shut. ``host`` does not: that key is a file on the
            same disk, so it is for tests and for disks that are encrypted themselves.
    """

    name = "systemd"

    def __init__(self, *, with_key: str = "tpm2", command: str = COMMAND) -> None:
        self._command, self.with_key = command, with_key

    @classmethod
    def has_tpm(cls, command: str = COMMAND) -> bool:
        """Return whether systemd says that this machine has a TPM that it can use."""
        if shutil.which(command) is None:
            return False
        try:
            asked = subprocess.run(  # noqa: S603 - no shell, our own words
                [command, "has-tpm2", "--quiet"], check=False, timeout=COMMAND_TIMEOUT_S
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return asked.returncode == 0

    def seal(
        self,
        secret: bytes,
        *,
        purpose: str,
        suite: Suite = INTERNATIONAL,
    ) -> str:
        """See ``Sealer.seal``."""
        how = f"--with-key={self.with_key}"
        sealed = self._run(["encrypt", how, f"--name={purpose}", "-", "-"], to_text(secret))
        return "".join(sealed.split())

    def unseal(self, sealed: str, *, purpose: str) -> bytes:
        """See ``Sealer.unseal``."""
        try:
            return from_text(self._run(["decrypt", f"--name={purpose}", "-", "-"], sealed).strip())
        except TrustError as error:
            raise SealError(f"{purpose} is damaged") from error

    def _run(self, words: list[str], text: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - no shell, our own words
                [self._command, *words],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=COMMAND_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SealError(f"{self._command} cannot be run: {error}") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise SealError(f"{self._command} refuses: {lines[-1]}")
        return done.stdout


def machine_sealer() -> Sealer | None:
    """Return what seals on this machine: the service's credential, else the TPM; None: nothing.

    Raises:
        SealError: The credential is there and no key.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / CREDENTIAL if folder else None
    if credential is not None and credential.exists():
        return KeySealer("credential", credential.read_bytes())
    return SystemdSealer() if SystemdSealer.has_tpm() else None


def encode_sealed(sealer: Sealer, secret: bytes, *, purpose: str, suite: Suite) -> str:
    """Return a file's text: who sealed it, and what."""
    sealed = sealer.seal(secret, purpose=purpose, suite=suite)
    return json.dumps({"by": sealer.name, "sealed": sealed})


def sealed_by(text: str) -> tuple[str, str]:
    """Return who sealed a file's text, and what.

    Raises:
        SealError: It is no such text.
    """
    try:
        document = json.loads(text)
        return str(document["by"]), str(document["sealed"])
    except (ValueError, KeyError, TypeError) as error:
        raise SealError("a sealed file is damaged") from error
