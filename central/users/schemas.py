"""What is said about operators."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Role = Literal["administrator", "personnel", "auditor", "guard"]


def _plain(username: str) -> str:
    return unicodedata.normalize("NFKC", username).strip().casefold()


Username = Annotated[
    str, AfterValidator(_plain), Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")
]
"""Compared without regard to case and width of letters."""
Password = Annotated[str, Field(max_length=256, repr=False)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Asked):
    """A name and a password."""

    username: Username
    password: Password


class AcceptInvitation(_Asked):
    """The holder of a one-time link becomes an operator."""

    secret: Annotated[str, Field(max_length=128, repr=False)]
    username: Username
    password: Annotated[Password, Field(min_length=12)]


class Invite(_Asked):
    """A wish for a one-time link."""

    role: Role


class Invitation(BaseModel):
    """A one-time link."""

    link: str
    expires_at: AwareDatetime


class SessionView(BaseModel):
    """Who is signed in."""

    username: str
    role: str
    permissions: list[str]


class UserView(BaseModel):
    """An operator."""

    user_id: str
    username: str
    role: str
    created_at: AwareDatetime


class UserList(BaseModel):
    """All operators."""

    items: list[UserView]
