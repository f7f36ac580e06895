"""The pytest plugin of the conformance suite; found by its entry point."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what names real hardware."""
    group = parser.getgroup("menshen", "driver conformance")
    group.addoption("--device", default="", help="port of a real device to run the suite against")
    group.addoption("--device-baud", type=int, default=9600, help="its baud rate")
    group.addoption("--device-set", action="append", default=[], help="SETTING=VALUE of the driver")


@pytest.fixture
def menshen_device(request: pytest.FixtureRequest) -> object:
    """Return the device of ``--device``; None without one."""
    # Not at the top: pytest loads this before it measures coverage.
    from drivers.conformance.suite import DeviceAtHand

    port = str(request.config.getoption("--device"))
    if not port:
        return None
    return DeviceAtHand(
        port,
        int(request.config.getoption("--device-baud")),
        tuple(request.config.getoption("--device-set")),
    )
