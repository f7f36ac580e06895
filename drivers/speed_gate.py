"""A speed gate on the reference register map, over Modbus RTU.

A command carries a nonce: the gate executes it once, when the nonce changes, and echoes nonce and
result. So a lost reply is harmless, and what is not read back did not happen as far as we say.

Source: the reference register map of docs/protocols.md, our own design after public turnstile
manuals; no maker's gate has it.
"""

import contextlib
import dataclasses
import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from drivers import modbus_device
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    FaultsChanged,
    GateMode,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
    PassageCounted,
    ProtocolViolationError,
    Side,
    TamperChanged,
)
from drivers.bus import Bus, Priority
from drivers.protocols import modbus_rtu as rtu
from drivers.registry import register

STATES: Final = tuple(GateState)
"""Input register 0, by number."""
FAULTS: Final = ("motor", "encoder", "infrared", "power", "over_temperature")
"""Input register 7, by bit."""
COMMANDS: Final = {Side.IN: 1, Side.OUT: 2}
HOLD_OPEN, CLOSE = 3, 4
MODES: Final = {GateMode.CONTROLLED: 0, GateMode.FREE: 1, GateMode.FORBIDDEN: 2}
MODE_REGISTERS: Final = {Side.IN: 2, Side.OUT: 3}
OPEN_TIME_REGISTER, WATCHDOG_REGISTER, NEXT_OPEN_TIME_REGISTER = 4, 6, 7
NONCE_REGISTER: Final = 10
RESULT_DONE: Final = 1
RESULTS: Final = {2: "the side is forbidden", 3: "the gate has a fault", 4: "unknown command"}
_OPEN_STATES: Final = frozenset({GateState.OPENING, GateState.OPEN, GateState.EMERGENCY_OPEN})
FIRE_OPEN_INPUT, TAMPER_INPUT, LAST_INPUT = 6, 7, 9
INPUTS_EVERY: Final = 5
"""Every so manieth poll reads the contacts and nothing else: a command waits for one exchange."""
SETUP_EVERY, SETUP_TURN = 10, 3
"""Which polls compare the set-up: a gate that was off for a moment has forgotten free egress."""
COUNTER_MODULUS: Final = 2**32
COUNTER_STEP_MAX: Final = 10_000
"""A counter that grew by more was reset or belongs to another gate; nobody passed because of it."""


@register("speed_gate")
class SpeedGate:
    """One gate with two sides; satisfies ``Driver``, ``TimedPassageGate``, ``TwoSidedGate``."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the gate is reached and set up.

        Attributes:
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a command is sent and read back before giving up.
            open_time_s: How long it stays open for one person, 1..60.
            watchdog_s: Without a poll for so long the gate falls to its fail state; 0 is off.
        """

        unit_id: int = 1
        timeout_s: float = 0.25
        attempt_count: int = 3
        open_time_s: int = 5
        watchdog_s: int = 10

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"speed_gate: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"speed_gate: timeout_s is above 0 and at most 5: {self.timeout_s}"
                )
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"speed_gate: attempt_count is 1..10, not {self.attempt_count}")
            if not 1 <= self.open_time_s <= 60:
                raise ValueError(f"speed_gate: open_time_s is 1..60, not {self.open_time_s}")
            if not 0 <= self.watchdog_s <= 3600:
                raise ValueError(f"speed_gate: watchdog_s is 0..3600, not {self.watchdog_s}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._nonce = secrets.randbelow(0xFFFF) + 1
        self._poll_count = 0
        self._registers: tuple[int, ...] | None = None
        self._inputs: rtu.Reply | None = None
        self._found: list[Observation] = []
        self._setup: dict[int, int] = {}
        self._stands_open = self._is_standing = False

    async def start(self) -> None:
        """Write open time and watchdog; go on from the gate's own last nonce."""
        settings = self._settings
        await self._write(OPEN_TIME_REGISTER, [settings.open_time_s])
        await self._write(WATCHDOG_REGISTER, [settings.watchdog_s])
        # A nonce that the gate has already executed would be echoed and do nothing.
        (self._nonce,) = (await self._read(NONCE_REGISTER, 1)).registers

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        is_inputs_turn = self._poll_count % INPUTS_EVERY == 0
        is_setup_turn = self._poll_count % SETUP_EVERY == SETUP_TURN
        if is_inputs_turn:
            self._found += await self._poll_inputs()
        if is_setup_turn:
            await self._keep_setup()
        if self._registers is None or not (is_inputs_turn or is_setup_turn):
            registers = (await self._read(0, 8)).registers
            self._found += _changes(registers, self._registers)
            self._registers = registers
            await self._keep_open(STATES[registers[0]])
        self._poll_count += 1
        # Not before: what one reading found is not lost when the other fails.
        found, self._found = self._found, []
        return found

    async def _keep_setup(self) -> None:
        """Write again what the gate does not hold any more."""
        first, last = MODE_REGISTERS[Side.IN], WATCHDOG_REGISTER
        request = rtu.encode_read_holding_registers(
            self._settings.unit_id, address=first, count=last - first + 1
        )
        held = (await self._exchange(request)).registers
        for address, value in self._setup.items():
            if held[address - first] != value:
                await self._write(address, [value])

    async def _keep_open(self, state: GateState) -> None:
        """Have the gate stand open as long as it is to, and close it once afterwards."""
        # One in fault refuses; free sides let people through it as it stands.
        with contextlib.suppress(CommandRejectedError):
            if self._stands_open and state not in _OPEN_STATES:
                self._is_standing = True
                await self._command(HOLD_OPEN)
            elif self._is_standing and not self._stands_open:
                await self._command(CLOSE)
                self._is_standing = False

    async def _poll_inputs(self) -> list[Observation]:
        count = LAST_INPUT - FIRE_OPEN_INPUT + 1
        request = rtu.encode_read_discrete_inputs(
            self._settings.unit_id, address=FIRE_OPEN_INPUT, count=count
        )
        reply, before = await self._exchange(request), self._inputs
        self._inputs = reply
        tamper, fire = TAMPER_INPUT - FIRE_OPEN_INPUT, 0
        changes: list[Observation] = []
        if reply.bit(tamper) != (before is not None and before.bit(tamper)):
            changes.append(TamperChanged(reply.bit(tamper)))
        if reply.bit(fire) != (before is not None and before.bit(fire)):
            changes.append(InputChanged(FIRE_OPEN_INPUT, reply.bit(fire)))
        return changes

    @property
    def fire_contact(self) -> int:
        """See ``FireContact.fire_contact``."""
        return FIRE_OPEN_INPUT

    async def access(self, side: Side) -> CommandReceipt:
        """See ``PassageGate.access``."""
        return await self._command(COMMANDS[side])

    async def access_for(self, side: Side, *, access_time_s: float) -> CommandReceipt:
        """See ``TimedPassageGate.access_for``; a gate without the register keeps its own time."""
        # An older gate refuses: whoever may pass passes all the same.
        with contextlib.suppress(CommandRejectedError):
            await self._write(NEXT_OPEN_TIME_REGISTER, [math.ceil(access_time_s)])
        return await self.access(side)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``PassageGate.set_mode``."""
        register_address, value = MODE_REGISTERS[side], MODES[mode]
        await self._write(register_address, [value])
        acknowledged_at_s = self._bus.monotonic()
        if await self._read_back(register_address, 1) != (value,):
            raise ProtocolViolationError(f"the gate did not keep mode {mode.value}")
        return CommandReceipt(attempts=1, acknowledged_at_s=acknowledged_at_s)

    async def set_modes(
        self, modes: Mapping[Side, GateMode], *, stands_open: bool
    ) -> CommandReceipt:
        """See ``TwoSidedGate.set_modes``; two exchanges, and two more once it was polled."""
        sides = [side for side in MODE_REGISTERS if side in modes]
        values = tuple(MODES[modes[side]] for side in sides)
        first = MODE_REGISTERS[sides[0]]
        await self._write(first, values)
        acknowledged_at_s = self._bus.monotonic()
        if await self._read_back(first, len(values)) != values:
            raise ProtocolViolationError("the gate did not keep its modes")
        self._stands_open, self._registers = stands_open, None
        return CommandReceipt(attempts=1, acknowledged_at_s=acknowledged_at_s)

    async def _read_back(self, address: int, count: int) -> tuple[int, ...]:
        """Return holding registers as the gate has them after a command."""
        request = rtu.encode_read_holding_registers(
            self._settings.unit_id, address=address, count=count
        )
        return (await self._exchange(request, Priority.COMMAND, is_read_back=True)).registers

    async def _command(self, number: int) -> CommandReceipt:
        """Send a command until it is read back; the nonce makes repetition harmless.

        A gate that was silent before is asked once: people wait for an answer, and the other
        gates for the line.
        """
        nonce = self._nonce = self._nonce % 0xFFFF + 1
        last_error: DriverError = DeviceUnreachableError("no attempt was made")
        is_lost = self._bus.is_silent(self._settings.unit_id)
        for attempt in range(1, 2 if is_lost else self._settings.attempt_count + 1):
            try:
                await self._write(0, [number, nonce], attempt_count=1)
            except (DeviceUnreachableError, ProtocolViolationError) as error:
                # The gate may have heard it and only the reply was lost: reading it back tells.
                last_error = error
            try:
                echo, result = (
                    await self._read(NONCE_REGISTER, 2, Priority.COMMAND, attempt_count=1)
                ).registers
            except (DeviceUnreachableError, ProtocolViolationError) as error:
                last_error = error
                continue
            if echo != nonce:
                last_error = ProtocolViolationError("the gate did not take the command")
                continue
            if result != RESULT_DONE:
                reason = RESULTS.get(result, f"result {result}")
                raise CommandRejectedError(f"the gate refuses: {reason}", code=result)
            return CommandReceipt(attempts=attempt)
        raise last_error

    async def _write(
        self, address: int, values: Sequence[int], *, attempt_count: int | None = None
    ) -> None:
        request = rtu.encode_write_registers(self._settings.unit_id, address=address, values=values)
        await self._exchange(request, Priority.COMMAND, attempt_count=attempt_count)
        if MODE_REGISTERS[Side.IN] <= address <= WATCHDOG_REGISTER:
            self._setup |= dict(enumerate(values, start=address))

    async def _read(
        self,
        address: int,
        count: int,
        priority: Priority = Priority.POLL,
        *,
        attempt_count: int | None = None,
    ) -> rtu.Reply:
        request = rtu.encode_read_input_registers(
            self._settings.unit_id, address=address, count=count
        )
        return await self._exchange(request, priority, attempt_count=attempt_count)

    async def _exchange(
        self,
        request: rtu.Request,
        priority: Priority = Priority.POLL,
        *,
        attempt_count: int | None = None,
        is_read_back: bool = False,
    ) -> rtu.Reply:
        return await modbus_device.exchange(
            self._bus,
            request,
            timeout_s=self._settings.timeout_s,
            priority=priority,
            attempt_count=self._settings.attempt_count if attempt_count is None else attempt_count,
            is_read_back=is_read_back,
        )


def _changes(registers: Sequence[int], before: Sequence[int] | None) -> list[Observation]:
    """Return what differs between two readings of input registers 0..7.

    Raises:
        ProtocolViolationError: The state is none.
    """
    changes: list[Observation] = []
    if before is None or registers[0] != before[0]:
        if registers[0] >= len(STATES):
            raise ProtocolViolationError(f"the gate reports state {registers[0]}, which is none")
        changes.append(GateStateChanged(STATES[registers[0]]))
    if before is not None:
        for side, index in ((Side.IN, 1), (Side.OUT, 3)):
            grown = (_counter(registers, index) - _counter(before, index)) % COUNTER_MODULUS
            if 0 < grown <= COUNTER_STEP_MAX:
                changes.append(PassageCounted(side, grown))
    if registers[7] != (0 if before is None else before[7]):
        changes.append(FaultsChanged(_fault_names(registers[7])))
    return changes


def _counter(registers: Sequence[int], index: int) -> int:
    return registers[index] << 16 | registers[index + 1]


def _fault_names(bits: int) -> tuple[str, ...]:
    unknown = bits >> len(FAULTS)
    known = tuple(name for bit, name in enumerate(FAULTS) if bits >> bit & 1)
    return (*known, f"unknown_{unknown:#x}") if unknown else known
