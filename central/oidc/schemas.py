"""What is said about the identity provider of a site, and about accounts that come from it."""

from typing import Annotated, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from central.users.schemas import Asked, Username
from config.contract.operators import Role

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Words = Annotated[tuple[Text, ...], Field(max_length=20)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
"""With a public key, all of them: a shared secret never signs whom we let in."""
Pem = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]


def is_guarded(address: str) -> bool:
    """Return whether nobody between can read what goes to an address: https, or this machine."""
    try:
        parts = urlsplit(address)
        if parts.port == 0:
            return False
    except ValueError:
        return False
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


class MappedGroup(BaseModel):
    """Whoever is in a group of the provider has a role here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Text
    role: Role


class ProviderSettings(BaseModel):
    """An identity provider.

    Attributes:
        issuer: As the provider calls itself, to the letter; ``/.well-known/openid-configuration``
            stands below it.
        label: On the button of the sign-in page; empty says it in general words.
        scopes: Asked for beside ``openid``.
        groups_claim: Where a token, or the provider's answer about a person, holds the groups.
        roles: In order: the first whose group somebody is in is the role.
        second_factor: ``provider``: what ``acr_values`` and ``amr_values`` name is a second factor;
            ``own``: only ours is.
        local_sign_in: Who may still sign in with a password kept here: everybody who has one, or
            only those who manage operators, for when the provider is down.
        session_hours: How long nobody has to sign in again.
        clock_skew_s: So far may the provider's clock be from ours.
        ca_certificate: PEM of the authority that signed the provider's certificate; empty is what
            this machine trusts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_on: bool = True
    issuer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
    client_id: Text
    label: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    scopes: Words = ("profile", "email")
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ALGORITHMS
    groups_claim: Text = "groups"
    roles: Annotated[tuple[MappedGroup, ...], Field(max_length=100)] = ()
    second_factor: Literal["provider", "own"] = "own"
    acr_values: Words = ()
    amr_values: Words = ("mfa",)
    local_sign_in: Literal["everybody", "administrators"] = "everybody"
    session_hours: Annotated[int, Field(ge=1, le=12)] = 8
    clock_skew_s: Annotated[int, Field(ge=0, le=300)] = 60
    ca_certificate: Pem = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.issuer)
        if not is_guarded(self.issuer) or parts.query or parts.fragment or parts.username:
            raise ValueError("the issuer is https://..., or http:// on this machine")
        return self


class WantedProvider(ProviderSettings):
    """A wish for these settings. Attributes: client_secret: None keeps it, empty removes it."""

    client_secret: Annotated[str | None, Field(max_length=500, repr=False)] = None

    @field_validator("ca_certificate")
    @classmethod
    def _is_certificate(cls, pem: str) -> str:
        if pem:
            try:
                x509.load_pem_x509_certificates(pem.encode())
            except ValueError as error:
                raise ValueError("this is no certificate: -----BEGIN CERTIFICATE-----") from error
        return pem


class ProviderView(BaseModel):
    """The settings as they are; the secret is never shown.

    Attributes:
        redirect_uri: What the provider must know of us.
        backchannel_uri: Where it may tell that somebody's session is over.
    """

    settings: ProviderSettings | None
    has_secret: bool
    redirect_uri: str
    after_logout_uri: str
    backchannel_uri: str


class ProviderCheck(BaseModel):
    """What the provider says of itself. Attributes: problem: in words; empty where all is well."""

    problem: str
    has_logout: bool = False
    key_count: int = 0


class SignInWays(BaseModel):
    """How one can sign in. Attributes: provider: the button's words; None where there is none."""

    provider: str | None


class BegunSignIn(Asked):
    """Somebody wants to sign in at the provider. Attributes: back: the page to come back to."""

    back: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_-]{0,64}$")] = "/"


class ProviderPlace(BaseModel):
    """Where the browser goes now; None where it stays."""

    location: str | None


class WantedProviderAccount(Asked):
    """An account for whoever the provider knows by a subject or a confirmed e-mail address."""

    username: Username
    role: Role
    subject: Text | None = None
    email: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.subject is None) == (self.email is None):
            raise ValueError("either the subject or the e-mail address")
        return self
