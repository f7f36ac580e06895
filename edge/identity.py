"""Who this node is: its keys, the central it belongs to, and how it joined.

The node makes its keys itself and they never leave it. Joining needs a one-time token that an
administrator carries; the token says which certificate authority to expect, so the first contact
can already not be listened to or answered by somebody else.
"""

import asyncio
import dataclasses
import functools
import hashlib
import hmac
import secrets
import ssl
from collections.abc import Awaitable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from config.contract.identifiers import Frozen, Slug
from config.contract.nodes import NodeEnrolment, NodeWelcome
from config.contract.trust import (
    KEY_SIZE_BYTES,
    AlgorithmsMissingError,
    NodeToken,
    TrustError,
    public_text,
    unseal,
    verifying_key,
)
from config.crypto.keys import SealingKey, SigningKey
from config.crypto.suite import Suite
from config.crypto.suites import SUITES, SuiteSecret, suite_of
from config.settings import private_folder
from edge.key_files import LOCAL_KEY, KeyFiles, write_private
from edge.key_ring import KeyRing
from edge.sealing import Sealer, SealError

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ENROLMENT_TIMEOUT_S: Final = 15.0


class IdentityError(Exception):
    """The node cannot be or become who it should be; the message says what to do."""


class _Membership(Frozen):
    """What is kept of the welcome. Attributes: url: where central listens."""

    site: Slug
    node: Slug
    url: str
    central_key: str
    sealed_card_key: str
    ca_certificate: str | None = None


@dataclasses.dataclass(slots=True, kw_only=True, repr=False)
class Identity:
    """A node that has joined. Not printable: it holds keys.

    Attributes:
        signing_key: Another one once the node has changed its keys, as ``sealing_key``.
        url: Where central listens, without a slash at the end.
        card_key: Makes card verifiers.
        ca_certificate: PEM; None where central is on this machine without TLS.
        is_locked: Central has not released what opens its keys: ``sealing_key`` and ``card_key``
            are of nobody, so nobody is known yet.
    """

    site: str
    node: str
    url: str
    signing_key: SigningKey
    sealing_key: SealingKey
    central_key: str
    card_key: bytes
    ca_certificate: str | None
    is_locked: bool = False

    @property
    def suite(self) -> Suite:
        """Return the site's."""
        return suite_of(self.signing_key)

    def tls(self) -> ssl.SSLContext | None:
        """Return a context that trusts the site's authority and no other; None without TLS."""
        return None if self.ca_certificate is None else _trusting(self.ca_certificate)


class Home:
    """The node's state folder: only its owner enters it, and keys are readable by him alone."""

    def __init__(
        self, folder: Path, *, sealer: Sealer | None = None, with_release: bool = False
    ) -> None:
        """Make the folder if needed.

        Args:
            folder: Of the node.
            sealer: What protects keys on this machine; None where nothing does.
            with_release: Whether the key for templates opens by what central releases alone.
        """
        self.folder = private_folder(folder)
        self._files = KeyFiles(self.folder, sealer=sealer, with_release=with_release)

    @functools.cached_property
    def ring(self) -> KeyRing:
        """The node's keys.

        Raises:
            TrustError: The file that says which are which is damaged.
        """
        return KeyRing(self._files)

    def release(self, secret: bytes) -> None:
        """Take what central released, and keep under it what waits for that.

        Raises:
            IdentityError: It opens nothing here.
        """
        try:
            self._files.release(secret)
            self.sealing_key()
        except SealError as error:
            raise IdentityError(
                f"what central released does not open {self.folder}: remove it and enrol again"
            ) from error

    @property
    def is_locked(self) -> bool:
        """Whether central must release something before the key for templates opens."""
        return self.ring.is_locked

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "journal.sqlite3"

    @property
    def replica(self) -> Path:
        """The replica's file."""
        return self.folder / "replica.sqlite3"

    @property
    def memory(self) -> Path:
        """The file of what is known of areas and used codes."""
        return self.folder / "memory.sqlite3"

    @property
    def commands(self) -> Path:
        """The file of operators' commands that were begun here."""
        return self.folder / "commands.sqlite3"

    def local_key(self) -> str:
        """Return the key of the node's local API, made at the first call."""
        return self._files.kept(LOCAL_KEY, lambda: secrets.token_urlsafe(32))

    def signing_key(self) -> SigningKey:
        """Return the node's signing key, made at the first call."""
        return self.ring.signing_key

    def sealing_key(self) -> SealingKey:
        """Return the key for which secrets are sealed, made at the first call."""
        return self.ring.sealing_key

    def load(self, *, site: str, node: str) -> Identity | None:
        """Return who this node is, or None while it has not joined.

        Raises:
            IdentityError: The folder is another node's, or damaged.
        """
        path = self.folder / "node.json"
        if not path.exists():
            return None
        try:
            membership = _Membership.model_validate_json(path.read_bytes())
            if (membership.site, membership.node) != (site, node):
                raise IdentityError(
                    f"{self.folder} belongs to node {membership.node!r} of site"
                    f" {membership.site!r}: give this node another --home"
                )
            return self._identity(membership)
        except (SealError, AlgorithmsMissingError) as error:
            raise IdentityError(str(error)) from error
        except (OSError, ValidationError, TrustError) as error:
            why = f" ({error})" if isinstance(error, TrustError) else ""
            raise IdentityError(
                f"{path} cannot be used{why}: remove it and enrol the node again"
            ) from error

    def _identity(self, membership: _Membership) -> Identity:
        suite = self._files.suite = suite_of(verifying_key(membership.central_key))
        is_locked = self.ring.is_locked and not self.ring.is_in_memory
        opens = suite.new_sealing_key() if is_locked else self.sealing_key()
        sealed_card_key = self.ring.sealed_card_key or membership.sealed_card_key
        return Identity(
            site=membership.site,
            node=membership.node,
            url=membership.url.rstrip("/"),
            signing_key=self.signing_key(),
            sealing_key=opens,
            central_key=membership.central_key,
            card_key=SuiteSecret(
                secrets.token_bytes(KEY_SIZE_BYTES)
                if is_locked
                else unseal(opens, sealed_card_key),
                suite,
            ),
            ca_certificate=membership.ca_certificate,
            is_locked=is_locked,
        )

    async def enrol(self, token: NodeToken, *, site: str, node: str) -> Identity:
        """Join with a one-time token.

        Raises:
            IdentityError: Refused, unreachable, or not the central that the token names.
        """
        if token.node != node:
            raise IdentityError(f"this token is for node {token.node!r}, not {node!r}")
        suite = self._files.suite = SUITES[token.crypto]
        if any(not suite.owns(key) for key in (self.signing_key(), self.sealing_key())):
            raise IdentityError(
                f"the keys in {self.folder} are of another site, whose suite is not {token.crypto}:"
                " give this node another --home"
            )
        url = token.url.rstrip("/")
        ca_certificate = await _fetch_authority(url, token.ca_fingerprint)
        request = NodeEnrolment(
            node=node,
            secret=token.secret,
            signing_key=public_text(self.signing_key().public_key()),
            sealing_key=public_text(self.sealing_key().public_key()),
        )
        welcome = await _post(url, request, ca_certificate)
        if (welcome.site, welcome.node) != (site, node):
            raise IdentityError(
                f"this token is for site {welcome.site!r}; the site file says {site!r}"
            )
        membership = _Membership(
            site=site,
            node=node,
            url=url,
            central_key=welcome.central_key,
            sealed_card_key=welcome.sealed_card_key,
            ca_certificate=ca_certificate,
        )
        try:
            self.ring.join(welcome.sealed_card_key)
            identity = self._identity(membership)
        except TrustError as error:
            raise IdentityError("central sealed its welcome for another node") from error
        write_private(self.folder / "node.json", membership.model_dump_json(indent=1))
        return identity


def _trusting(ca_certificate: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca_certificate)


async def _fetch_authority(url: str, fingerprint: str | None) -> str | None:
    """Return the site's authority, checked against the token; None on loopback without TLS."""
    place = urlsplit(url)
    if fingerprint is None:
        if place.scheme == "http" and place.hostname in LOOPBACK_HOSTS:
            return None
        raise IdentityError(
            "this token names no certificate, which is for a central on this machine only:"
            " ask for a new token at the address that central has for others"
        )
    if place.scheme != "https":
        raise IdentityError(f"central must be reached by https, not {place.scheme!r}")
    # Nothing secret is sent here, and what comes is believed by its fingerprint alone.
    async with httpx.AsyncClient(
        verify=False,  # noqa: S501 - the fingerprint below is the proof
        trust_env=False,
        timeout=ENROLMENT_TIMEOUT_S,
    ) as client:
        answer = await _answer(client.get(f"{url}/api/v1/site/ca.pem"), url)
    try:
        der = ssl.PEM_cert_to_DER_cert(answer.text.strip() + "\n")
    except ValueError as error:
        raise IdentityError(f"{url} shows no certificate") from error
    if not hmac.compare_digest(hashlib.sha256(der).hexdigest(), fingerprint):
        raise IdentityError(
            f"{url} is not the central of this token: its certificate is another one."
            " Do not continue before you know why"
        )
    return answer.text


async def _post(url: str, request: NodeEnrolment, ca_certificate: str | None) -> NodeWelcome:
    context = True if ca_certificate is None else await asyncio.to_thread(_trusting, ca_certificate)
    async with httpx.AsyncClient(
        verify=context, trust_env=False, timeout=ENROLMENT_TIMEOUT_S
    ) as client:
        answer = await _answer(
            client.post(
                f"{url}/api/v1/nodes/enrol",
                content=request.model_dump_json(),
                headers={"Content-Type": "application/json"},
            ),
            url,
        )
    try:
        return NodeWelcome.model_validate_json(answer.content)
    except ValidationError as error:
        raise IdentityError(f"{url} does not answer as central does") from error


async def _answer(request: Awaitable[httpx.Response], url: str) -> httpx.Response:
    try:
        response = await request
    except httpx.HTTPError as error:
        raise IdentityError(f"central does not answer at {url}: {error}") from error
    if response.is_success:
        return response
    if response.status_code in (401, 403, 404, 409, 410):
        raise IdentityError(
            "central refuses this token (it is good once and for 15 minutes): make a new one"
        )
    raise IdentityError(f"{url} answers {response.status_code} {response.reason_phrase}")
