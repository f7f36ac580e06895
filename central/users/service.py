"""Operators: one-time links, who may be changed how, and whose session it is."""

import logging
from datetime import datetime, timedelta
from typing import Final

from central.audit.notes import ANYBODY, CENTRAL, Note
from central.database import MIGRATION_LOCK, Database, Transaction
from central.oidc import repository as provider_accounts
from central.problems import RefusedError
from central.roles import ROLES, duties_of, grantable, may_become, may_reset
from central.security import SESSION_LIFETIME, Operator, hashed, new_secret
from central.users import repository, sessions, terminals
from central.users.guessing import refuse_guessable
from central.users.passwords import Passwords
from central.users.schemas import (
    AcceptInvitation,
    AcceptReset,
    ChangedUser,
    GivenTerminalCard,
    Invitation,
    OpenSession,
    UserList,
)
from config.contract.identifiers import new_id
from config.site import Policy

_log = logging.getLogger("central.users")
INVITATION_LIFETIME: Final = timedelta(minutes=15)
TOGETHER: Final = timedelta(seconds=60)
"""Replicas that start within this time say one link, which is good."""


class Users:
    """Operators of one site."""

    def __init__(
        self, database: Database, *, url: str, policy: Policy, passwords: Passwords | None = None
    ) -> None:
        """Keep operators in ``database``; links begin with ``url``."""
        self._database, self._url, self._policy = database, url, policy
        self._seen: dict[str, datetime] = {}
        self.passwords = passwords or Passwords()

    @property
    def has_separate_administrators(self) -> bool:
        """Whether nobody at this site is system and security administrator at once."""
        return self._policy.has_separate_administrators

    async def separate_administrators(self, transaction: Transaction) -> None:
        """Where the site wants it, let nobody be system and security administrator at once."""
        if not self._policy.has_separate_administrators:
            return
        changed = await repository.change_role(
            transaction, "administrator", "security_administrator"
        )
        for user_id in changed:
            await sessions.end_sessions(transaction, user_id=user_id)
            about = (f"user:{user_id}", "role:security_administrator")
            transaction.note(Note(actor=CENTRAL, action="administrators_separated", objects=about))

    async def find(
        self, transaction: Transaction, session: str, *, now: datetime
    ) -> Operator | None:
        """Return the operator of a session; ``session`` as in ``Operator``."""
        return self._heard_of(await sessions.find_operator(transaction, session, now=now), now)

    async def find_bearer(
        self, transaction: Transaction, secret_hash: str, *, now: datetime
    ) -> Operator | None:
        """Return the operator whose token has a secret of this hash."""
        return self._heard_of(await sessions.find_bearer(transaction, secret_hash, now=now), now)

    def _heard_of(self, operator: Operator | None, now: datetime) -> Operator | None:
        if operator is None or operator.is_desk:
            return operator
        self._seen[operator.session] = now
        return operator.model_copy(update={"needs_second_factor": self._lacks(operator, now)})

    def _lacks(self, operator: Operator, now: datetime) -> bool:
        """Return whether a second factor is missing that should be there by now."""
        policy = self._policy
        if operator.has_second_factor or operator.role not in policy.second_factor_roles:
            return False
        grace = timedelta(hours=policy.second_factor_grace_h)
        return operator.created_at is None or operator.created_at + grace <= now

    def needs_second_factor(self, role: str) -> bool:
        """Return whether the site wants one of whoever has this role."""
        return role in self._policy.second_factor_roles

    async def keep_seen(self, transaction: Transaction) -> None:
        """Write down when sessions and tokens were last heard of."""
        seen, self._seen = self._seen, {}
        await sessions.note_seen(transaction, seen)

    async def list_all(self, *, now: datetime) -> UserList:
        """Return all operators, and the roles that may be given."""
        separate = self._policy.has_separate_administrators
        async with self._database.read() as transaction:
            items = await repository.list_users(transaction, now=now)
            links = await repository.list_links(transaction, now=now)
        roles = list(grantable(has_separate_administrators=separate))
        return UserList(items=items, links=links, grantable=roles)

    async def sessions_of(self, user_id: str, *, this: str, now: datetime) -> list[OpenSession]:
        """Return an operator's open sessions; ``this`` is the one that asks."""
        async with self._database.read() as transaction:
            found = await sessions.list_sessions(transaction, user_id, this=this, now=now)
        return [
            item.model_copy(
                update={"last_seen_at": self._seen.get(item.session_id, item.last_seen_at)}
            )
            for item in found
        ]

    async def end_sessions(
        self, *, user_id: str | None = None, only: str | None = None, but: str = ""
    ) -> None:
        """End sessions at once, streams included; see ``sessions.end_sessions``."""
        async with self._database.write() as transaction:
            count = await sessions.end_sessions(transaction, user_id=user_id, only=only, but=but)
            if only is not None and count == 0:
                raise RefusedError(404, "session_not_found", "this session is over")
            transaction.concerns(count=count)

    async def invite(self, role: str, *, made_by: str, now: datetime) -> Invitation:
        """Return a one-time link for a new operator."""
        self.check_grantable(role)
        async with self._database.write() as transaction:
            return await self._invite(transaction, role, made_by=made_by, now=now)

    async def revoke_link(self, link_id: str, *, now: datetime) -> None:
        """Let a one-time link be good no more."""
        async with self._database.write() as transaction:
            link = await repository.revoke_link(transaction, link_id, now=now)
            if link is None:
                raise RefusedError(404, "link_not_found", "this link was used or is too old")
            about = () if link.user_id is None else (f"user:{link.user_id}",)
            transaction.concerns(f"role:{link.role}", *about)

    def check_grantable(self, role: str) -> None:
        """Refuse with 409 a role that this site does not have."""
        separate = self._policy.has_separate_administrators
        if role not in grantable(has_separate_administrators=separate):
            raise RefusedError(
                409,
                "role_not_here",
                "this site has a system and a security administrator: choose one of the two",
            )

    async def invite_first(self, *, now: datetime) -> Invitation | None:
        """Return a link for the first administrator, or None where there is an operator."""
        async with self._database.write() as transaction:
            if await repository.user_count(transaction):
                return None
            if transaction.is_postgresql:
                await transaction.take_turn(MIGRATION_LOCK)
                if await repository.has_first_invitation(
                    transaction, since=now + INVITATION_LIFETIME - TOGETHER
                ):
                    _log.warning(
                        "another process has just said the link of the first administrator;"
                        " `menshen central invite` makes another one"
                    )
                    return None
            # A link of an earlier start is not good any more.
            await repository.remove_invitations(transaction)
            transaction.note(Note(actor=CENTRAL, action="first_invitation"))
            return await self._invite(transaction, self._first_role, now=now)

    async def invite_from_shell(self, *, uid: int, now: datetime) -> Invitation:
        """Return a link for an administrator whom nobody who can sign in has asked for.

        Whoever has central's own account on its machine could write into its database: what is
        left to do is that the audit log says it.

        Args:
            uid: Of the account of the machine that asks.
            now: Aware UTC.
        """
        role = self._first_role
        async with self._database.write() as transaction:
            note = Note(
                actor=CENTRAL,
                action="shell_invitation",
                objects=(f"role:{role}",),
                detail={"uid": uid},
            )
            transaction.note(note)
            return await self._invite(transaction, role, now=now)

    @property
    def _first_role(self) -> str:
        separate = self._policy.has_separate_administrators
        return "security_administrator" if separate else "administrator"

    async def _invite(
        self,
        transaction: Transaction,
        role: str,
        *,
        user_id: str | None = None,
        made_by: str | None = None,
        now: datetime,
    ) -> Invitation:
        if role not in ROLES:
            raise ValueError(f"no role {role!r}")
        secret, expires_at = new_secret(), now + INVITATION_LIFETIME
        transaction.concerns(f"role:{role}", f"link:{hashed(secret)}")
        await repository.add_invitation(
            transaction,
            secret_hash=hashed(secret),
            role=role,
            expires_at=expires_at,
            user_id=user_id,
            made_by=made_by,
        )
        kind = "" if user_id is None else "reset."
        return Invitation(link=f"{self._url}/invite#{kind}{secret}", expires_at=expires_at)

    async def accept(
        self, wish: AcceptInvitation, *, address: str = "", now: datetime
    ) -> tuple[str, Operator]:
        """Make the holder of an invitation an operator, signed in.

        Returns:
            The session's id and the operator.
        """
        secret_hash = hashed(wish.secret)
        async with self._database.read() as transaction:
            if await repository.find_invitation(transaction, secret_hash, now=now) is None:
                raise _not_good()
        refuse_guessable(wish.password, username=wish.username)
        password_hash = await self.passwords.hash(wish.password)
        user_id = str(new_id())
        async with self._database.write() as transaction:
            invitation = await repository.use_invitation(transaction, secret_hash, now=now)
            if invitation is None:
                raise _not_good()
            if await repository.find_named(transaction, wish.username) is not None:
                raise RefusedError(409, "username_taken", "choose another user name")
            await repository.add_user(
                transaction,
                user_id=user_id,
                username=wish.username,
                role=invitation.role,
                password_hash=password_hash,
                now=now,
            )
            transaction.note(
                Note(
                    actor=f"user:{user_id}",
                    address=address,
                    action="invitations_accept_post",
                    objects=(f"user:{user_id}", f"role:{invitation.role}"),
                )
            )
            return await self.open_session(transaction, user_id, address=address, now=now)

    async def reset(self, user_id: str, operator: Operator, *, now: datetime) -> Invitation:
        """Return a one-time link for a new password; the old one is good until it is used."""
        async with self._database.write() as transaction:
            role = await self._resettable(transaction, user_id, operator)
            if await provider_accounts.is_of_provider(transaction, user_id):
                raise RefusedError(
                    409, "provider_account", "their password is at the identity provider"
                )
            return await self._invite(
                transaction, role, user_id=user_id, made_by=operator.username, now=now
            )

    async def remove_second_factor(self, user_id: str, operator: Operator) -> None:
        """Remove the second factor of who has lost it; the sessions end."""
        async with self._database.write() as transaction:
            await self._resettable(transaction, user_id, operator)
            await repository.remove_second_factor(transaction, user_id)
            await sessions.end_sessions(transaction, user_id=user_id)

    async def give_terminal_card(
        self, user_id: str, wish: GivenTerminalCard, operator: Operator, *, key: bytes,
        now: datetime,
    ) -> None:  # fmt: skip
        """Give an operator a card and a PIN for terminals, in the place of those they had."""
        async with self._database.write() as transaction:
            # Whoever knows the PIN can act as its holder, as with a password.
            await self._resettable(transaction, user_id, operator)
            await terminals.give(transaction, user_id, wish, key=key, now=now)

    async def take_terminal_card(self, user_id: str) -> None:
        """Take an operator's card and PIN for terminals away."""
        async with self._database.write() as transaction:
            if await repository.find_user(transaction, user_id) is None:
                raise _not_found()
            await terminals.take(transaction, user_id)

    async def _resettable(self, transaction: Transaction, user_id: str, operator: Operator) -> str:
        """Return the role of an operator whom this one may give new keys."""
        found = await repository.find_user(transaction, user_id)
        if found is None:
            raise _not_found()
        if user_id == operator.user_id:
            raise RefusedError(409, "own_account", "change your own account on its page")
        if not may_reset(operator.role, found.role):
            raise RefusedError(
                409,
                "other_duty",
                "whoever resets this account could act as another administrator: invite a new one"
                " and deactivate this",
            )
        return str(found.role)

    async def accept_reset(self, wish: AcceptReset, *, address: str = "", now: datetime) -> None:
        """Give the holder of a link a new password; every session and token of theirs ends."""
        secret_hash = hashed(wish.secret)
        async with self._database.read() as transaction:
            if not await repository.find_invitation(
                transaction, secret_hash, now=now, is_reset=True
            ):
                raise _not_good()
        password_hash = await self.passwords.hash(wish.password)
        async with self._database.write() as transaction:
            link = await repository.use_invitation(transaction, secret_hash, now=now, is_reset=True)
            found = link and await repository.find_user(transaction, link.user_id)
            if link is None or found is None:
                raise _not_good()
            refuse_guessable(wish.password, username=found.username)
            await repository.change_user(transaction, link.user_id, password_hash=password_hash)
            await sessions.end_sessions(transaction, user_id=link.user_id)
            await sessions.remove_tokens(transaction, link.user_id)
            about = (f"user:{link.user_id}",)
            transaction.note(
                Note(actor=ANYBODY, address=address, action="resets_accept_post", objects=about)
            )

    async def change(
        self, user_id: str, wish: ChangedUser, operator: Operator, *, now: datetime
    ) -> None:
        """Change an operator's role, or whether they may sign in; their sessions end."""
        if user_id == operator.user_id:
            raise RefusedError(409, "own_account", "another administrator must change you")
        if wish.role is not None:
            self.check_grantable(wish.role)
        async with self._database.write() as transaction:
            found = await repository.find_user(transaction, user_id)
            if found is None:
                raise _not_found()
            values = dict[str, object]()
            if wish.role is not None and wish.role != found.role:
                if not may_become(found.role, wish.role):
                    raise RefusedError(
                        409,
                        "other_duty",
                        "an administrator's duty comes with a new account: invite one",
                    )
                values["role"] = wish.role
                transaction.concerns(f"role:{wish.role}")
            if wish.is_active is not None and wish.is_active != (found.deactivated_at is None):
                values["deactivated_at"] = None if wish.is_active else now
            if found.deactivated_at is None and values:
                is_leaving = values.get("deactivated_at") is not None
                after = "" if is_leaving else str(values.get("role", found.role))
                await self.check_not_last(transaction, user_id, found.role, after)
            if not values:
                return
            await repository.change_user(transaction, user_id, **values)
            await sessions.end_sessions(transaction, user_id=user_id)
            if values.get("deactivated_at") is not None:
                await sessions.remove_tokens(transaction, user_id)
            transaction.concerns(fields=sorted(values), is_active=wish.is_active)

    async def remove(self, user_id: str, *, now: datetime) -> None:
        """Remove an operator; their sessions and streams end."""
        async with self._database.write() as transaction:
            found = await repository.find_user(transaction, user_id)
            if found is None:
                raise _not_found()
            if found.deactivated_at is None:
                await self.check_not_last(transaction, user_id, found.role, "")
            await provider_accounts.remember_leaver(transaction, user_id, now=now)
            await repository.remove_user(transaction, user_id)

    @staticmethod
    async def check_not_last(
        transaction: Transaction, user_id: str, before: str, after: str
    ) -> None:
        """Refuse with 409 that nobody would have a duty any more; ``after`` is the new role."""
        lost = duties_of(before) - duties_of(after)
        others = await repository.active_roles(transaction, but=user_id)
        if lost - frozenset().union(*(duties_of(role) for role in others)):
            raise RefusedError(
                409, "last_of_its_kind", "nobody else has this duty: invite another first"
            )

    async def open_session(
        self,
        transaction: Transaction,
        user_id: str,
        *,
        address: str,
        now: datetime,
        session: str | None = None,
    ) -> tuple[str, Operator]:
        """Return a new session's id, made here unless it is given, and its operator."""
        session = session or new_secret()
        await sessions.add_session(
            transaction,
            id_hash=hashed(session),
            user_id=user_id,
            address=address,
            now=now,
            expires_at=now + SESSION_LIFETIME,
        )
        operator = await self.find(transaction, hashed(session), now=now)
        if operator is None:
            # Removed or deactivated between the check of the password and here.
            raise RefusedError(401, "bad_credentials", "the user name or the password is wrong")
        return session, operator


def _not_good() -> RefusedError:
    return RefusedError(
        410, "invitation_not_good", "this link was used or is too old: ask for a new one"
    )


def _not_found() -> RefusedError:
    return RefusedError(404, "user_not_found", "there is no such operator")
