"""What drivers and boards say of a site file that reads well, for ``menshen config check``."""

from collections.abc import Iterator

from config.doctor.findings import Finding, Level
from config.site import Site
from drivers.registry import driver_class, make_settings
from edge.doctor.boards import judge_boards
from edge.doctor.fire import judge_fire


def doubts(site: Site) -> Iterator[Finding]:
    """Yield a problem for each device that no driver takes as it is; else, a warning for each."""
    is_usable = True
    for device in site.device:
        try:
            make_settings(device.driver, driver_class(device.driver).Settings, device.settings)
        except (TypeError, ValueError) as error:
            # A TypeError is a setting that the driver cannot do without.
            is_usable = False
            yield Finding(f"device {device.id}", Level.PROBLEM, str(error))
    if is_usable:
        yield from judge_fire(site)
        yield from judge_boards(site)
