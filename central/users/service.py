"""Invitations, signing in and out."""

from datetime import datetime, timedelta
from typing import Final

from central.audit.notes import ANYBODY, CENTRAL, Note
from central.database import Database, Transaction
from central.problems import RefusedError
from central.security import ROLES, SESSION_LIFETIME, Operator, hashed, new_secret
from central.users import repository
from central.users.passwords import Passwords
from central.users.schemas import AcceptInvitation, Invitation, SignIn
from config.contract.identifiers import new_id

INVITATION_LIFETIME: Final = timedelta(minutes=15)


class Users:
    """Operators of one site."""

    def __init__(self, database: Database, *, url: str, passwords: Passwords | None = None) -> None:
        """Keep operators in ``database``; links begin with ``url``."""
        self._database, self._url = database, url
        self._passwords = passwords or Passwords()

    async def invite(self, role: str, *, now: datetime) -> Invitation:
        """Return a one-time link for a new operator."""
        async with self._database.write() as transaction:
            return await self._invite(transaction, role, now=now)

    async def invite_first(self, *, now: datetime) -> Invitation | None:
        """Return a link for the first administrator, or None where there is an operator."""
        async with self._database.write() as transaction:
            if await repository.user_count(transaction):
                return None
            # A link of an earlier start is not good any more.
            await repository.remove_invitations(transaction)
            transaction.note(Note(actor=CENTRAL, action="first_invitation"))
            return await self._invite(transaction, "administrator", now=now)

    async def _invite(self, transaction: Transaction, role: str, *, now: datetime) -> Invitation:
        if role not in ROLES:
            raise ValueError(f"no role {role!r}")
        transaction.concerns(f"role:{role}")
        secret, expires_at = new_secret(), now + INVITATION_LIFETIME
        await repository.add_invitation(
            transaction, secret_hash=hashed(secret), role=role, expires_at=expires_at
        )
        return Invitation(link=f"{self._url}/invite#{secret}", expires_at=expires_at)

    async def accept(
        self, wish: AcceptInvitation, *, address: str = "", now: datetime
    ) -> tuple[str, Operator]:
        """Make the holder of an invitation an operator, signed in.

        Returns:
            The session's id and the operator.
        """
        secret_hash = hashed(wish.secret)
        async with self._database.read() as transaction:
            if await repository.invited_role(transaction, secret_hash, now=now) is None:
                raise _not_good()
        password_hash = await self._passwords.hash(wish.password)
        user_id = str(new_id())
        async with self._database.write() as transaction:
            role = await repository.use_invitation(transaction, secret_hash, now=now)
            if role is None:
                raise _not_good()
            if await repository.password_of(transaction, wish.username) is not None:
                raise RefusedError(409, "username_taken", "choose another user name")
            await repository.add_user(
                transaction,
                user_id=user_id,
                username=wish.username,
                role=role,
                password_hash=password_hash,
                now=now,
            )
            transaction.note(
                Note(
                    actor=f"user:{user_id}",
                    address=address,
                    action="invitations_accept_post",
                    objects=(f"user:{user_id}", f"role:{role}"),
                )
            )
            return await self._open_session(transaction, user_id, now=now)

    async def sign_in(
        self, wish: SignIn, *, address: str = "", now: datetime
    ) -> tuple[str, Operator]:
        """Open a session; returns its id and the operator."""
        async with self._database.read() as transaction:
            known = await repository.password_of(transaction, wish.username)
        if not await self._passwords.fits(wish.password, None if known is None else known[1]):
            # Who does not exist is not named: what was typed may be a password.
            about = () if known is None else (f"user:{known[0]}",)
            refused = Note(actor=ANYBODY, address=address, action="sessions_refused", objects=about)
            async with self._database.write() as transaction:
                transaction.note(refused)
            raise RefusedError(401, "bad_credentials", "the user name or the password is wrong")
        if known is None:
            raise AssertionError("a password of nobody never fits")
        async with self._database.write() as transaction:
            transaction.note(
                Note(actor=f"user:{known[0]}", address=address, action="sessions_post")
            )
            return await self._open_session(transaction, known[0], now=now)

    async def sign_out(self, operator: Operator) -> None:
        """End this session."""
        async with self._database.write() as transaction:
            await repository.remove_session(transaction, operator.session)

    async def remove(self, user_id: str) -> None:
        """Remove an operator; their sessions and streams end."""
        async with self._database.write() as transaction:
            if not await repository.remove_user(transaction, user_id):
                raise RefusedError(404, "user_not_found")

    async def _open_session(
        self, transaction: Transaction, user_id: str, *, now: datetime
    ) -> tuple[str, Operator]:
        session = new_secret()
        await repository.add_session(
            transaction,
            id_hash=hashed(session),
            user_id=user_id,
            now=now,
            expires_at=now + SESSION_LIFETIME,
        )
        operator = await repository.find_operator(transaction, hashed(session), now=now)
        if operator is None:
            # Removed between the check of the password and here.
            raise RefusedError(401, "bad_credentials", "the user name or the password is wrong")
        return session, operator


def _not_good() -> RefusedError:
    return RefusedError(
        410, "invitation_not_good", "this link was used or is too old: ask for a new one"
    )
