"""A driver kept running the way the edge does: set up, polled, and set up again after an error."""

from collections.abc import Awaitable, Callable

from drivers.base import Closeable, Driver, DriverError, Observation


async def drive(
    driver: Driver,
    *,
    tell: Callable[[Observation | DriverError], None],
    is_over: Callable[[], bool],
    pause: Callable[[], Awaitable[None]],
) -> None:
    """Start and poll a driver until it is over; errors of the far end are told, not raised.

    Args:
        driver: Closed at the end, if it can be.
        tell: Told of each observation and error, in their order.
        is_over: Asked before each poll.
        pause: Awaited after each poll.
    """
    is_set_up = False
    try:
        while not is_over():
            try:
                if not is_set_up:
                    await driver.start()
                    is_set_up = True
                for observation in await driver.poll():
                    tell(observation)
            except DriverError as error:
                is_set_up = False
                tell(error)
            await pause()
    finally:
        if isinstance(driver, Closeable):
            await driver.close()
