"""Eight-channel Modbus RTU relay board with eight dry-contact inputs, of the Waveshare type.

Every pulse is the board's own *flash* command, which opens the relay again even when this process
dies meanwhile. What is not read back did not happen as far as we say.

Source: Waveshare wiki, "Modbus RTU Relay 8-CH" and "Modbus RTU IO 8CH" (maker's page, version
unconfirmed; frames as quoted by five independent repositories): functions 01, 02 and 05, address
0x0200 + channel for *flash on*, functions 03 and 06 of register 0x4000 for the board's address.
"""

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers import modbus_device
from drivers.base import (
    CommandReceipt,
    DeviceUnreachableError,
    DriverError,
    InputChanged,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus, Priority
from drivers.protocols import modbus_rtu as rtu
from drivers.registry import register

CHANNEL_COUNT: Final = 8
ON, OFF = 0xFF00, 0x0000
FLASH_ON_ADDRESS: Final = 0x0200
FLASH_STEP_S: Final = 0.1
ADDRESS_REGISTER: Final = 0x4000
FLASH_STEPS_MAX: Final = 0x7FFF
PULSE_SHARE_SEEN: Final = 0.9
"""Of a pulse's length: within it the pulse is surely still on, however the board counts."""


@register("waveshare_relay")
class WaveshareRelay:
    """One board; satisfies ``Driver`` and ``OutputBoard``."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached.

        Attributes:
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        unit_id: int = 1
        timeout_s: float = 0.25
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"waveshare_relay: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"waveshare_relay: timeout_s is above 0 and at most 5: {self.timeout_s}"
                )
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(
                    f"waveshare_relay: attempt_count is 1..10, not {self.attempt_count}"
                )

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._inputs: int | None = None

    async def start(self) -> None:
        """Nothing is set up: outputs stay as they are. Raises when the board does not answer.

        What its inputs were is stale: the next poll reports all.
        """
        self._inputs = None
        await self._read_outputs(Priority.POLL)

    @property
    def free_inputs(self) -> frozenset[int]:
        """See ``ContactInputs``: all of them."""
        return frozenset(range(CHANNEL_COUNT))

    async def poll(self) -> Sequence[Observation]:
        """Read all inputs; see ``Driver.poll``."""
        request = rtu.encode_read_discrete_inputs(
            self._settings.unit_id, address=0, count=CHANNEL_COUNT
        )
        inputs = (await self._exchange(request, Priority.POLL)).payload[0]
        changed = 0xFF if self._inputs is None else inputs ^ self._inputs
        self._inputs = inputs
        return [
            InputChanged(channel, active=bool(inputs >> channel & 1))
            for channel in range(CHANNEL_COUNT)
            if changed >> channel & 1
        ]

    async def set_output(self, channel: int, *, on: bool) -> CommandReceipt:
        """See ``OutputBoard.set_output``."""
        _check(channel)
        unit_id = self._settings.unit_id
        request = rtu.encode_write_coil(unit_id, address=channel, value=ON if on else OFF)
        last_error: DriverError = DeviceUnreachableError("no attempt was made")
        for attempt in range(1, self._attempt_count() + 1):
            try:
                await self._exchange(request, Priority.COMMAND, attempt_count=1)
                acknowledged_at_s = self._bus.monotonic()
                # An adapter that echoes would acknowledge by itself; a read cannot be echoed.
                outputs = await self._read_outputs(Priority.COMMAND, is_read_back=True)
            except (DeviceUnreachableError, ProtocolViolationError) as error:
                last_error = error
                continue
            if bool(outputs >> channel & 1) is on:
                return CommandReceipt(attempts=attempt, acknowledged_at_s=acknowledged_at_s)
            last_error = _not_done(unit_id, outputs)
        raise last_error

    async def pulse_output(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """See ``OutputBoard.pulse_output``; the board ends the pulse by itself.

        The relay is read back. A pulse is given anew only while an earlier one, had it begun, would
        still be seen: behind the relay may be a gate, and a second pulse lets a second person in.

        Args:
            channel: 0-based.
            duration_s: Rounded up to 0.1 s; at most 3276.7 s. Below three times ``timeout_s`` a
                lost answer cannot be made good.

        Raises:
            DeviceUnreachableError: Whether the pulse was given is not known, or it was not.
            ProtocolViolationError: The board says that it did, and its relay does not.
        """
        _check(channel)
        steps = math.ceil(round(duration_s / FLASH_STEP_S, 6))
        if not 1 <= steps <= FLASH_STEPS_MAX:
            raise ValueError(f"a pulse lasts 0.1..3276.7 s, not {duration_s}")
        request = rtu.encode_write_coil(
            self._settings.unit_id, address=FLASH_ON_ADDRESS + channel, value=steps
        )
        seen_s = steps * FLASH_STEP_S * PULSE_SHARE_SEEN
        last_error: DriverError = DeviceUnreachableError("no attempt was made")
        for attempt in range(1, self._attempt_count() + 1):
            error = await self._flash(request, channel, seen_s)
            if error is None:
                return CommandReceipt(attempts=attempt)
            last_error = error
        raise last_error

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """See ``AddressChangeable``; 1..247, kept by the board when it is switched off."""
        if not 1 <= unit_id <= 247:
            raise ValueError(f"waveshare_relay: unit_id is 1..247, not {unit_id}")
        request = rtu.encode_write_register(
            self._settings.unit_id, address=ADDRESS_REGISTER, value=unit_id
        )
        # Some firmware answers from the new address already; reading it there tells.
        with contextlib.suppress(DeviceUnreachableError):
            await self._exchange(request, Priority.COMMAND)
        read = rtu.encode_read_holding_registers(unit_id, address=ADDRESS_REGISTER, count=1)
        if (await self._exchange(read, Priority.COMMAND)).registers != (unit_id,):
            raise ProtocolViolationError(f"the board did not keep address {unit_id}")
        self._settings = dataclasses.replace(self._settings, unit_id=unit_id)
        return CommandReceipt(attempts=1)

    async def _flash(self, request: rtu.Request, channel: int, seen_s: float) -> DriverError | None:
        """Give one pulse; returns why it surely was not given, None if it was.

        Raises:
            DriverError: Whether it was given is not known.
        """
        began_s = self._monotonic()
        lost: DriverError | None = None
        try:
            await self._exchange(request, Priority.COMMAND, attempt_count=1)
        except (DeviceUnreachableError, ProtocolViolationError) as error:
            lost = error
        unread: DriverError | None = None
        while self._monotonic() - began_s < seen_s:
            try:
                outputs = await self._read_outputs(Priority.COMMAND, attempt_count=1)
            except (DeviceUnreachableError, ProtocolViolationError) as error:
                unread = error
                if self._bus.is_silent(request.unit_id):
                    break
                continue
            if outputs >> channel & 1:
                return None
            if self._monotonic() - began_s < seen_s:
                return lost or _not_done(request.unit_id, outputs)
            break
        if lost is None and unread is None:
            return None  # it was acknowledged, and may have been over when it was looked at
        raise DeviceUnreachableError(
            f"unit {request.unit_id}: whether relay {channel} gave its pulse is not known;"
            " it is not given again"
        ) from lost

    def _attempt_count(self) -> int:
        """Return how often to ask: a board that was silent last time is asked once."""
        is_silent = self._bus.is_silent(self._settings.unit_id)
        return 1 if is_silent else self._settings.attempt_count

    async def read_outputs(self) -> int:
        """Return all relays as they are, bit 0 is relay 0."""
        return await self._read_outputs(Priority.POLL)

    async def _read_outputs(
        self, priority: Priority, *, attempt_count: int | None = None, is_read_back: bool = False
    ) -> int:
        request = rtu.encode_read_coils(self._settings.unit_id, address=0, count=CHANNEL_COUNT)
        reply = await self._exchange(
            request, priority, attempt_count=attempt_count, is_read_back=is_read_back
        )
        return reply.payload[0]

    async def _exchange(
        self,
        request: rtu.Request,
        priority: Priority,
        *,
        attempt_count: int | None = None,
        is_read_back: bool = False,
    ) -> rtu.Reply:
        settings = self._settings
        return await modbus_device.exchange(
            self._bus,
            request,
            timeout_s=settings.timeout_s,
            priority=priority,
            attempt_count=settings.attempt_count if attempt_count is None else attempt_count,
            is_read_back=is_read_back,
        )


def _check(channel: int) -> None:
    if not 0 <= channel < CHANNEL_COUNT:
        raise ValueError(f"channel is 0..{CHANNEL_COUNT - 1}, not {channel}")


def _not_done(unit_id: int, outputs: int) -> ProtocolViolationError:
    return ProtocolViolationError(
        f"unit {unit_id}: the relays read {outputs:08b} after the command"
    )
