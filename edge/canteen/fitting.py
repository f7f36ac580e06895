"""Whether the devices that the site file puts at tills are what tills need. Pure."""

from config.site import DeviceEntry, Site, SiteError
from drivers.base import (
    CredentialKind,
    CredentialReader,
    Driver,
    LineDisplay,
    ReceiptPrinter,
    Scale,
)
from edge.patrol.rules import IDENTIFYING


def check_device(device: DeviceEntry, driver: Driver, site: Site) -> None:
    """Check what tills want of a device.

    Raises:
        SiteError: It is none of what the till names it as; the message says what is wanted.
    """
    for till in site.till:
        if device.id in till.readers:
            kinds = driver.credential_kinds if isinstance(driver, CredentialReader) else frozenset()
            if not kinds & (IDENTIFYING | {CredentialKind.QR}):
                raise SiteError(
                    f"till {till.id!r} needs a reader of cards or codes; device {device.id!r} is a"
                    f" {device.driver!r}, which is none"
                )
        for part, named, wanted in (
            ("scale", till.scale, Scale),
            ("receipt printer", till.printer, ReceiptPrinter),
            ("customer display", till.display, LineDisplay),
        ):
            if device.id == named and not isinstance(driver, wanted):
                raise SiteError(
                    f"till {till.id!r} needs a {part}; device {device.id!r} is a"
                    f" {device.driver!r}, which is none"
                )
