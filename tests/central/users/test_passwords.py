"""How an operator's password is kept where nothing else is said."""

import asyncio

import pytest

from central.users.passwords import Passwords
from central.users.schemas import AcceptReset

PASSWORD = "correct horse battery staple"


def test_a_password_is_argon2id_with_64_mib_and_three_passes() -> None:
    async def act() -> tuple[str, list[bool]]:
        passwords = Passwords()
        stored = await passwords.hash(PASSWORD)
        tries = ((PASSWORD, stored), (f"{PASSWORD}s", stored), (PASSWORD, None))
        return stored, [await passwords.fits(password, kept) for password, kept in tries]

    stored, fits = asyncio.run(act())

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,")
    assert fits == [True, False, False]


@pytest.mark.parametrize("password", ["x" * 12, "门神" * 32, " a b c d e f ", "0" * 256])
def test_a_password_may_be_long_and_of_any_signs_and_is_taken_as_it_is(password: str) -> None:
    assert AcceptReset(secret="x", password=password).password == password
