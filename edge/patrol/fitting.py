"""Whether the devices that the site file takes for readers of patrols are readers. Pure."""

from config.site import DeviceEntry, Site, SiteError
from drivers.base import CredentialKind, CredentialReader, Driver
from edge.patrol.rules import IDENTIFYING


def check_reader(device: DeviceEntry, driver: Driver, site: Site) -> None:
    """Check what patrols want of a device.

    Raises:
        SiteError: It cannot read what a guard would show there; the message says what it can.
    """
    for checkpoint in site.checkpoint:
        if checkpoint.device == device.id:
            _check(f"checkpoint {checkpoint.id!r}", device, driver, IDENTIFYING, "cards")
    for reader in site.patrol_reader:
        if reader.device == device.id:
            wanted = IDENTIFYING | {CredentialKind.QR}
            _check(f"patrol_reader {reader.device!r}", device, driver, wanted, "tags or codes")


def _check(
    what: str, device: DeviceEntry, driver: Driver, wanted: frozenset[CredentialKind], words: str
) -> None:
    kinds = driver.credential_kinds if isinstance(driver, CredentialReader) else frozenset()
    if not kinds & wanted:
        listed = ", ".join(sorted(kinds)) or "nothing"
        raise SiteError(
            f"{what} needs a reader of {words}; device {device.id!r} is a {device.driver!r},"
            f" which reads {listed}"
        )
