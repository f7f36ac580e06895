from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from config.contract.commands import (
    LIFETIME_MAX,
    CommandHead,
    NodeCommand,
    OpenOnce,
    SignedCommand,
    read_command,
    sign_command,
)
from config.contract.identifiers import new_id
from config.contract.trust import TrustError, sign, to_text
from tests.edge.conftest import NOW

KEY = Ed25519PrivateKey.generate()


def command(**more: Any) -> NodeCommand:  # noqa: ANN401 - fields of any type
    values: dict[str, Any] = {
        "id": new_id(),
        "node": "gate-1",
        "what": OpenOnce(access_point="east"),
        "asked_by": "user-1",
        "reason": "a delivery",
        "issued_at": NOW,
        "expires_at": NOW + timedelta(seconds=30),
    }
    return NodeCommand(**(values | more))


def read(
    signed: SignedCommand, *, node: str = "gate-1", site: str = "demo"
) -> NodeCommand | CommandHead:
    return read_command(signed, key=KEY.public_key(), site=site, node=node)


def test_a_node_reads_what_central_signed() -> None:
    wanted = command()

    assert read(sign_command(wanted, key=KEY, site="demo")) == wanted


@pytest.mark.parametrize(
    ("place", "why"),
    [({"node": "gate-2"}, "for gate-1, not for this node"), ({"site": "other"}, "does not fit")],
)
def test_a_command_is_for_one_node_of_one_site(place: dict[str, str], why: str) -> None:
    with pytest.raises(TrustError, match=why):
        read(sign_command(command(), key=KEY, site="demo"), **place)


def test_somebody_elses_signature_is_refused() -> None:
    forged = sign_command(command(), key=Ed25519PrivateKey.generate(), site="demo")

    with pytest.raises(TrustError, match="does not fit"):
        read(forged)


def test_a_changed_body_is_refused() -> None:
    signed = sign_command(command(), key=KEY, site="demo")
    changed = signed.model_copy(update={"body": signed.body.replace("east", "west")})

    with pytest.raises(TrustError, match="does not fit"):
        read(changed)


def test_what_a_newer_central_asks_can_be_refused_by_name() -> None:
    wanted = command()
    body = wanted.model_dump_json().replace("open_once", "sing")
    context = "menshen command v1|demo"
    signature = to_text(sign(KEY, body.encode(), context=context))

    head = read(SignedCommand(body=body, signature=signature))

    assert isinstance(head, CommandHead)
    assert head.id == wanted.id


def test_no_command_is_good_for_long() -> None:
    with pytest.raises(ValidationError, match="300 s at most"):
        command(expires_at=NOW + LIFETIME_MAX + timedelta(seconds=1))
