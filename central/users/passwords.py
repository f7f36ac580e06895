"""Passwords: Argon2id in threads, two at a time, since each takes 64 MiB."""

import asyncio
from typing import Final

from pwdlib import PasswordHash

CONCURRENCY: Final = 2


class Passwords:
    """Hashes and checks passwords; for one event loop."""

    def __init__(self, how: PasswordHash | None = None) -> None:
        """Hash as ``how`` says; None is what the library recommends: Argon2id, 64 MiB."""
        self._hash = how or PasswordHash.recommended()
        self._turn = asyncio.Semaphore(CONCURRENCY)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hash.hash, password)

    async def fits(self, password: str, stored: str | None) -> bool:
        """Return whether a password is the one; as slow for a user who does not exist (None)."""
        if self._nobody is None:
            self._nobody = await self.hash("nobody")
        async with self._turn:
            is_right = await asyncio.to_thread(self._hash.verify, password, stored or self._nobody)
        return is_right and stored is not None
