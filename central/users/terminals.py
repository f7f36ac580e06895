"""An operator's card and PIN for terminals: checked, made verifiers, and kept with the account."""

from datetime import datetime

from central.database import Transaction
from central.people.pins import is_trivial
from central.problems import RefusedError
from central.users import repository
from central.users.schemas import GivenTerminalCard, TerminalCard
from config.contract.trust import card_verifier, pin_verifier


async def give(
    transaction: Transaction, user_id: str, wish: TerminalCard, *, key: bytes, now: datetime
) -> None:
    """Keep a card and a PIN; an end that an administrator set stays where the holder changes them.

    Args:
        transaction: That writes.
        user_id: Of an operator who is there.
        wish: An administrator's sets the end, too.
        key: Of the site's verifiers.
        now: Aware UTC.
    """
    if is_trivial(wish.pin):
        raise RefusedError(422, "pin_trivial", "a row or a repetition is guessed first")
    card = card_verifier(key, wish.number)
    if await repository.has_terminal_card(transaction, card, besides=user_id):
        raise RefusedError(409, "card_taken", "another operator has this card: take it away first")
    values: dict[str, object] = {
        "terminal_card": card,
        "terminal_pin": pin_verifier(key, user_id, wish.pin),
    }
    if isinstance(wish, GivenTerminalCard):
        if wish.valid_until is not None and wish.valid_until <= now:
            raise RefusedError(422, "card_is_over", "this card would be over already")
        values["terminal_until"] = wish.valid_until
    await repository.change_user(transaction, user_id, **values)


async def take(transaction: Transaction, user_id: str) -> None:
    """Take card and PIN away; an end stays, so that nobody gives themselves longer ones."""
    await repository.change_user(transaction, user_id, terminal_card=None, terminal_pin=None)
