"""Whether a copy of this machine's disk opens anything."""

from config.doctor.findings import Finding, Level
from config.site import Site
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
