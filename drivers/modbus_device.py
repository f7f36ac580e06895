"""What drivers of Modbus devices share: an exchange whose refusal is an error."""

from drivers.base import CommandRejectedError, DeviceUnreachableError, ProtocolViolationError
from drivers.bus import Bus, Priority
from drivers.protocols import modbus_rtu as rtu

EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    6: "server device busy",
}
"""MODBUS Application Protocol V1.1b3, section 7."""


async def exchange(
    bus: Bus,
    request: rtu.Request,
    *,
    timeout_s: float,
    priority: Priority = Priority.POLL,
    attempt_count: int = 1,
    is_read_back: bool = False,
) -> rtu.Reply:
    """Return the reply to a request.

    Args:
        bus: The line.
        request: What to ask; repeating it must be harmless if ``attempt_count`` is above 1.
        timeout_s: For each attempt.
        priority: Of each attempt.
        attempt_count: Times to ask before giving up; a unit that did not answer last time is
            asked once, because each try costs every other device on the line.
        is_read_back: See ``Bus.exchange``.

    Raises:
        CommandRejectedError: The device answered with an exception; its code is kept.
        DriverError: No attempt was answered.
    """
    if attempt_count < 1:
        raise ValueError("attempt_count is 1 or more")
    left_count = 1 if bus.is_silent(request.unit_id) else attempt_count
    while True:
        left_count -= 1
        try:
            reply = await bus.exchange(
                request.frame,
                rtu.ReplyDecoder(request),
                unit_id=request.unit_id,
                timeout_s=timeout_s,
                priority=priority,
                is_read_back=is_read_back,
            )
        except (DeviceUnreachableError, ProtocolViolationError):
            if left_count == 0:
                raise
            continue
        if reply.exception_code is not None:
            name = EXCEPTION_NAMES.get(reply.exception_code, "unknown exception")
            message = f"unit {request.unit_id} refuses: {name} ({reply.exception_code})"
            raise CommandRejectedError(message, code=reply.exception_code)
        return reply
