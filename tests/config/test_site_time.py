"""Whose time a site keeps."""

import pytest
from pydantic import ValidationError

from config.site_time import SiteTime


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("ntp.example", ("ntp.example", 123)),
        ("ntp.example.:1123", ("ntp.example.", 1123)),
        ("192.0.2.1", ("192.0.2.1", 123)),
        (None, None),
    ],
)
def test_a_time_server_is_a_host_and_perhaps_a_port(
    server: str | None, address: tuple[str, int] | None
) -> None:
    assert SiteTime(server=server).address == address


@pytest.mark.parametrize("server", ["ntp..example", ".", "n" * 64, "ntp:0", "ntp:65536", "ntp:"])
def test_what_no_resolver_takes_is_refused_in_one_line(server: str) -> None:
    with pytest.raises(ValidationError, match=r"write ntp\.example|should match pattern"):
        SiteTime(server=server)
