"""What is said about one's own account."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from central.users.schemas import Asked, NewPassword, Password, TerminalCard
from config.contract.operators import EdgePermission

Code = Annotated[str, Field(min_length=6, max_length=40, repr=False)]
TokenName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$"
    ),
]


class AccountView(BaseModel):
    """One's own account.

    Attributes:
        second_factor_until: When it stops working without a second factor; None where it does not.
        scopes: What a token may be good for.
        at_terminals: What card and PIN are good for at terminals; empty where for nothing.
        terminal_until: When that ends; None: with the account.
        has_password: False of who signs in at the identity provider.
    """

    user_id: str
    username: str
    role: str
    has_second_factor: bool
    must_have_second_factor: bool
    second_factor_until: AwareDatetime | None
    recovery_code_count: int
    scopes: list[str]
    at_terminals: list[EdgePermission]
    has_terminal_card: bool
    terminal_until: AwareDatetime | None
    has_password: bool


class ChangedPassword(Asked):
    """The old password and a new one."""

    old_password: Password
    new_password: NewPassword


class ProvenByPassword(Asked):
    """The password, once more: a page left open is not enough."""

    password: Password


class OwnTerminalCard(ProvenByPassword, TerminalCard):
    """One's own card and PIN for terminals, and the password."""


class ProvenTwice(ProvenByPassword):
    """The password and a code. Attributes: code: of the second factor, or a recovery code."""

    code: Code


class ConfirmedByCode(Asked):
    """A code of the new second factor."""

    code: Code


class CodeStep(Asked):
    """The second step of signing in. Attributes: code: of the second factor, or a recovery code."""

    challenge: Annotated[str, Field(max_length=3000, repr=False)]
    code: Code


class ChallengeView(BaseModel):
    """The password was right: send this back with a code."""

    challenge: str


class NewSecondFactor(BaseModel):
    """A second factor that is not in force yet.

    Attributes:
        secret: In base32, to be typed.
        address: ``otpauth://``, for a program.
    """

    secret: str
    address: str


class RecoveryCodes(BaseModel):
    """Each opens once in place of a code; shown this once."""

    codes: list[str]


class WantedToken(Asked):
    """A token for a program. Attributes: scopes: permissions, a part of one's own."""

    name: TokenName
    scopes: Annotated[list[str], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=366)] = 90


class MadeToken(BaseModel):
    """A token with its secret, which nobody can show again."""

    token_id: str
    token: str
    expires_at: AwareDatetime


class TokenView(BaseModel):
    """A token. Attributes: last_used_at: None where it never was."""

    token_id: str
    name: str
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    last_used_at: AwareDatetime | None


class TokenList(BaseModel):
    """Tokens that are good, the newest first."""

    items: list[TokenView]
