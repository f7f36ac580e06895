"""The cameras of a node, put together with its journal and its keys."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from config.pictures_wanted import Scene
from config.site import Site
from edge.central_client import CentralClient
from edge.installation import Installation
from edge.journal import Journal
from edge.video.equipment import equip
from edge.video.recorder import RecordingChecks
from edge.video.recorders import recorder_of
from edge.video.station import Station


def open_station(
    site: Site,
    made: Installation,
    *,
    secret: bytes | None,
    central: CentralClient,
    folder: Path,
    journal: Journal,
    now: Callable[[], datetime],
) -> Station:
    """Return the station of a node, which hears what the journal holds from now on.

    Args:
        site: With only what stands at this node.
        made: Its devices and doors.
        secret: That clips on the disk are encrypted with; None keeps them in memory.
        central: Gets them.
        folder: The node's state folder.
        journal: Is heard.
        now: Wall clock, aware UTC.

    Raises:
        SiteError: A camera of the site file cannot be used as it says.
    """
    equipment = equip(
        site,
        made,
        central=central,
        folder=folder,
        secret=secret,
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
