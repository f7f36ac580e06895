"""When the authority is over that a terminal of this machine trusts."""

from datetime import datetime

from config.doctor.certificates import first_end
from edge.doctor.memberships import Membership


def trusted_here(memberships: list[Membership]) -> dict[str, datetime | None]:
    """Return when the authority of each terminal is over; none where central has no TLS."""
    return {
        f"the authority that {each.folder.name} trusts": first_end(each.ca_certificate)
        for each in memberships
        if each.ca_certificate is not None
    }
