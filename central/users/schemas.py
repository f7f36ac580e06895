"""What is said about operators."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from central.people.schemas import Number, Pin
from config.contract.operators import Role


def plain(username: str) -> str:
    """Return a name as names are compared: without regard to case and width of letters."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


Username = Annotated[
    str, AfterValidator(plain), Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")
]
"""Compared without regard to case and width of letters."""
Password = Annotated[str, Field(max_length=256, repr=False)]
NewPassword = Annotated[Password, Field(min_length=12)]
Secret = Annotated[str, Field(max_length=128, repr=False)]


class Asked(BaseModel):
    """What somebody asks for; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class SignIn(Asked):
    """A name and a password."""

    username: Username
    password: Password


class AcceptInvitation(Asked):
    """The holder of a one-time link becomes an operator."""

    secret: Secret
    username: Username
    password: NewPassword


class AcceptReset(Asked):
    """The holder of a one-time link chooses a new password."""

    secret: Secret
    password: NewPassword


class Invite(Asked):
    """A wish for a one-time link."""

    role: Role


class Invitation(BaseModel):
    """A one-time link."""

    link: str
    expires_at: AwareDatetime


class SessionView(BaseModel):
    """Who is signed in.

    Attributes:
        permissions: None while a second factor is missing that the role needs.
        needs_second_factor: It is missing, and nothing but the own account is open.
        is_locked: Nobody is: this is a guard's desk, ``username`` is who was there last, masked.
        is_of_provider: By the identity provider, where the session ends, too.
    """

    username: str
    role: str
    permissions: list[str]
    needs_second_factor: bool = False
    is_locked: bool = False
    is_of_provider: bool = False


class UserView(BaseModel):
    """An operator.

    Attributes:
        deactivated_at: Since when nobody can sign in as this one.
        terminal_until: When the rights at terminals end; None: with the account.
        is_of_provider: They sign in at the identity provider, and have no password here.
    """

    user_id: str
    username: str
    role: str
    created_at: AwareDatetime
    deactivated_at: AwareDatetime | None = None
    has_second_factor: bool = False
    session_count: int = 0
    token_count: int = 0
    has_terminal_card: bool = False
    terminal_until: AwareDatetime | None = None
    is_of_provider: bool = False


class OpenLink(BaseModel):
    """A one-time link that nobody has used yet; never its secret.

    Attributes:
        made_by: None of the link of the first start.
        username: Whose password it renews; None where it makes a new operator.
    """

    link_id: str
    role: str
    made_by: str | None
    expires_at: AwareDatetime
    username: str | None


class UserList(BaseModel):
    """All operators.

    Attributes:
        links: That can still be used, the first to end first.
        grantable: Roles that may be given at this site.
    """

    items: list[UserView]
    links: list[OpenLink] = []
    grantable: list[Role] = []


class ChangedUser(Asked):
    """What changes about an operator; what is left out stays."""

    role: Role | None = None
    is_active: bool | None = None


class TerminalCard(Asked):
    """A card and a PIN for terminals; of both a verifier is kept, and neither is shown again."""

    number: Annotated[Number, Field(repr=False)]
    pin: Annotated[Pin, Field(repr=False)]


class GivenTerminalCard(TerminalCard):
    """One that an administrator gives. Attributes: valid_until: None lasts as the account does."""

    valid_until: AwareDatetime | None = None


class OpenSession(BaseModel):
    """A session of an operator. Attributes: is_this: the one that asks."""

    session_id: str
    since: AwareDatetime
    last_seen_at: AwareDatetime
    address: str
    is_this: bool


class SessionList(BaseModel):
    """Sessions that are open, the newest first."""

    items: list[OpenSession]
