"""What a token of an identity provider must be before anything in it is believed. Pure.

Source: OpenID Connect Core 1.0, section 3.1.3.7 "ID Token Validation"; Back-Channel Logout 1.0,
    section 2.6 "Logout Token Validation"; RFC 8725 "JSON Web Token Best Current Practices".
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import jwt

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_AGE_S_MAX: Final = 600
TOKEN_SIZE_MAX: Final = 64 * 1024
_KEY_TYPES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "EdDSA": "Ed25519"}


class TokenRefusedError(Exception):
    """A token is not what it should be; the message says why, and nothing of what it holds."""


class UnknownKeyError(TokenRefusedError):
    """No key that is known has signed it: the provider may have new ones."""


def signed_claims(
    token: str, keys: Sequence[Mapping[str, Any]], *, algorithms: Sequence[str]
) -> dict[str, Any]:
    """Return what a token says, whose signature is of one of the provider's keys.

    Args:
        token: As it came.
        keys: The provider's, each as a JWK. A token's own words on where its key is are not heard.
        algorithms: Accepted; none that uses a shared secret, and never ``none``.

    Raises:
        UnknownKeyError: It names a key that is not among them.
        TokenRefusedError: It is malformed, or its signature is not good.
    """
    if len(token) > TOKEN_SIZE_MAX:
        raise TokenRefusedError("it is too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenRefusedError("it cannot be read") from error
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenRefusedError(f"it is signed by {algorithm!r}, which is not accepted")
    if "crit" in header:
        raise TokenRefusedError("it demands an extension that is not known here")
    key = _key_for(header.get("kid"), algorithm, keys)
    try:
        found = jwt.PyJWK(dict(key), algorithm=algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            found,
            algorithms=[algorithm],
            # Who it is for and when it is good is looked at by ``_check_times`` and the callers.
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.PyJWTError as error:
        raise TokenRefusedError("its signature is not good") from error
    return claims


def _key_for(
    key_id: object, algorithm: str, keys: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return the only key that a token can mean, of the type that its algorithm needs."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == _KEY_TYPES[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and key.get("crv", _CURVES.get(algorithm)) == _CURVES.get(algorithm)
    ]
    if key_id is not None:
        fitting = [key for key in fitting if key.get("kid") == key_id]
    if len(fitting) != 1:
        raise UnknownKeyError("it is signed by a key that the provider does not show")
    return fitting[0]


def check_identity(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    skew_s: float,
    now: datetime,
) -> str:
    """Check what an ID token says; returns the subject.

    Raises:
        TokenRefusedError: It is another's, for another, of another sign-in, or not good now.
    """
    _check_parties(claims, issuer=issuer, client_id=client_id)
    _check_times(claims, skew_s=skew_s, now=now)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise TokenRefusedError("it belongs to another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise TokenRefusedError("it names nobody")
    return subject


def check_logout(
    claims: Mapping[str, Any], *, issuer: str, client_id: str, skew_s: float, now: datetime
) -> tuple[str | None, str | None]:
    """Check what a logout token says; returns the subject and the provider's session.

    Raises:
        TokenRefusedError: It is no logout token, another's, for another, or not good now.
    """
    _check_parties(claims, issuer=issuer, client_id=client_id)
    _check_times(claims, skew_s=skew_s, now=now, age_s_max=LOGOUT_AGE_S_MAX)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenRefusedError("it is no logout token")
    if "nonce" in claims:
        raise TokenRefusedError("it is an ID token and no logout token")
    subject, session = claims.get("sub"), claims.get("sid")
    found = [value if isinstance(value, str) and value else None for value in (subject, session)]
    if found == [None, None]:
        raise TokenRefusedError("it names nobody")
    return found[0], found[1]


def _check_parties(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise TokenRefusedError("it is of another provider")
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise TokenRefusedError("it is for another program")
    party = claims.get("azp", client_id if len(named) == 1 else None)
    if party != client_id:
        raise TokenRefusedError("it was given to another program")


def _check_times(
    claims: Mapping[str, Any], *, skew_s: float, now: datetime, age_s_max: float | None = None
) -> None:
    at = now.timestamp()
    expires, issued = _seconds(claims, "exp", needed=age_s_max is None), _seconds(claims, "iat")
    if expires is not None and expires <= at - skew_s:
        raise TokenRefusedError("it is too old: compare the clocks")
    begins = _seconds(claims, "nbf", needed=False)
    if issued is None or max(issued, issued if begins is None else begins) > at + skew_s:
        raise TokenRefusedError("it is from the future: compare the clocks")
    if age_s_max is not None and issued < at - skew_s - age_s_max:
        raise TokenRefusedError("it is too old: compare the clocks")


def _seconds(claims: Mapping[str, Any], name: str, *, needed: bool = True) -> float | None:
    value = claims.get(name)
    if value is None and not needed:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError(f"its {name} is no time")
    return float(value)


def words_of(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return the texts that a claim holds, which may be one or a list; ``a.b`` looks inside."""
    value: Any = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        return frozenset({value})
    if not isinstance(value, list):
        return frozenset()
    return frozenset(each for each in value if isinstance(each, str))
