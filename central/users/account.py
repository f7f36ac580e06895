"""What operators do with their own account: password, second factor, tokens for programs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from central.database import Database, Transaction
from central.oidc import repository as provider_accounts
from central.problems import RefusedError
from central.roles import at_terminals
from central.security import TOKEN_NEVER, Operator, hashed, new_secret
from central.users import repository, second_factor, sessions, terminals, tokens
from central.users.account_schemas import (
    AccountView,
    ChangedPassword,
    MadeToken,
    NewSecondFactor,
    OwnTerminalCard,
    RecoveryCodes,
    WantedToken,
)
from central.users.guessing import refuse_guessable
from central.users.service import Users
from central.users.sign_in import SignIns
from config.contract.identifiers import new_id
from config.site import Site

TOKEN_PREFIX: Final = "menshen_"  # noqa: S105 - what a leaked one is found by
TOKEN_COUNT_MAX: Final = 50
FRESH: Final = timedelta(minutes=10)
"""So long after it was opened, a session stands for the password that is at the provider."""


class Accounts:
    """The accounts of one site, each as its own operator changes it."""

    def __init__(
        self,
        database: Database,
        users: Users,
        sign_ins: SignIns,
        site: Site,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Change accounts in ``database``."""
        self._now = now
        self._database, self._users, self._sign_ins = database, users, sign_ins
        self._policy = site.policy
        self._issuer = site.site.name.get("en") or site.site.id

    async def view(self, operator: Operator) -> AccountView:
        """Return the account."""
        async with self._database.read() as transaction:
            left = await repository.recovery_code_count(transaction, operator.user_id)
            row = await self._row(transaction, operator)
        must_have = operator.role in self._policy.second_factor_roles
        until = None
        if must_have and not operator.has_second_factor and operator.created_at is not None:
            grace = timedelta(hours=self._policy.second_factor_grace_h)
            until = operator.created_at + grace
        return AccountView(
            user_id=operator.user_id,
            username=operator.username,
            role=operator.role,
            has_second_factor=operator.has_second_factor,
            must_have_second_factor=must_have,
            second_factor_until=until,
            recovery_code_count=left,
            scopes=sorted(operator.permissions - TOKEN_NEVER),
            at_terminals=list(at_terminals(operator.role)),
            has_terminal_card=row.terminal_card is not None,
            terminal_until=row.terminal_until,
            has_password=bool(row.password_hash),
        )

    async def change_password(self, wish: ChangedPassword, operator: Operator) -> None:
        """Replace the password; every other session ends."""
        found = await self._proven(operator, wish.old_password)
        if not found.password_hash:
            raise RefusedError(
                409,
                "provider_account",
                "your password is at the identity provider: change it there",
            )
        refuse_guessable(wish.new_password, username=operator.username)
        password_hash = await self._users.passwords.hash(wish.new_password)
        async with self._database.write() as transaction:
            await repository.change_user(transaction, found.user_id, password_hash=password_hash)
            await sessions.end_sessions(transaction, user_id=found.user_id, but=operator.session)

    async def put_terminal_card(
        self, wish: OwnTerminalCard, operator: Operator, *, key: bytes, now: datetime
    ) -> None:
        """Have a card and a PIN for terminals, in the place of those of before."""
        if not at_terminals(operator.role):
            raise RefusedError(409, "nothing_at_terminals", "your role has no rights at terminals")
        found = await self._proven(operator, wish.password)
        async with self._database.write() as transaction:
            await terminals.give(transaction, found.user_id, wish, key=key, now=now)

    async def remove_terminal_card(self, operator: Operator) -> None:
        """Have none any more."""
        async with self._database.write() as transaction:
            await terminals.take(transaction, operator.user_id)

    async def begin_second_factor(self, password: str, operator: Operator) -> NewSecondFactor:
        """Return a new secret; it is in force once a code has confirmed it."""
        found = await self._proven(operator, password)
        secret = second_factor.new_secret()
        async with self._database.write() as transaction:
            await repository.change_user(
                transaction,
                found.user_id,
                totp_pending=self._sign_ins.sealed(found.user_id, secret),
            )
        return NewSecondFactor(secret=secret, address=self._address(secret, operator))

    async def picture(self, operator: Operator) -> bytes:
        """Return the QR code of a second factor that is not confirmed yet, as SVG."""
        async with self._database.read() as transaction:
            found = await self._row(transaction, operator)
        if found.totp_pending is None:
            raise _nothing_to_confirm()
        secret = self._sign_ins.opened(found.user_id, found.totp_pending)
        return second_factor.picture_of(self._address(secret, operator))

    def _address(self, secret: str, operator: Operator) -> str:
        issuer = f"Menshen {self._issuer}"
        return second_factor.address_of(secret, username=operator.username, issuer=issuer)

    async def confirm_second_factor(
        self, code: str, operator: Operator, *, now: datetime
    ) -> RecoveryCodes:
        """Put the new secret in force; every other session ends. The codes are shown once."""
        codes = second_factor.new_recovery_codes()
        async with self._database.write() as transaction:
            found = await self._row(transaction, operator)
            if found.totp_pending is None:
                raise _nothing_to_confirm()
            secret = self._sign_ins.opened(found.user_id, found.totp_pending)
            step = second_factor.step_of(secret, code, after=None, now=now)
            if step is None:
                raise RefusedError(422, "bad_code", "this code is wrong or too old")
            await repository.change_user(
                transaction,
                found.user_id,
                totp_secret=found.totp_pending,
                totp_pending=None,
                totp_step=step,
            )
            hashes = [second_factor.recovery_hash(found.user_id, made) for made in codes]
            await repository.replace_recovery_codes(transaction, found.user_id, hashes)
            await sessions.end_sessions(transaction, user_id=found.user_id, but=operator.session)
        return RecoveryCodes(codes=codes)

    async def remove_second_factor(
        self, password: str, code: str, operator: Operator, *, now: datetime
    ) -> None:
        """Go on without a second factor, where the role allows it."""
        if operator.role in self._policy.second_factor_roles:
            raise RefusedError(
                409, "second_factor_needed", "this role needs one: set up a new one in its place"
            )
        await self._proven(operator, password)
        async with self._database.write() as transaction:
            found = await self._row(transaction, operator)
            if not await self._sign_ins.is_code(transaction, found, code, now=now):
                raise RefusedError(422, "bad_code", "this code is wrong, used or too old")
            await repository.remove_second_factor(transaction, found.user_id)

    async def make_token(
        self, wish: WantedToken, operator: Operator, *, now: datetime
    ) -> MadeToken:
        """Return a new token; its secret is shown this once."""
        scopes = frozenset(wish.scopes)
        if scopes - operator.permissions or scopes & TOKEN_NEVER:
            raise RefusedError(
                422, "scope_not_yours", "a token may only what you may, and never manage operators"
            )
        secret = f"{TOKEN_PREFIX}{new_secret()}"
        token_id, expires_at = str(new_id()), now + timedelta(days=wish.days)
        async with self._database.write() as transaction:
            held = await tokens.list_tokens(transaction, operator.user_id, now=now)
            if len(held) >= TOKEN_COUNT_MAX:
                raise RefusedError(409, "too_many_tokens", "revoke a token first")
            await tokens.add(
                transaction,
                token_id=token_id,
                user_id=operator.user_id,
                name=wish.name,
                secret_hash=hashed(secret),
                scopes=sorted(scopes),
                now=now,
                expires_at=expires_at,
            )
            transaction.concerns(f"token:{token_id}", scopes=sorted(scopes))
        return MadeToken(token_id=token_id, token=secret, expires_at=expires_at)

    async def _proven(self, operator: Operator, password: str) -> Row[Any]:
        """Return the operator's row when the password is theirs: a session may be a stranger's."""
        self._sign_ins.begin_own(operator)
        async with self._database.read() as transaction:
            found = await self._row(transaction, operator)
        if not found.password_hash:
            await self._check_fresh(operator)
        elif not await self._users.passwords.fits(password, found.password_hash):
            raise RefusedError(422, "wrong_password", "this is not your password")
        self._sign_ins.succeed_own(operator)
        return found

    async def _check_fresh(self, operator: Operator) -> None:
        """Refuse who has no password here, unless they have just signed in at the provider."""
        async with self._database.read() as transaction:
            session = await provider_accounts.session_of(transaction, operator.session)
        if session is None or session.created_at + FRESH < self._now():
            raise RefusedError(
                422, "sign_in_anew", "sign out and in again, and do this within ten minutes"
            )

    @staticmethod
    async def _row(transaction: Transaction, operator: Operator) -> Row[Any]:
        found = await repository.find_user(transaction, operator.user_id)
        if found is None:
            raise RefusedError(401, "not_signed_in", "sign in first")
        return found


def _nothing_to_confirm() -> RefusedError:
    return RefusedError(409, "nothing_to_confirm", "set up a second factor first")
