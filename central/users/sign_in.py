"""Signing in: a password, then a code where the account has a second factor; and known devices."""

import dataclasses
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from central.audit.notes import ANYBODY, Note
from central.database import Database, Transaction
from central.keys import KeyEncryptionKey, KeysError
from central.oidc import repository as providers
from central.oidc.repository import ProviderSession
from central.oidc.schemas import ProviderSettings
from central.problems import RefusedError
from central.roles import ROLES, duties_of
from central.security import Operator, hashed
from central.users import repository, second_factor
from central.users.delays import Counter, Delays, code_counters, password_counters
from central.users.schemas import SignIn
from central.users.service import Users
from config.contract.trust import card_verifier, pin_verifier

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
DEVICE_USER_COUNT_MAX: Final = 8
"""So many operators share a computer and are all known on it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the operators who have signed in with it; from its cookie."""

    device_id: str
    users: tuple[str, ...] = ()

    def of(self, user_id: str) -> str | None:
        """Return the device's identifier where this operator is known on it."""
        return self.device_id if user_id in self.users else None

    def knowing(self, user_id: str) -> "Device":
        """Return the device after this operator has signed in."""
        users = (user_id, *(known for known in self.users if known != user_id))
        return dataclasses.replace(self, users=users[:DEVICE_USER_COUNT_MAX])


@dataclasses.dataclass(frozen=True, slots=True)
class Entered:
    """Signed in. Attributes: session: the cookie's text."""

    session: str
    operator: Operator
    device: Device


@dataclasses.dataclass(frozen=True, slots=True)
class Challenged:
    """The password was right, and a code is asked for. Attributes: challenge: sent back with it."""

    challenge: str


class SignIns:
    """The two steps; failures are counted in the memory of this process."""

    def __init__(self, database: Database, users: Users, key: KeyEncryptionKey) -> None:
        """Let operators in; ``key`` seals challenges, cookies and second factors."""
        self._database, self._users, self._key = database, users, key
        self._delays = Delays()

    def device_of(self, cookie: str | None) -> Device:
        """Return the device of a cookie; a new one where it is not central's."""
        fresh = Device(second_factor.new_secret())
        if not cookie:
            return fresh
        try:
            told = json.loads(self._key.unwrap(cookie, purpose="device"))
        except (KeysError, ValueError):
            return fresh
        return Device(told["id"], tuple(told["users"]))

    def cookie_of(self, device: Device) -> str:
        """Return the cookie of a device."""
        told = {"id": device.device_id, "users": device.users}
        return self._key.wrap(json.dumps(told).encode(), purpose="device")

    async def with_password(
        self, wish: SignIn, *, device: Device, address: str, now: datetime
    ) -> Entered | Challenged:
        """Take the first step; refuses with 401, or 429 who has failed too often."""
        async with self._database.read() as transaction:
            known = await repository.find_named(transaction, wish.username)
            provider = await providers.settings_of(transaction)
        user_id = None if known is None else str(known.user_id)
        counters = password_counters(
            wish.username, address=address, device=device.of(user_id or "")
        )
        self._begin(counters)
        is_active = known is not None and known.deactivated_at is None
        # Who signs in at the provider has none.
        stored = (known.password_hash or None) if known is not None and is_active else None
        if not await self._users.passwords.fits(wish.password, stored) or known is None:
            await self._refuse(counters, user_id, address)
            raise _wrong()
        self._delays.succeed(counters)
        if _only_breaks_glass(provider) and "security" not in duties_of(known.role):
            await self._refuse(counters, user_id, address)
            raise RefusedError(403, "use_provider", "sign in with your organisation's account")
        if known.totp_secret is not None:
            return Challenged(self._challenge(known, now))
        async with self._database.write() as transaction:
            return await self._enter(transaction, known.user_id, device, address, now)

    async def with_card(
        self, number: str, pin: str, *, key: bytes, device: Device, address: str, now: datetime
    ) -> Entered:
        """Sign in by the card and PIN for terminals, at a guard's desk alone.

        Refuses with 403 whoever has, or should have, a second factor: two things of which one can
        be copied and the other guessed do not stand for a password and a code.
        """
        card = card_verifier(key, number)
        counters = password_counters(f"card {card}", address=address, device=None)
        self._begin(counters)
        async with self._database.read() as transaction:
            known = await repository.find_card(transaction, card)
        user_id = None if known is None else str(known.user_id)
        if known is None or not _opens(known, pin, key=key, now=now):
            await self._refuse(counters, user_id, address)
            raise RefusedError(401, "bad_card", "the card or the PIN is wrong")
        may_keep = "desk.keep" in ROLES.get(known.role, frozenset())
        if known.totp_secret is not None or self._users.needs_second_factor(known.role):
            raise RefusedError(403, "card_not_enough", "sign in with your password and your code")
        if not may_keep:
            raise RefusedError(403, "card_not_enough", "sign in with your password")
        self._delays.succeed(counters)
        async with self._database.write() as transaction:
            return await self._enter(transaction, known.user_id, device, address, now)

    async def with_code(
        self, challenge: str, code: str, *, device: Device, address: str, now: datetime
    ) -> Entered:
        """Take the second step: a code of the second factor, or a recovery code."""
        user_id, mark, opened = self._challenged(challenge, now)
        counters = code_counters(user_id, device=device.of(user_id))
        self._begin(counters)
        async with self._database.write() as transaction:
            found = await repository.find_user(transaction, user_id)
            if found is None or found.deactivated_at is not None or _mark(found) != mark:
                raise _over()
            if await self.is_code(transaction, found, code, now=now):
                self._delays.succeed(counters)
                return await self._enter(transaction, user_id, device, address, now, opened)
        await self._refuse(counters, user_id, address)
        raise RefusedError(401, "bad_code", "this code is wrong, used or too old")

    async def of_provider(
        self,
        user_id: str,
        opened: ProviderSession,
        *,
        device: Device,
        address: str,
        now: datetime,
    ) -> Entered | Challenged:
        """Let in whom the identity provider has let in, or ask for our second factor, too."""
        async with self._database.write() as transaction:
            known = await repository.find_user(transaction, user_id)
            if known is None or known.deactivated_at is not None:
                raise RefusedError(401, "account_shut_out", "this account is shut out")
            if known.totp_secret is not None and not opened.is_strong:
                return Challenged(self._challenge(known, now, opened))
            return await self._enter(transaction, user_id, device, address, now, opened)

    async def is_code(
        self, transaction: Transaction, user: Row[Any], code: str, *, now: datetime
    ) -> bool:
        """Return whether a code is the operator's, and use it up."""
        if user.totp_secret is None:
            return False
        secret = self.opened(user.user_id, user.totp_secret)
        step = second_factor.step_of(secret, code, after=user.totp_step, now=now)
        if step is not None:
            return await repository.use_step(transaction, user.user_id, step)
        recovery = second_factor.recovery_hash(user.user_id, code)
        if not await repository.use_recovery_code(transaction, user.user_id, recovery):
            return False
        transaction.note(
            Note(
                actor=f"user:{user.user_id}",
                action="recovery_code_used",
                objects=(f"user:{user.user_id}",),
            )
        )
        return True

    def sealed(self, user_id: str, secret: str) -> str:
        """Return what is stored of a second factor's secret."""
        return self._key.wrap(secret.encode(), purpose=f"totp {user_id}")

    def opened(self, user_id: str, stored: str) -> str:
        """Return the secret of a second factor."""
        return self._key.unwrap(stored, purpose=f"totp {user_id}").decode()

    def begin_own(self, operator: Operator) -> None:
        """Count an attempt at one's own password from within a session."""
        self._begin((_own_counter(operator),))

    def succeed_own(self, operator: Operator) -> None:
        """Begin anew after the right password."""
        self._delays.succeed((_own_counter(operator),))

    def _challenge(
        self, user: Row[Any], now: datetime, opened: ProviderSession | None = None
    ) -> str:
        told: dict[str, Any] = {
            "user": user.user_id,
            "until": (now + CHALLENGE_LIFETIME).timestamp(),
            "mark": _mark(user),
        }
        if opened is not None:
            told["issuer"], told["session"] = opened.issuer, opened.provider_session
            told["over"] = opened.expires_at.isoformat()
        return self._key.wrap(json.dumps(told).encode(), purpose="challenge")

    def _challenged(self, challenge: str, now: datetime) -> tuple[str, str, ProviderSession | None]:
        try:
            told = json.loads(self._key.unwrap(challenge, purpose="challenge"))
        except (KeysError, ValueError) as error:
            raise _over() from error
        if told["until"] <= now.timestamp():
            raise _over()
        if "issuer" not in told:
            return told["user"], told["mark"], None
        opened = ProviderSession(
            issuer=told["issuer"],
            provider_session=told["session"],
            id_token=None,
            is_strong=False,
            expires_at=datetime.fromisoformat(told["over"]),
        )
        return told["user"], told["mark"], opened

    def _begin(self, counters: Sequence[Counter]) -> None:
        wait_s = self._delays.begin(counters, now_s=time.monotonic())
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise RefusedError(
                429,
                "too_many_failures",
                f"too many failed attempts: wait {seconds} s",
                headers={"Retry-After": str(seconds)},
                wait_s=seconds,
            )

    async def _refuse(self, counters: Sequence[Counter], user_id: str | None, address: str) -> None:
        """Record a failure, and that the next attempt from there has to wait."""
        # Who does not exist is not named: what was typed may be a password.
        about = () if user_id is None else (f"user:{user_id}",)
        wait_s = round(self._delays.wait_s(counters, now_s=time.monotonic()))
        detail = {"wait_s": wait_s} if wait_s else {}
        async with self._database.write() as transaction:
            transaction.note(
                Note(
                    actor=ANYBODY,
                    address=address,
                    action="sessions_refused",
                    objects=about,
                    detail=detail,
                )
            )

    async def _enter(
        self,
        transaction: Transaction,
        user_id: str,
        device: Device,
        address: str,
        now: datetime,
        opened: ProviderSession | None = None,
    ) -> Entered:
        actor, detail = f"user:{user_id}", dict[str, str]()
        provider = await providers.settings_of(transaction)
        if provider is not None and provider.is_on:
            detail["way"] = "local" if opened is None else "provider"
        if opened is None and _only_breaks_glass(provider):
            about = (actor,)
            transaction.note(
                Note(actor=actor, address=address, action="glass_broken", objects=about)
            )
        transaction.note(Note(actor=actor, address=address, action="sessions_post", detail=detail))
        session, operator = await self._users.open_session(
            transaction, user_id, address=address, now=now
        )
        if opened is not None:
            await providers.mark_session(transaction, hashed(session), opened)
            operator = await self._users.find(transaction, hashed(session), now=now) or operator
        return Entered(session, operator, device.knowing(user_id))


def _only_breaks_glass(provider: ProviderSettings | None) -> bool:
    """Return whether a password kept here is for when the identity provider is down."""
    return provider is not None and provider.is_on and provider.local_sign_in == "administrators"


def _opens(known: Row[Any], pin: str, *, key: bytes, now: datetime) -> bool:
    """Return whether an operator's card is good, and the PIN is theirs."""
    is_good = known.deactivated_at is None and known.terminal_pin is not None
    is_over = known.terminal_until is not None and known.terminal_until <= now
    typed = pin_verifier(key, known.user_id, pin)
    fits = hmac.compare_digest(typed, known.terminal_pin or "")
    return is_good and fits and not is_over


def _own_counter(operator: Operator) -> Counter:
    return Counter(("own", operator.user_id, operator.session))


def _mark(user: Row[Any]) -> str:
    """Return what changes when the password or the second factor does."""
    return hashlib.sha256(f"{user.password_hash} {user.totp_secret}".encode()).hexdigest()[:16]


def _wrong() -> RefusedError:
    return RefusedError(401, "bad_credentials", "the user name or the password is wrong")


def _over() -> RefusedError:
    return RefusedError(401, "sign_in_again", "this took too long: enter the password again")
