"""Whether a copy of this machine's disk opens anything, what fills it, and whose time it keeps."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from config.contract.headers import CONTRACT_VERSION
from config.doctor.findings import Finding, Level
from config.site import Site
from config.site_time import SiteTime
from drivers.protocols.sntp import Measured
from edge.clock import system_now
from edge.machine.disk import MEGABYTE
from edge.machine.time_server import TimeServerError, ask
from edge.machine.watch import used_bytes
from edge.sealing import CREDENTIAL, SealError, machine_sealer


def judge_keys(site: Site, *, has_seal: bool) -> Finding:
    """Return whether a copied disk of this machine would open the faces on it."""
    seal = "sealed by this machine's TPM or credential" if has_seal else "a file on its disk"
    if site.policy.terminal_keys == "release":
        message = f"released by central at each start; the key that proves who it is: {seal}"
        return Finding("keys", Level.OK, message)
    if has_seal:
        return Finding("keys", Level.OK, f"{seal}: a copied disk opens nothing")
    message = "no TPM and no credential: whoever copies this disk can read the faces on it"
    advice = (
        f"give the service the credential {CREDENTIAL} from outside the disk, use a machine with a"
        ' TPM, or set terminal_keys = "release" (it then needs central at each start)'
    )
    return Finding("keys", Level.WARNING, message, advice)


def is_sealed() -> bool:
    """Return whether this machine can seal its keys."""
    try:
        return machine_sealer() is not None
    except SealError:
        return False


def judge_contract() -> Finding:
    """Return which contract this program speaks with central."""
    return Finding("contract", Level.OK, f"version {CONTRACT_VERSION}, and the one before")


def check_room(home: Path) -> Iterator[Finding]:
    """Yield what takes the room of each terminal here."""
    for folder in sorted(home.glob("edge-*")):
        used = used_bytes(folder)
        parts = ", ".join(f"{kind} {size / MEGABYTE:.1f}" for kind, size in used.most_common())
        total = f"{used.total() / MEGABYTE:.1f} MB"
        yield Finding(f"room of {folder.name}", Level.OK, f"{total} ({parts})" if parts else total)


def check_time_server(limits: SiteTime) -> Iterator[Finding]:
    """Yield how this machine's clock compares with the site's time server."""
    if limits.address is None:
        return
    try:
        measured = asyncio.run(ask(limits.address, wall=system_now))
    except TimeServerError as error:
        said = f"{limits.server} does not help ({error})"
        advice = "look at its name, at UDP port 123 on the way to it, and at the server itself"
        yield Finding("time server", Level.WARNING, said, advice)
        return
    yield judge_offset(measured, limits)


def judge_offset(measured: Measured, limits: SiteTime) -> Finding:
    """Return what a measured offset is worth."""
    off_s = abs(measured.offset_s)
    way = "behind" if measured.offset_s > 0 else "ahead of"
    said = f"this machine's clock is {off_s:.3f} s {way} {limits.server}"
    if off_s <= limits.offset_s_max + measured.error_s:
        return Finding("time server", Level.OK, f"{said} (± {measured.error_s:.3f} s)")
    advice = "let this machine's time service (systemd-timesyncd or chrony) ask that server"
    return Finding("time server", Level.WARNING, said, advice)
