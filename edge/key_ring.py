"""The keys of one node through a change: made beside the old ones, and the old ones destroyed.

::

    at rest --stage--> staged --take_over--> overlapping --retire--> at rest

A file says which keys are which, and is replaced as a whole, so that whoever is killed between any
two writes finds one of these states again. In each of them the node has every key that central may
know: what is staged is durable before anybody hears of it, and what it follows stays until central
is known to have taken it. See ``docs/decisions/0051-keys-of-a-node-change.md``.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, ValidationError

from config.contract.identifiers import Frozen
from config.contract.node_rotation import RotationTaken, SignedRotation, sign_rotation
from config.contract.trust import (
    TrustError,
    private_text,
    sealing_key,
    signing_key,
    unseal,
)
from config.crypto.keys import SealingKey, SigningKey
from config.crypto.suites import SuiteSecret, suite_of
from edge.key_files import KeyFiles, write_private
from edge.sealing import SealError

STATE: Final = "keys.json"
BOARD_KEY: Final = "boards.key"
CLIPS_KEY: Final = "clips.key"


class _State(Frozen):
    """Which keys are which, by number.

    Attributes:
        current: Central is known to have taken these.
        staged: Central may have taken them; None where nothing is under way.
        rotation: From the current ones to the staged ones.
        old: Those before the current ones, while they are kept.
        last: The rotation that made the current ones, as central took it.
        sealed_card_key: For the current ones; None is that of the welcome.
    """

    current: int = 1
    staged: int | None = None
    rotation: SignedRotation | None = None
    old: int | None = None
    old_key_until: AwareDatetime | None = None
    last: SignedRotation | None = None
    sealed_card_key: str | None = None


class KeyRing:
    """The keys of one node. One thread at a time may change them; any may read.

    Attributes:
        is_tidy: No file of a key that is over lies here, as far as this process has looked.
    """

    def __init__(self, files: KeyFiles) -> None:
        """Read which keys are which.

        Raises:
            TrustError: The file that says so is damaged.
        """
        self._files, self._path = files, files.folder / STATE
        self._state = _read(self._path)
        self.is_tidy = False
        self._signing: dict[int, SigningKey] = {}
        self._sealing: dict[int, SealingKey] = {}

    @property
    def is_locked(self) -> bool:
        """Whether central must release something before the sealing key opens."""
        return self._files.is_locked(_sealing_name(self._state.current))

    @property
    def is_in_memory(self) -> bool:
        """Whether the sealing key waits in memory for what central releases."""
        return self._files.is_in_memory(_sealing_name(self._state.current))

    @property
    def sealed_card_key(self) -> str | None:
        """The card key, sealed for the current key; None is that of the welcome."""
        return self._state.sealed_card_key

    @property
    def signing_key(self) -> SigningKey:
        """The current one, made at the first call."""
        return self._signing_key(self._state.current)

    @property
    def sealing_key(self) -> SealingKey:
        """The current one, made at the first call."""
        return self._sealing_key(self._state.current)

    @property
    def old_signing_key(self) -> SigningKey | None:
        """The one before, while it is kept."""
        return None if self._state.old is None else self._signing_key(self._state.old)

    @property
    def old_key_until(self) -> datetime | None:
        """When central refuses the old key; None where there is none."""
        return self._state.old_key_until

    @property
    def sealing_keys(self) -> tuple[SealingKey, ...]:
        """Whatever may have been sealed for this node opens with one of these."""
        state = self._state
        numbers = [n for n in (state.staged, state.current, state.old) if n is not None]
        return tuple(self._sealing_key(number) for number in numbers)

    @property
    def rotation(self) -> SignedRotation | None:
        """The one that is under way."""
        return self._state.rotation

    @property
    def last_rotation(self) -> SignedRotation | None:
        """The last one that central took."""
        return self._state.last

    @property
    def staged_signing_key(self) -> SigningKey | None:
        """The next one; None where nothing is under way."""
        return None if self._state.staged is None else self._signing_key(self._state.staged)

    def board_key(self) -> SigningKey:
        """Return the key with which boards were claimed: it stays what it was at first."""
        if not self._files.is_there(BOARD_KEY):
            return self.signing_key
        return signing_key(self._files.kept(BOARD_KEY, lambda: private_text(self.signing_key)))

    def clips_secret(self) -> SuiteSecret:
        """Return what clips on this disk are encrypted with: it stays what it was at first."""
        key = self.sealing_key
        if self._files.is_there(CLIPS_KEY):
            key = sealing_key(self._files.kept(CLIPS_KEY, lambda: private_text(key)))
        return SuiteSecret(key.private_bytes_raw(), suite_of(key))

    def stage(self, *, site: str, node: str) -> SignedRotation:
        """Make the next keys, or find them; they are durable when this returns.

        Raises:
            SealError: They cannot be sealed; nothing has changed.
            OSError: The disk refuses; nothing has changed.
        """
        state = self._state
        if state.rotation is not None:
            return state.rotation
        if self.is_locked:
            raise SealError("central has not released yet what protects the next keys")
        self.retire()
        # What was claimed and encrypted with the first keys goes on with them.
        self._files.kept(BOARD_KEY, lambda: private_text(self.signing_key))
        self._files.kept(CLIPS_KEY, lambda: private_text(self.sealing_key))
        staged = state.current + 1
        rotation = sign_rotation(
            site=site,
            node=node,
            old_key=self.signing_key,
            signing_key=self._signing_key(staged),
            sealing_key=self._sealing_key(staged).public_key(),
        )
        staged_state = self._state.model_copy(update={"staged": staged, "rotation": rotation})
        self._write(staged_state)
        self._state = staged_state
        return rotation

    def take_over(self, taken: RotationTaken) -> None:
        """Go over to the staged keys, which central has taken.

        Raises:
            TrustError: The answer is not for them; nothing has changed.
            OSError: The disk refuses; the keys are the staged ones until the next start, which
                finds them staged.
        """
        state = self._state
        if state.staged is None:
            return
        unseal(self._sealing_key(state.staged), taken.sealed_card_key)
        self._state = _State(
            current=state.staged,
            old=state.current,
            old_key_until=taken.old_key_until,
            last=state.rotation,
            sealed_card_key=taken.sealed_card_key,
        )
        self._write(self._state)

    def retire(self) -> None:
        """Destroy the old keys; nothing may be sealed for them any more. Idempotent.

        Raises:
            OSError: The disk refuses; it is to be done again.
        """
        state, self.is_tidy = self._state, False
        if state.old is not None:
            without = state.model_copy(update={"old": None, "old_key_until": None})
            self._write(without)
            self._state = without
        for number in range(1, state.current + 2):
            if number not in (state.current, state.staged):
                self._signing.pop(number, None)
                self._sealing.pop(number, None)
                self._files.destroy(_signing_name(number))
                self._files.destroy(_sealing_name(number))
        self.is_tidy = True

    def join(self, sealed_card_key: str) -> None:
        """Begin a membership with the current keys: what central took before counts no more.

        Raises:
            OSError: The disk refuses.
        """
        if self._state != _State():
            self._state = _State(current=self._state.current, sealed_card_key=sealed_card_key)
            self._write(self._state)

    def _write(self, state: _State) -> None:
        write_private(self._path, state.model_dump_json(indent=1))

    def _signing_key(self, number: int) -> SigningKey:
        if number not in self._signing:
            text = self._files.kept(
                _signing_name(number), lambda: private_text(self._files.suite.new_signing_key())
            )
            self._signing[number] = signing_key(text)
        return self._signing[number]

    def _sealing_key(self, number: int) -> SealingKey:
        if number not in self._sealing:
            text = self._files.kept(
                _sealing_name(number), lambda: private_text(self._files.suite.new_sealing_key())
            )
            self._sealing[number] = sealing_key(text)
        return self._sealing[number]


def _signing_name(number: int) -> str:
    return "signing.key" if number == 1 else f"signing-{number}.key"


def _sealing_name(number: int) -> str:
    return "sealing.key" if number == 1 else f"sealing-{number}.key"


def _read(path: Path) -> _State:
    if not path.exists():
        return _State()
    try:
        return _State.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise TrustError(f"{path.name} is damaged") from error
