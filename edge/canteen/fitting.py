"""Whether the devices that the site file puts at tills are what tills need. Pure."""

from config.site import DeviceEntry, Site, SiteError
from drivers.base import CredentialKind, CredentialReader, Driver, Scale
from edge.patrol.rules import IDENTIFYING


def check_device(device: DeviceEntry, driver: Driver, site: Site) -> None:
    """Check what tills want of a device.

    Raises:
        SiteError: It is no reader, or no scale; the message says what is wanted.
    """
    for till in site.till:
        if device.id in till.readers:
            kinds = driver.credential_kinds if isinstance(driver, CredentialReader) else frozenset()
            if not kinds & (IDENTIFYING | {CredentialKind.QR}):
                raise SiteError(
                    f"till {till.id!r} needs a reader of cards or codes; device {device.id!r} is a"
                    f" {device.driver!r}, which is none"
                )
        if device.id == till.scale and not isinstance(driver, Scale):
            raise SiteError(
                f"till {till.id!r} needs a scale; device {device.id!r} is a {device.driver!r},"
                " which is none"
            )
