"""The cameras of a node, put together with its journal and its keys."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from config.crypto.suites import SuiteSecret
from config.pictures_wanted import Scene
from config.site import Site
from edge.central_client import CentralClient
from edge.identity import Identity
from edge.installation import Installation
from edge.journal import Journal
from edge.video.equipment import equip
from edge.video.recorder import RecordingChecks
from edge.video.recorders import recorder_of
from edge.video.station import Station


def open_station(
    site: Site,
    made: Installation,
    identity: Identity,
    *,
    central: CentralClient,
    folder: Path,
    journal: Journal,
    now: Callable[[], datetime],
) -> Station:
    """Return the station of a node, which hears what the journal holds from now on.

    Raises:
        SiteError: A camera of the site file cannot be used as it says.
    """
    equipment = equip(
        site,
        made,
        central=central,
        folder=folder,
        # What is written while nobody's keys are open could not be read after a restart.
        secret=None
        if identity.is_locked
        else SuiteSecret(identity.sealing_key.private_bytes_raw(), identity.suite),
        now=now,
    )
    station = Station(
        site,
        equipment,
        subjects=Scene(site).subjects,
        central=central,
        recorder=journal,
        now=now,
    )
    journal.hear(station.hear)
    if any(camera.recorder is not None for camera in site.camera):
        checks = RecordingChecks(site.camera, journal, recorder_of=recorder_of, now=now)
        station.tasks["recordings"] = checks.run
    return station
