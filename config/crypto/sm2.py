"""SM2 keys, by OpenSSL's libcrypto of this machine: ``cryptography`` has no SM2.

Only this module knows libcrypto. Everything goes through its EVP interface, which takes and gives
DER; nothing here computes on the curve. Calls let go of the interpreter.

Source: GB/T 32918.2-2016 (signature), 32918.4-2016 (encryption), 32918.5-2017 (curve);
GM/T 0009-2012 (default identifier, DER); OpenSSL 3.0 manual, EVP_DigestSign(3),
EVP_PKEY_encrypt(3), d2i_PUBKEY(3).
"""

import ctypes
import functools
import secrets
import weakref
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ubyte, c_void_p
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

LIBRARIES: Final = ("libcrypto.so.3", "libcrypto.so.4")
"""Versions whose EVP interface is the one that is used here."""
USER_ID: Final = b"1234567812345678"
"""The signer's identifier where none was agreed (GM/T 0009-2012, 10)."""
POINT_SIZE_BYTES: Final = 33
"""A compressed point."""
SCALAR_SIZE_BYTES: Final = 32
ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Of the curve's base point (GB/T 32918.5)."""
_ALGORITHM: Final = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_PUBLIC_PREFIX: Final = bytes.fromhex("3039") + _ALGORITHM + bytes.fromhex("032200")
_PRIVATE_PREFIX: Final = (
    bytes.fromhex("3041020100") + _ALGORITHM + bytes.fromhex("042730250201010420")
)
_DER_SIGNATURE_MAX: Final = 80
_BASE_POINT: Final = bytes.fromhex(
    "0232c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
)


class Sm2UnavailableError(RuntimeError):
    """This machine has no libcrypto with SM2: install OpenSSL 3 as its maker ships it."""


class _Key:
    """An EVP_PKEY, freed with this object."""

    def __init__(self, der: bytes, *, is_private: bool) -> None:
        crypto = _libcrypto()
        read = crypto.d2i_AutoPrivateKey if is_private else crypto.d2i_PUBKEY
        at = c_char_p(der)
        self.pointer = c_void_p(read(None, byref(at), len(der)))
        if not self.pointer:
            crypto.ERR_clear_error()
            raise ValueError("no SM2 key")
        weakref.finalize(self, crypto.EVP_PKEY_free, self.pointer)


class Sm2PublicKey:
    """Checks signatures, and is encrypted for."""

    def __init__(self, point: bytes) -> None:
        """Take a compressed point; ValueError where it is none of the curve."""
        if len(point) != POINT_SIZE_BYTES or point[0] not in (2, 3):
            raise ValueError("no SM2 key")
        self._point, self._key = point, _Key(_PUBLIC_PREFIX + point, is_private=False)

    def public_bytes_raw(self) -> bytes:
        """Return the compressed point."""
        return self._point

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same key."""
        return isinstance(other, Sm2PublicKey) and other._point == self._point

    def __hash__(self) -> int:
        """As equality has it."""
        return hash(self._point)

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Check r and s, 32 bytes each, over data with SM3 and the default identifier.

        Raises:
            InvalidSignature: It does not fit.
        """
        if len(signature) != 2 * SCALAR_SIZE_BYTES:
            raise InvalidSignature
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        der = encode_dss_signature(r, s)
        with _Digest(self._key, "Verify") as digest:
            fits = digest.crypto.EVP_DigestVerify(
                digest.pointer, der, len(der), bytes(data), len(data)
            )
        if fits != 1:
            _libcrypto().ERR_clear_error()
            raise InvalidSignature

    def encrypt(self, data: bytes) -> bytes:
        """Return data encrypted for this key: DER of GM/T 0009, SM3."""
        return _crypt(self._key, data, "encrypt")


class Sm2PrivateKey:
    """Signs and decrypts. Not printable."""

    def __init__(self, scalar: bytes) -> None:
        """Take a secret number, 32 bytes; ValueError where it is none."""
        # n - 1 has no inverse of 1 + d, so it signs nothing.
        if len(scalar) != SCALAR_SIZE_BYTES or not 1 <= int.from_bytes(scalar, "big") <= ORDER - 2:
            raise ValueError("no SM2 key")
        self._scalar, self._key = scalar, _Key(_PRIVATE_PREFIX + scalar, is_private=True)

    @classmethod
    def generate(cls) -> "Sm2PrivateKey":
        """Make a key."""
        return cls((1 + secrets.randbelow(ORDER - 2)).to_bytes(SCALAR_SIZE_BYTES, "big"))

    def private_bytes_raw(self) -> bytes:
        """Return the secret number, 32 bytes."""
        return self._scalar

    @functools.cached_property
    def _public(self) -> Sm2PublicKey:
        crypto = _libcrypto()
        size_bytes = crypto.i2d_PUBKEY(self._key.pointer, None)
        der = (c_ubyte * max(size_bytes, 1))()
        at = c_void_p(ctypes.addressof(der))
        _checked(crypto.i2d_PUBKEY(self._key.pointer, byref(at)))
        # The point stands last: 4, x, y.
        point = bytes(der)[-2 * SCALAR_SIZE_BYTES :]
        return Sm2PublicKey(bytes([2 + (point[-1] & 1)]) + point[:SCALAR_SIZE_BYTES])

    def public_key(self) -> Sm2PublicKey:
        """Return the public half."""
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        """Return r and s, 32 bytes each, over data with SM3 and the default identifier."""
        der, size_bytes = (c_ubyte * _DER_SIGNATURE_MAX)(), c_size_t(_DER_SIGNATURE_MAX)
        with _Digest(self._key, "Sign") as digest:
            _checked(
                digest.crypto.EVP_DigestSign(
                    digest.pointer, der, byref(size_bytes), bytes(data), len(data)
                )
            )
        r, s = decode_dss_signature(bytes(der[: size_bytes.value]))
        return r.to_bytes(SCALAR_SIZE_BYTES, "big") + s.to_bytes(SCALAR_SIZE_BYTES, "big")

    def decrypt(self, encrypted: bytes) -> bytes:
        """Return what was encrypted for this key; ValueError where it was not."""
        try:
            return _crypt(self._key, encrypted, "decrypt")
        except Sm2UnavailableError as error:
            raise ValueError("encrypted for another key, or damaged") from error


class _Digest:
    """A context of EVP_DigestSign or EVP_DigestVerify with SM3 and the default identifier."""

    def __init__(self, key: _Key, deed: str) -> None:
        self.crypto, self._key, self._deed = _libcrypto(), key, deed
        self.pointer, self._context = c_void_p(), c_void_p()

    def __enter__(self) -> "_Digest":
        crypto = self.crypto
        self.pointer = c_void_p(crypto.EVP_MD_CTX_new())
        self._context = c_void_p(crypto.EVP_PKEY_CTX_new(self._key.pointer, None))
        try:
            _checked(crypto.EVP_PKEY_CTX_set1_id(self._context, USER_ID, len(USER_ID)))
            crypto.EVP_MD_CTX_set_pkey_ctx(self.pointer, self._context)
            begin = getattr(crypto, f"EVP_Digest{self._deed}Init")
            _checked(begin(self.pointer, None, crypto.EVP_sm3(), None, self._key.pointer))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.crypto.EVP_MD_CTX_free(self.pointer)
        self.crypto.EVP_PKEY_CTX_free(self._context)


def _crypt(key: _Key, data: bytes, deed: str) -> bytes:
    crypto = _libcrypto()
    context = c_void_p(crypto.EVP_PKEY_CTX_new(key.pointer, None))
    try:
        do = getattr(crypto, f"EVP_PKEY_{deed}")
        _checked(getattr(crypto, f"EVP_PKEY_{deed}_init")(context))
        size_bytes = c_size_t(0)
        _checked(do(context, None, byref(size_bytes), data, len(data)))
        result = (c_ubyte * max(size_bytes.value, 1))()
        _checked(do(context, result, byref(size_bytes), data, len(data)))
        return bytes(result[: size_bytes.value])
    finally:
        crypto.EVP_PKEY_CTX_free(context)


def _checked(code: int) -> None:
    if code <= 0:
        _libcrypto().ERR_clear_error()
        raise Sm2UnavailableError("libcrypto refuses SM2")


@functools.cache
def _libcrypto() -> ctypes.CDLL:
    return load_libcrypto(LIBRARIES)


def load_libcrypto(names: Sequence[str]) -> ctypes.CDLL:
    """Return the first library of these names that is there.

    Raises:
        Sm2UnavailableError: None is, or it was built without SM2.
    """
    for name in names:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        _declare(library)
        der = c_char_p(_PUBLIC_PREFIX + _BASE_POINT)
        key = c_void_p(library.d2i_PUBKEY(None, byref(der), len(_PUBLIC_PREFIX + _BASE_POINT)))
        if not key:
            raise Sm2UnavailableError(f"{name} of this machine was built without SM2")
        library.EVP_PKEY_free(key)
        return library
    raise Sm2UnavailableError(
        f"a site on --crypto sm needs OpenSSL on this machine ({' or '.join(names)}): install"
        " libssl3"
    )


def _declare(library: ctypes.CDLL) -> None:
    """Say what the functions take and give: without it a pointer is cut to 32 bits."""
    pointer, size = c_void_p, POINTER(c_size_t)
    for name, result, arguments in (
        ("EVP_PKEY_free", None, [pointer]),
        ("EVP_MD_CTX_new", pointer, []),
        ("EVP_MD_CTX_free", None, [pointer]),
        ("EVP_PKEY_CTX_new", pointer, [pointer, pointer]),
        ("EVP_PKEY_CTX_free", None, [pointer]),
        ("EVP_PKEY_CTX_set1_id", c_int, [pointer, c_char_p, c_int]),
        ("EVP_MD_CTX_set_pkey_ctx", None, [pointer, pointer]),
        ("EVP_sm3", pointer, []),
        ("EVP_DigestSignInit", c_int, [pointer] * 5),
        ("EVP_DigestVerifyInit", c_int, [pointer] * 5),
        ("EVP_DigestSign", c_int, [pointer, pointer, size, c_char_p, c_size_t]),
        ("EVP_DigestVerify", c_int, [pointer, c_char_p, c_size_t, c_char_p, c_size_t]),
        ("EVP_PKEY_encrypt_init", c_int, [pointer]),
        ("EVP_PKEY_decrypt_init", c_int, [pointer]),
        ("EVP_PKEY_encrypt", c_int, [pointer, pointer, size, c_char_p, c_size_t]),
        ("EVP_PKEY_decrypt", c_int, [pointer, pointer, size, c_char_p, c_size_t]),
        ("d2i_PUBKEY", pointer, [pointer, POINTER(c_char_p), c_long]),
        ("d2i_AutoPrivateKey", pointer, [pointer, POINTER(c_char_p), c_long]),
        ("i2d_PUBKEY", c_int, [pointer, pointer]),
        ("ERR_clear_error", None, []),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
