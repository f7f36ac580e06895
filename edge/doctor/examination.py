"""Every check of a terminal, in its order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from config.doctor.certificates import judge_certificates
from config.doctor.files import check_private
from config.doctor.findings import Finding
from config.doctor.patient import Patient
from config.site import Site
from edge.doctor.boards import judge_boards
from edge.doctor.certificates import trusted_here
from edge.doctor.fire import judge_fire
from edge.doctor.lines import list_ports, try_camera, try_port
from edge.doctor.machine import (
    check_room,
    check_time_server,
    is_sealed,
    judge_contract,
    judge_keys,
)
from edge.doctor.memberships import ask_central, judge_suite, memberships_here
from edge.doctor.recognition import check_models, judge_liveness, judge_target, network_here
from edge.doctor.replicas import ages_here, enrolled_here, judge_ages, judge_networks
from models.store import Store, default_store


def look(patient: Patient) -> Iterator[Finding]:
    """Yield what was found; a camera may take some seconds.

    Raises:
        SiteError: The site has no such node.
        ValueError: A device has a driver that is none, or settings that are not its own.
    """
    site, node = patient.site, patient.node
    if site is not None:
        yield from judge_fire(site, node=node)
        yield from judge_boards(site, node=node)
        site = site.for_node(node) if node else site
    yield from examine(site, home=patient.home, store=default_store())


def examine(site: Site | None, *, home: Path, store: Store) -> Iterator[Finding]:
    """Yield what was found; a camera may take some seconds.

    Args:
        site: Whose ports and cameras are tried; None tries none.
        home: State folder.
        store: Of recognition networks.
    """
    for folder in sorted(home.glob("edge-*")):
        yield from check_private(folder)
    memberships = memberships_here(home)
    yield from judge_certificates(
        trusted_here(memberships), now=datetime.now(UTC), advice="join this terminal again"
    )
    for membership in memberships:
        yield from judge_suite(membership)
        yield from ask_central(membership)
    if memberships:
        yield judge_contract()
    yield from check_room(home)
    yield from check_models(site, store)
    if site is not None:
        yield from check_time_server(site.time)
        yield from judge_ages(site, ages_here(home), now=datetime.now(UTC))
        enrolled = enrolled_here(home, network_here(site, store))
        yield from judge_target(site, enrolled)
        yield from judge_networks(enrolled)
        yield from judge_liveness(site, store)
        if site.node:
            yield judge_keys(site, has_seal=is_sealed())
    if site is None:
        yield from list_ports()
        return
    for bus in site.bus:
        yield try_port(bus)
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(try_camera, site.camera)
