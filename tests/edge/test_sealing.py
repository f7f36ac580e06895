"""Keys on a terminal's disk: sealed where something can seal, moved there once, told apart."""

import asyncio
import shutil
from pathlib import Path

import pytest

from config.doctor.findings import Level
from config.site import Site
from edge.doctor.machine import judge_keys
from edge.identity import Home, IdentityError
from edge.sealing import (
    CREDENTIAL,
    KeySealer,
    SealError,
    SystemdSealer,
    machine_sealer,
)
from tests.edge.central_stand_in import NODE, CentralStandIn
from tests.edge.central_stand_in import SITE as SITE_NAME
from tests.edge.conftest import enrolled

SECRET = b"s" * 32


def site(terminal_keys: str) -> Site:
    return Site.model_validate(
        {
            "site": {"id": "a", "name": {"en": "A"}},
            "policy": {"terminal_keys": terminal_keys},
            "node": [{"id": "gate-1"}],
        }
    )


def host_sealer() -> SystemdSealer:
    """Return systemd's own sealing, with the key that every machine with systemd has."""
    sealer = SystemdSealer(with_key="host")
    try:
        sealer.seal(b"x", purpose="x")
    except SealError as error:
        pytest.skip(f"systemd does not seal here: {error}")
    return sealer


def test_what_is_sealed_for_one_purpose_is_not_opened_for_another() -> None:
    sealer = KeySealer("credential", SECRET)
    sealed = sealer.seal(b"secret", purpose="a")

    assert sealer.unseal(sealed, purpose="a") == b"secret"
    with pytest.raises(SealError, match="b was sealed with another key"):
        sealer.unseal(sealed, purpose="b")
    with pytest.raises(SealError):
        KeySealer("credential", b"t" * 32).unseal(sealed, purpose="a")


def test_systemd_seals_and_opens_on_this_machine() -> None:
    sealer = host_sealer()

    sealed = sealer.seal(b"\x00\xffsecret", purpose="sealing.key")

    assert sealer.unseal(sealed, purpose="sealing.key") == b"\x00\xffsecret"
    with pytest.raises(SealError, match="refuses"):
        sealer.unseal(sealed, purpose="signing.key")


def test_a_machine_without_systemd_says_so() -> None:
    with pytest.raises(SealError, match="cannot be run"):
        SystemdSealer(command="/nowhere/systemd-creds").seal(b"s", purpose="a")


def test_a_credential_of_the_service_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CREDENTIAL).write_bytes(SECRET)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    sealer = machine_sealer()

    assert sealer is not None
    assert sealer.name == "credential"
    (tmp_path / CREDENTIAL).write_bytes(b"short")
    with pytest.raises(SealError, match="shorter than 32"):
        machine_sealer()


def test_keys_that_lay_in_the_clear_are_sealed_at_the_next_start(
    tmp_path: Path, central: CentralStandIn
) -> None:
    clear = enrolled(tmp_path, central)
    secret = (tmp_path / "sealing.key").read_bytes()

    sealed = Home(tmp_path, sealer=KeySealer("credential", SECRET)).load(site=SITE_NAME, node=NODE)

    assert sealed is not None
    assert sealed.card_key == clear.card_key
    assert not (tmp_path / "sealing.key").exists()
    assert not (tmp_path / "signing.key").exists()
    assert not [p for p in tmp_path.iterdir() if secret in p.read_bytes()]


def test_a_copied_disk_without_the_credential_is_refused_in_one_line(
    tmp_path: Path, central: CentralStandIn
) -> None:
    home = Home(tmp_path / "home", sealer=KeySealer("credential", SECRET))
    asyncio.run(home.enrol(central.token(), site=SITE_NAME, node=NODE))
    stolen = shutil.copytree(tmp_path / "home", tmp_path / "stolen")

    for sealer in (None, KeySealer("credential", b"guess" * 7)):
        with pytest.raises(IdentityError) as refused:
            Home(stolen, sealer=sealer).load(site=SITE_NAME, node=NODE)

        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("terminal_keys", "has_seal", "level"),
    [
        ("sealed", True, Level.OK),
        ("sealed", False, Level.WARNING),
        ("release", False, Level.OK),
    ],
)
def test_the_doctor_says_whether_a_copied_disk_opens(
    terminal_keys: str, has_seal: bool, level: Level
) -> None:
    finding = judge_keys(site(terminal_keys), has_seal=has_seal)

    assert (finding.check, finding.level) == ("keys", level)
