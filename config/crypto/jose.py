"""Signed requests as a JWT, by the keys of a suite; SM2 under a name of ours: JOSE has none."""

from collections.abc import Mapping
from typing import Any, NoReturn

import jwt
from cryptography.exceptions import InvalidSignature

from config.crypto.keys import SigningKey, VerifyingKey
from config.crypto.sm import SM
from config.crypto.sm2 import Sm2PrivateKey, Sm2PublicKey
from config.crypto.suite import Suite


class _Sm2WithSm3(jwt.algorithms.Algorithm):
    """Signs and verifies with the keys of the suite ``sm``, given as objects; PyJWT's interface."""

    def prepare_key(self, key: object) -> Sm2PrivateKey | Sm2PublicKey:
        if not isinstance(key, Sm2PrivateKey | Sm2PublicKey):
            raise TypeError("a key of SM2 is wanted")
        return key

    def sign(self, msg: bytes, key: Sm2PrivateKey) -> bytes:
        return key.sign(msg)

    def verify(self, msg: bytes, key: Sm2PublicKey, sig: bytes) -> bool:
        try:
            key.verify(sig, msg)
        except InvalidSignature:
            return False
        return True

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> NoReturn:
        raise TypeError("no key travels as a JWK here")

    @staticmethod
    def from_jwk(jwk: object) -> NoReturn:
        raise TypeError("no key travels as a JWK here")


jwt.register_algorithm(SM.request_algorithm, _Sm2WithSm3())


def encode(claims: Mapping[str, object], key: SigningKey, suite: Suite) -> str:
    """Return claims, signed."""
    algorithm = suite.request_algorithm
    # PyJWT names only the keys of ``cryptography``; the suite's algorithm takes the suite's keys.
    return jwt.encode(dict(claims), key, algorithm=algorithm)  # type: ignore[arg-type]


def decode(token: str, key: VerifyingKey, suite: Suite, *, audience: str) -> dict[str, Any]:
    """Return the claims of a token; how old it may be is for the caller.

    Raises:
        PyJWTError: The signature or the audience does not fit, or a claim is missing.
    """
    claims: dict[str, Any] = jwt.decode(
        token,
        key,  # type: ignore[arg-type]  # as in ``encode``
        algorithms=[suite.request_algorithm],
        audience=audience,
        options={
            "require": ["iss", "aud", "iat", "jti"],
            "verify_exp": False,
            "verify_iat": False,
        },
    )
    return claims
