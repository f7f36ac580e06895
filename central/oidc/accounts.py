"""Whose account somebody of the provider has here; who has none gets nothing."""

import dataclasses
from datetime import datetime
from typing import Final

from central.audit.notes import Note
from central.database import Transaction
from central.oidc import repository
from central.oidc.mapping import ExcludedRolesError, role_of
from central.oidc.schemas import ProviderSettings, WantedProviderAccount
from central.problems import RefusedError
from central.roles import may_become
from central.users import repository as users
from central.users import sessions
from central.users.schemas import plain
from central.users.service import Users
from config.contract.identifiers import new_id

NAME_LENGTH_MAX: Final = 60
SAME_NAME_COUNT_MAX: Final = 99


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Somebody, as the provider says. Attributes: email: confirmed by it, else None."""

    subject: str
    email: str | None
    names: tuple[str, ...]
    groups: frozenset[str]


class NotAdmittedError(Exception):
    """The provider knows this person, and there is no account here for them.

    Attributes:
        code: The word of the refusal.
        user_id: Whose account it is about, if anybody's.
    """

    def __init__(self, code: str, user_id: str | None = None) -> None:
        super().__init__(code)
        self.code, self.user_id = code, user_id


async def account_of(
    transaction: Transaction,
    person: Person,
    settings: ProviderSettings,
    operators: Users,
    *,
    now: datetime,
) -> str:
    """Return the operator who this person is, made or changed as their groups say.

    Raises:
        NotAdmittedError: There is none, it is shut out, or the groups give nothing here.
        RefusedError: The last account of a duty would lose it.
    """
    hashed_subject = repository.subject_hash(settings.issuer, person.subject)
    found = await repository.find_account(transaction, hashed_subject, email=person.email)
    if found is not None and found.deactivated_at is not None:
        raise NotAdmittedError("account_shut_out", found.user_id)
    if found is not None and not found.is_mapped:
        if found.subject_hash is None:
            await repository.bind(transaction, found.user_id, hashed_subject)
        return str(found.user_id)
    user_id = None if found is None else str(found.user_id)
    if found is None and await repository.has_left(transaction, hashed_subject):
        raise NotAdmittedError("account_removed")
    try:
        role = role_of(
            person.groups,
            settings.roles,
            has_separate_administrators=operators.has_separate_administrators,
        )
    except ExcludedRolesError as error:
        raise NotAdmittedError("roles_exclude", user_id) from error
    if role is None:
        raise NotAdmittedError("no_role_here", user_id)
    if found is None or user_id is None:
        return await _make(transaction, person, role, hashed_subject, now=now)
    if role != found.role:
        if not may_become(found.role, role):
            raise NotAdmittedError("other_duty", user_id)
        await operators.check_not_last(transaction, user_id, found.role, role)
        await users.change_user(transaction, user_id, role=role)
        await sessions.end_sessions(transaction, user_id=user_id)
        about = (f"user:{user_id}", f"role:{role}")
        transaction.note(Note(actor=f"user:{user_id}", action="provider_role", objects=about))
    return user_id


async def _make(
    transaction: Transaction, person: Person, role: str, hashed_subject: str, *, now: datetime
) -> str:
    user_id = str(new_id())
    await users.add_user(
        transaction,
        user_id=user_id,
        username=await _free_name(transaction, person),
        role=role,
        password_hash="",
        now=now,
    )
    await repository.add_account(
        transaction, user_id, hashed_subject=hashed_subject, is_mapped=True
    )
    about = (f"user:{user_id}", f"role:{role}")
    transaction.note(Note(actor=f"user:{user_id}", action="provider_account", objects=about))
    return user_id


async def _free_name(transaction: Transaction, person: Person) -> str:
    """Return a name that nobody has: a local account's name is never taken over."""
    names = (plain("".join(s for s in each if s.isprintable())) for each in person.names)
    name = next(filter(None, names), "operator")[:NAME_LENGTH_MAX]
    for number in range(1, SAME_NAME_COUNT_MAX + 1):
        wanted = name if number == 1 else f"{name}-{number}"
        if await users.find_named(transaction, wanted) is None:
            return wanted
    raise NotAdmittedError("username_taken")


async def invite(
    transaction: Transaction,
    wish: WantedProviderAccount,
    settings: ProviderSettings,
    *,
    now: datetime,
) -> str:
    """Make an account for somebody whom the provider knows; returns its identifier.

    Raises:
        RefusedError: The name, the subject or the address has one already.
    """
    subject = wish.subject
    hashed = None if subject is None else repository.subject_hash(settings.issuer, subject)
    if await users.find_named(transaction, wish.username) is not None:
        raise RefusedError(409, "username_taken", "choose another user name")
    if await repository.is_awaited(transaction, hashed_subject=hashed, email=wish.email):
        raise RefusedError(409, "provider_account_taken", "this person has an account already")
    user_id = str(new_id())
    await users.add_user(
        transaction,
        user_id=user_id,
        username=wish.username,
        role=wish.role,
        password_hash="",
        now=now,
    )
    await repository.add_account(
        transaction, user_id, hashed_subject=hashed, email=wish.email, is_mapped=False
    )
    if hashed is not None:
        await repository.forgive(transaction, hashed)
    return user_id
