"""Tokens that somebody made up are refused, each for what is wrong with it. Pure."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from central.oidc.tokens import (
    LOGOUT_EVENT,
    TokenRefusedError,
    UnknownKeyError,
    check_identity,
    check_logout,
    signed_claims,
    words_of,
)

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER, CLIENT, NONCE = "https://id.example", "menshen", "n" * 43
RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
ALGORITHMS = ("RS256", "PS256", "ES256")


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:  # noqa: ANN401 - of either type
    how = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**how.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


KEYS = [public(RSA, "one", use="sig"), public(EC, "two"), public(OTHER_RSA, "enc", use="enc")]
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "sub": "zhang", "nonce": NONCE, "iat": AT, "exp": AT + 300,
}  # fmt: skip


def signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> str:  # noqa: ANN401 - keys of any type
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": "one", **header})


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    """Return a token that no library would make."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    body = b".".join(parts)
    mark = b"" if secret is None else hmac.digest(secret, body, hashlib.sha256)
    return (body + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


PUBLIC_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "cannot be read"),
        ("a.b.c", "cannot be read"),
        ("x" * 70_000, "too long"),
        (by_hand({"alg": "none"}, GOOD), "not accepted"),
        (by_hand({"alg": "nOnE", "kid": "one"}, GOOD), "not accepted"),
        (by_hand({"kid": "one"}, GOOD), "cannot be read|not accepted"),
        (by_hand({"alg": "HS256", "kid": "one"}, GOOD, PUBLIC_PEM), "not accepted"),
        (signed(GOOD, alg="RS512"), "not accepted"),
        (signed(GOOD, OTHER_RSA), "signature is not good"),
        (signed(GOOD, OTHER_RSA, jwk=public(OTHER_RSA, "one")), "signature is not good"),
        (signed(GOOD, kid="two"), "does not show"),
        (signed(GOOD, OTHER_RSA, kid="enc"), "does not show"),
        (signed(GOOD, EC, "ES256"), "does not show"),
        (signed(GOOD, kid="../one"), "does not show"),
        (by_hand({"alg": "RS256", "kid": "one", "crit": ["exp"]}, GOOD), "extension|cannot be"),
        (signed(GOOD)[:-6] + "AAAAAA", "signature is not good"),
    ],
)  # fmt: skip
def test_a_token_that_the_provider_did_not_sign_is_refused(token: str, why: str) -> None:
    with pytest.raises(TokenRefusedError, match=why):
        signed_claims(token, KEYS, algorithms=ALGORITHMS)


@pytest.mark.parametrize(
    "token",
    [signed(GOOD), signed(GOOD, alg="PS256"), signed(GOOD, EC, "ES256", kid="two")],
)
def test_what_it_signed_is_believed(token: str) -> None:
    assert signed_claims(token, KEYS, algorithms=ALGORITHMS) == GOOD


def test_without_a_name_the_only_key_of_its_type_is_meant_and_of_two_none() -> None:
    nameless = jwt.encode(GOOD, RSA, algorithm="RS256")
    two = [*KEYS, public(OTHER_RSA, "three")]

    assert signed_claims(nameless, KEYS, algorithms=ALGORITHMS) == GOOD
    with pytest.raises(UnknownKeyError):
        signed_claims(nameless, two, algorithms=ALGORITHMS)


def test_a_key_is_used_for_its_own_algorithm_alone() -> None:
    with pytest.raises(UnknownKeyError):
        signed_claims(signed(GOOD), [public(RSA, "one", alg="PS256")], algorithms=ALGORITHMS)


def identity(**changed: Any) -> str:  # noqa: ANN401 - JSON
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not ...}
    return check_identity(claims, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, skew_s=60, now=NOW)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://evil.example"}, "another provider"),
        ({"iss": f"{ISSUER}/"}, "another provider"),
        ({"aud": "other"}, "another program"),
        ({"aud": ["other"]}, "another program"),
        ({"aud": {"menshen": 1}}, "another program"),
        ({"aud": ...}, "another program"),
        ({"aud": [CLIENT, "other"]}, "given to another"),
        ({"azp": "other"}, "given to another"),
        ({"nonce": "m" * 43}, "another sign-in"),
        ({"nonce": ...}, "another sign-in"),
        ({"nonce": 7}, "another sign-in"),
        ({"exp": AT - 60}, "too old"),
        ({"exp": ...}, "no time"),
        ({"exp": "soon"}, "no time"),
        ({"exp": True}, "no time"),
        ({"iat": AT + 61}, "from the future"),
        ({"iat": ...}, "no time"),
        ({"nbf": AT + 61}, "from the future"),
        ({"sub": ...}, "names nobody"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": 7}, "names nobody"),
    ],
)
def test_an_identity_that_is_not_ours_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(TokenRefusedError, match=why):
        identity(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "x"], "azp": CLIENT},
        {"exp": AT - 59, "iat": AT + 60},
    ],
)
def test_an_identity_that_is_ours_is_known(changed: dict[str, Any]) -> None:
    assert identity(**changed) == "zhang"


LOGOUT: dict[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "iat": AT, "exp": AT + 60, "sid": "s", "jti": "1",
    "events": {LOGOUT_EVENT: {}},
}  # fmt: skip


def logout(**changed: Any) -> tuple[str | None, str | None]:  # noqa: ANN401 - JSON
    claims = {name: value for name, value in {**LOGOUT, **changed}.items() if value is not ...}
    return check_logout(claims, issuer=ISSUER, client_id=CLIENT, skew_s=60, now=NOW)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"events": {}}, "no logout token"),
        ({"events": [LOGOUT_EVENT]}, "no logout token"),
        ({"nonce": NONCE}, "ID token"),
        ({"sid": ...}, "names nobody"),
        ({"exp": ..., "iat": AT - 661}, "too old"),
        ({"aud": "other"}, "another program"),
    ],
)
def test_a_logout_token_that_is_none_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(TokenRefusedError, match=why):
        logout(**changed)


def test_a_logout_token_names_a_subject_or_a_session() -> None:
    assert logout() == (None, "s")
    assert logout(sub="zhang", sid=..., exp=...) == ("zhang", None)


def test_groups_are_found_where_providers_put_them() -> None:
    claims = {"groups": ["a", 1], "one": "b", "realm_access": {"roles": ["c"]}}

    assert words_of(claims, "groups") == {"a"}
    assert words_of(claims, "one") == {"b"}
    assert words_of(claims, "realm_access.roles") == {"c"}
    assert words_of(claims, "realm_access.none.deeper") == frozenset()
