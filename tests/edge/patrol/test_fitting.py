"""A checkpoint's device that reads nothing is a mistake of the site file, said in one line."""

from pathlib import Path

import pytest

from config.site import BusEntry, DeviceEntry, Node, Site, SiteError, SiteIdentity
from config.site_patrol import CheckpointEntry, PatrolReaderEntry
from drivers.base import CredentialReader
from drivers.bus import Bus
from drivers.registry import create, driver_class, names
from edge.patrol.fitting import check_reader

SITE = Site(
    site=SiteIdentity(id="demo", name={"en": "Demo"}),
    node=(Node(id="n"),),
    bus=(BusEntry(id="b", node="n", port="/dev/null"),),
    device=(DeviceEntry(id="d", driver="rdm6300", bus="b"),),
)
FIXED = SITE.model_copy(update={"checkpoint": (CheckpointEntry(id="plant", device="d"),)})
CARRIED = SITE.model_copy(update={"patrol_reader": (PatrolReaderEntry(device="d"),)})


def check(site: Site, driver: str) -> None:
    device = DeviceEntry(id="d", driver=driver, bus="b")
    check_reader(device, create(driver, Bus("/dev/null"), {}), site)


@pytest.mark.parametrize(
    ("site", "driver", "message"),
    [
        (FIXED, "waveshare_relay", "checkpoint 'plant' needs a reader of cards.*reads nothing"),
        (FIXED, "qr_scanner", "checkpoint 'plant' needs a reader of cards.*reads qr"),
        (CARRIED, "speed_gate", "patrol_reader 'd' needs a reader of tags or codes"),
    ],
)
def test_a_device_that_cannot_read_what_a_guard_shows_is_said(
    site: Site, driver: str, message: str
) -> None:
    with pytest.raises(SiteError, match=message):
        check(site, driver)


@pytest.mark.parametrize(
    ("site", "driver"), [(FIXED, "rdm6300"), (CARRIED, "qr_scanner"), (SITE, "speed_gate")]
)
def test_a_reader_and_a_device_that_patrols_want_nothing_of_are_taken(
    site: Site, driver: str
) -> None:
    check(site, driver)


def test_every_driver_that_reports_credentials_says_which() -> None:
    folder = Path(__file__).parents[3] / "drivers"
    sources = {n: folder / f"{n}.py" for n in names() if (folder / f"{n}.py").exists()}
    reporting = {n for n, p in sources.items() if "CredentialRead(" in p.read_text("utf-8")}

    assert reporting == {n for n in sources if hasattr(driver_class(n), "credential_kinds")}
    assert isinstance(create("rdm6300", Bus("/dev/null"), {}), CredentialReader)
