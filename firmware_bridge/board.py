"""A controller board between the gateway and motors, locks and Wiegand readers.

Who tells the board that its node lives is the node's event loop, by ``heartbeat``: a driver that
beat in a thread of its own would speak for a node that hangs.

What can still be told twice: what the board said in the last answer before this process was killed.
Who looks at that knows it by its time. Cards and passages are not among it: those from before a
process asked for the first time are history, and are not told. A recording of its line is read, and
cannot be replayed: every process begins its sequence numbers somewhere else, and draws its nonces.

Source: docs/board.md, sections 1, 3, 4 and 6.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

from drivers.base import (
    BoardIdentity,
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    CredentialRead,
    DriverError,
    Observation,
    ProtocolViolationError,
    Side,
    Signs,
)
from drivers.bus import Bus
from drivers.registry import register
from firmware_bridge.board_history import NOBODY, OLD_CARD, BoardHistory, Told
from firmware_bridge.board_settings import BoardSettings
from firmware_bridge.client import BoardClient
from firmware_bridge.group import PROTOCOL, PULSE_MS, Configuration, Identity, State
from firmware_bridge.refusals import BOARD, BoardRefusedError, Refusal
from firmware_bridge.slot_images import running_and_other, shown_version

_log = logging.getLogger("firmware_bridge.board")

PAGES_MAX: Final = 8
"""Answers that one poll takes, so that a command does not wait for a whole day's events."""
IDENTITY_AGE_S: Final = 60.0
"""So often a board is asked who it is although nothing says that it has changed."""
OBSERVATIONS: Final = (CredentialRead,)
"""What a recording of its line has to keep secret."""


@register("board")
class Board:
    """One board; satisfies ``Driver``, ``OutputBoard``, ``ContactInputs``, ``CredentialReader``.

    Also ``FireContact``, ``HeartbeatKept`` and ``Closeable``. One request in flight. What a command
    did is read back in the board's own answer. A command that was not answered is repeated with
    the same nonce, so it is done once.
    """

    Settings: ClassVar[type] = BoardSettings
    credential_kinds = frozenset({CredentialKind.WIEGAND})

    def __init__(
        self,
        bus: Bus,
        settings: BoardSettings,
        passages: Mapping[int, Side] = MappingProxyType({}),
    ) -> None:
        """Speak with a board.

        Args:
            bus: The line.
            settings: Of the site file.
            passages: See ``BoardHistory``.
        """
        self._bus, self._settings = bus, settings
        self._client = self._make_client(None)
        self._history = BoardHistory(settings, passages=passages)
        self._state: State | None = None
        self._identity: BoardIdentity | None = None
        self._output_count = settings.output_count
        self._told: BoardIdentity | None = None
        self._found: list[tuple[float, Told]] = []
        self._counted = frozenset[str]()
        self._signer: Signs | None = None
        self._is_ours = self._is_locked = False
        self._foreign, self._foreign_boot = "", NOBODY
        self._is_acknowledged = True
        self._asked_at_s = 0.0
        self._problem = self._complaint = ""

    @property
    def client(self) -> BoardClient:
        """What speaks with the board, for what no driver does: updates, statistics, its log."""
        return self._client

    @property
    def free_inputs(self) -> frozenset[int]:
        """See ``ContactInputs``: all but those of a fire and of the housing."""
        return self._settings.free_inputs

    @property
    def fire_contact(self) -> int:
        """See ``FireContact``; -1 where the board has none."""
        return self._settings.fire_input

    @property
    def findings(self) -> list[str]:
        """What was not told, for a technician."""
        return self._history.findings

    # ---- Driver

    async def start(self) -> None:
        """Check who it is and write its configuration where it differs; raises without a board.

        One that somebody else has claimed is left as it is, and is told what people need of it.

        Raises:
            CommandRejectedError: It refuses its configuration now, as during a fire.
            ProtocolViolationError: It is another board than the site file says.
        """
        self._history.forget()
        self._told = None
        await self._introduce()
        try:
            await self._keep_configuration()
        except CommandRejectedError as error:
            if not self._is_locked:
                raise
            self._complain(error)
        self._history.has_restarted = self._history.is_changed = False

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; what is returned is acknowledged by the next poll, or by ``close``.

        A board that has restarted, or was configured by somebody else, is set up anew.
        """
        for _ in range(PAGES_MAX):
            await self._ask_state()
            if not self._history.is_behind:
                break
        try:
            await self._keep_introduced()
        except DriverError:
            if self._problem:
                self._found = []  # nothing of it is what the site file says
                self._history.forget()
            if not self._found:
                raise
        return self._take_found()

    async def close(self) -> None:
        """Acknowledge what was told, so that nobody is told again. See ``Closeable``."""
        if not self._is_acknowledged:
            with contextlib.suppress(DriverError):
                await self._ask_state()

    # ---- OutputBoard

    async def set_output(self, channel: int, *, on: bool) -> CommandReceipt:
        """See ``OutputBoard.set_output``.

        Raises:
            CommandRejectedError: The board's fire input forbids it, or it has no such output.
        """
        return await self._command(channel, on=on, duration_s=None)

    async def pulse_output(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """See ``OutputBoard.pulse_output``; the board ends the pulse by itself.

        Args:
            channel: 0-based.
            duration_s: 0.01..600.

        Raises:
            CommandRejectedError: See ``set_output``; also where the board has restarted since it
                was asked last: whether it gave the pulse before is not known.
        """
        if not PULSE_MS[0] <= round(duration_s * 1000) <= PULSE_MS[-1]:
            raise ValueError(f"a pulse lasts 0.01..600 s, not {duration_s}")
        return await self._command(channel, on=True, duration_s=duration_s)

    # ---- HeartbeatKept

    @property
    def heartbeat_s(self) -> float:
        """See ``HeartbeatKept``."""
        return self._settings.beat_s

    @property
    def is_claimed(self) -> bool:
        """See ``HeartbeatKept``."""
        return self._is_ours

    def sign_with(self, signer: Signs) -> None:
        """See ``HeartbeatKept``."""
        self._signer = signer
        self._client = self._make_client(signer)

    async def claim(self) -> None:
        """See ``HeartbeatKept``."""
        await self._claim(self._needed_signer())
        self._history.is_changed = True  # the next poll says so

    async def heartbeat(self) -> None:
        """See ``HeartbeatKept``."""
        await self._client.heartbeat(attempt_count=1)

    async def hold(self, duration_s: float) -> None:
        """See ``HeartbeatKept``."""
        self._needed_signer()
        await self._client.hold(duration_s)

    # ---- how it is done

    def _make_client(self, signer: Signs | None) -> BoardClient:
        settings = self._settings
        return BoardClient(
            self._bus,
            address=settings.address,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
            signer=signer,
        )

    async def _ask_state(self) -> None:
        history = self._history
        state = await self._client.state(boot=history.boot, seq=history.sequence)
        now_s = self._bus.monotonic()
        self._found += [(now_s, told) for told in history.take(state)]
        self._state, self._is_acknowledged = state, not state.raw_events
        for text in sorted(history.counts.keys() - self._counted):
            _log.warning("board %s on %s: %s", self._settings.address, self._bus.port, text)
        self._counted = frozenset(history.counts)

    def _take_found(self) -> list[Observation]:
        """Return what was found until now; what falls silent on the way loses nothing of it."""
        now_s = self._bus.monotonic()
        found = [told.later(now_s - at_s) for at_s, told in self._found]
        self._history.counts += Counter({OLD_CARD: found.count(None)})  # forgets what is zero
        self._found = []
        return [each for each in found if each is not None]

    def _now(self) -> State:
        """Return the last state; there is one once it was polled."""
        if self._state is None:
            raise ProtocolViolationError("the board was not asked yet")
        return self._state

    async def _keep_introduced(self) -> None:
        """Ask who it is where that may have changed, and tell it where it has."""
        history = self._history
        if history.has_restarted:
            # It may have been claimed anew, or its jumper was closed; who it is, is told each time.
            self._is_ours, self._told = False, None
            if self._foreign_boot not in (NOBODY, history.boot):
                self._foreign = ""
            self._foreign_boot = history.boot
        if history.has_restarted or history.is_changed:
            await self._introduce()
            try:
                await self._keep_configuration()
            except CommandRejectedError as error:
                # It answers, so it is not lost: a board of somebody else must still be heard.
                self._complain(error)
            history.has_restarted = history.is_changed = False
        elif self._bus.monotonic() - self._asked_at_s >= IDENTITY_AGE_S:
            await self._introduce()
        if self._told != self._identity and self._identity is not None:
            self._found.append((self._bus.monotonic(), Told(self._identity)))
            self._told = self._identity

    def _complain(self, error: CommandRejectedError) -> None:
        if str(error) != self._complaint:
            _log.warning("a board on %s refuses its set-up: %s", self._bus.port, error)
        self._complaint = str(error)

    async def _introduce(self) -> None:
        """Learn who it is.

        Raises:
            ProtocolViolationError: Another board than the site file says; it is not spoken to.
        """
        identity, settings = await self._client.identity(), self._settings
        self._problem = _difference(identity, settings)
        self._check_who_it_is()
        running, other = running_and_other(await self._client.images())
        await self._learn_whose_it_is(identity)
        self._output_count = identity.output_count
        self._asked_at_s = self._bus.monotonic()
        self._identity = BoardIdentity(
            model=identity.model,
            hw=identity.hw,
            revision=identity.revision,
            serial_number=identity.serial_number,
            version=shown_version(identity.version),
            image=identity.image_hash.hex(),
            is_confirmed=running is not None and running.is_confirmed,
            other_version=None if other is None else shown_version(other.version),
            other_image=None if other is None else other.hash.hex(),
            is_claimed=self._is_ours,
        )

    async def _learn_whose_it_is(self, identity: Identity) -> None:
        """Try our key on a claimed board; a wrong one once a start, since the board tells of it."""
        if not identity.is_claimed:
            self._is_ours, self._foreign = False, ""
        elif self._signer is not None and self._foreign != identity.serial_number:
            try:
                # To claim what is claimed by the same key changes nothing.
                if not self._is_ours:
                    await self._claim(self._signer)
            except BoardRefusedError as error:
                if (error.group, error.code) == (BOARD, Refusal.SIGNATURE):
                    self._foreign = identity.serial_number
        self._is_locked = identity.is_claimed and not self._is_ours

    async def _keep_configuration(self) -> None:
        """Write what differs from the site file; flash wears, so nothing else."""
        now = (await self._client.config()).model_dump(by_alias=False)
        wanted = self._settings.configuration(self._output_count)
        changes = {
            name: value
            for name, value in wanted.model_dump(by_alias=False).items()
            if value != now[name]
        }
        if not changes:
            return
        if self._is_locked:
            named = ", ".join(sorted(changes))
            raise CommandRejectedError(
                f"somebody else has claimed the board; it has another {named}"
            )
        kept = await self._client.configure(Configuration(**changes))
        if any(getattr(kept, name) != value for name, value in changes.items()):
            raise ProtocolViolationError(f"the board did not keep {', '.join(sorted(changes))}")
        _log.info("a board on %s has another configuration now", self._bus.port)

    async def _claim(self, signer: Signs) -> None:
        await self._client.claim(signer.public_key)
        self._is_ours = True

    def _needed_signer(self) -> Signs:
        if self._signer is None:
            raise CommandRejectedError("nobody here has a key to sign with")
        return self._signer

    def _check_who_it_is(self) -> None:
        if self._problem:
            raise ProtocolViolationError(self._problem)

    async def _command(self, channel: int, *, on: bool, duration_s: float | None) -> CommandReceipt:
        if channel < 0:
            raise ValueError(f"channel is 0 or more, not {channel}")
        self._check_who_it_is()
        if self._history.boot == NOBODY:
            await self._ask_state()
        try:
            outputs = await self._switch(channel, on=on, duration_s=duration_s)
        except BoardRefusedError as error:
            is_other_start = (error.group, error.code) == (BOARD, Refusal.OTHER_START)
            if not is_other_start or duration_s is not None:
                raise
            # To be on is not done twice; a pulse would let a second person in.
            await self._ask_state()
            outputs = await self._switch(channel, on=on, duration_s=duration_s)
        if bool(outputs >> channel & 1) is not on:
            raise ProtocolViolationError(f"the outputs are {outputs:b} after the command")
        return CommandReceipt(attempts=1, acknowledged_at_s=self._bus.monotonic())

    async def _switch(self, channel: int, *, on: bool, duration_s: float | None) -> int:
        boot = self._history.boot
        return await self._client.set_output(channel, on=on, duration_s=duration_s, boot=boot)


def _difference(identity: Identity, settings: BoardSettings) -> str:
    """Return what a board has otherwise than the site file says; empty is nothing."""
    who = f"the board ({identity.model} {identity.serial_number})"
    if identity.protocol != PROTOCOL:
        return f"{who} speaks version {identity.protocol} of its protocol, not {PROTOCOL}"
    if settings.model not in ("", identity.model):
        return f"{who} is no {settings.model}"
    if settings.hw not in (0, identity.hw):
        return f"{who} has hw {identity.hw}, not {settings.hw}"
    for what, count, wanted in (
        ("inputs", identity.input_count, settings.input_count),
        ("outputs", identity.output_count, settings.output_count),
    ):
        if count < wanted:
            return f"{who} has {count} {what}, not {wanted}"
    return ""
