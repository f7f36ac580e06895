"""What drivers of devices that answer share: a question, repeated where that is sensible."""

from collections.abc import Callable
from typing import TypeVar

from drivers.base import DeviceUnreachableError, ProtocolViolationError
from drivers.bus import Bus, Decoder, Priority

_Reply = TypeVar("_Reply")


async def ask(
    bus: Bus,
    request: bytes,
    decoder: Callable[[], Decoder[_Reply]],
    *,
    unit_id: int | str,
    timeout_s: float,
    priority: Priority = Priority.POLL,
    attempt_count: int = 1,
) -> _Reply:
    """Return the reply to a request.

    Args:
        bus: The line.
        request: What to ask; repeating it must be harmless if ``attempt_count`` is above 1.
        decoder: Makes a new decoder of the reply for each attempt.
        unit_id: Who is asked; on a line with several protocols a text that names both.
        timeout_s: For each attempt.
        priority: Of each attempt.
        attempt_count: Times to ask before giving up; a unit that did not answer last time is
            asked once, because each try costs every other device on the line.

    Raises:
        DriverError: No attempt was answered.
    """
    if attempt_count < 1:
        raise ValueError("attempt_count is 1 or more")
    left_count = 1 if bus.is_silent(unit_id) else attempt_count
    while True:
        left_count -= 1
        try:
            return await bus.exchange(
                request, decoder(), unit_id=unit_id, timeout_s=timeout_s, priority=priority
            )
        except (DeviceUnreachableError, ProtocolViolationError):
            if left_count == 0:
                raise
