"""SM2, SM3 and SM4 against the standards' own examples, another implementation and ``openssl``."""

import subprocess
from pathlib import Path

import gmalg
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from config.contract.trust import AlgorithmsMissingError, TrustError, read_key
from config.crypto.sm import SM
from config.crypto.sm2 import (
    ORDER,
    USER_ID,
    Sm2PrivateKey,
    Sm2PublicKey,
    Sm2UnavailableError,
    load_libcrypto,
)

# GB/T 32918.5-2017, annexes A and C: the key of both examples.
SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
X = bytes.fromhex("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
Y = bytes.fromhex("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
R_S = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
C1_X = "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
C1_Y = "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
C3 = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
C2 = "21886ca989ca9c7d58087307ca93092d651efa"
KEY = Sm2PrivateKey(SECRET)


def test_the_public_key_is_the_standards() -> None:
    assert KEY.public_key().public_bytes_raw() == b"\x03" + X


def test_the_standards_signature_fits_and_no_other_message() -> None:
    KEY.public_key().verify(R_S, b"message digest")

    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(R_S, b"message Digest")


def test_the_standards_ciphertext_is_decrypted() -> None:
    # GM/T 0009: SEQUENCE of x, y, hash and ciphertext; y has its first bit set.
    body = f"0220{C1_X}022100{C1_Y}0420{C3}0413{C2}"

    assert KEY.decrypt(bytes.fromhex(f"30{len(body) // 2:02x}{body}")) == b"encryption standard"


def test_sm3_is_the_standards() -> None:
    # GB/T 32905-2016, annex A.1.
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    assert SM.digest(b"abc").hex() == expected


def test_sm4_in_gcm_is_the_rfcs() -> None:
    # RFC 8998, appendix A.1.
    key, nonce = (
        bytes.fromhex("0123456789abcdeffedcba9876543210"),
        bytes.fromhex("00001234567800000000abcd"),
    )
    text = bytes.fromhex("".join(2 * digit * 8 for digit in "abcdefea"))
    more = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )

    assert SM.cipher(key).encrypt(nonce, text, more) == sealed
    assert SM.cipher(key).decrypt(nonce, sealed, more) == text


def test_another_implementation_takes_what_is_signed_here_and_back() -> None:
    peer = gmalg.SM2(SECRET, USER_ID, b"\x04" + X + Y)

    signature = KEY.sign(b"opened")
    assert peer.verify(b"opened", signature[:32], signature[32:])
    KEY.public_key().verify(b"".join(peer.sign(b"opened")), b"opened")
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(b"".join(peer.sign(b"opened")), b"closed")


def test_openssl_takes_what_is_signed_here_and_back(tmp_path: Path) -> None:
    def openssl(*words: str) -> bytes:
        made = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=True)
        return made.stdout

    openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", "key.pem")
    text = openssl("pkey", "-in", "key.pem", "-noout", "-text").decode()
    secret = bytes.fromhex(
        "".join(text.split("priv:")[1].split("pub:")[0].split()).replace(":", "")
    )
    key = Sm2PrivateKey(secret[-32:].rjust(32, b"\0"))
    (tmp_path / "message").write_bytes(b"opened")
    signing = ("pkeyutl", "-inkey", "key.pem", "-in", "message", "-rawin", "-digest", "sm3")
    identity = ("-pkeyopt", f"distid:{USER_ID.decode()}")

    r, s = decode_dss_signature(openssl(*signing, "-sign", *identity))
    key.public_key().verify(r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"opened")
    ours = key.sign(b"opened")
    numbers = (int.from_bytes(half, "big") for half in (ours[:32], ours[32:]))
    (tmp_path / "ours").write_bytes(encode_dss_signature(*numbers))
    openssl(*signing, "-verify", "-sigfile", "ours", *identity)


@pytest.mark.parametrize("number", [0, ORDER - 1, ORDER, 2**256 - 1])
def test_a_number_that_cannot_sign_is_no_key(number: int) -> None:
    with pytest.raises(ValueError, match="no SM2 key"):
        Sm2PrivateKey(number.to_bytes(32, "big"))


@pytest.mark.parametrize("point", [b"", bytes(33), b"\x04" + bytes(32), b"\x02" + b"\xff" * 32])
def test_what_is_no_point_of_the_curve_is_no_key(point: bytes) -> None:
    with pytest.raises(ValueError, match="no SM2 key"):
        Sm2PublicKey(point)


@pytest.mark.parametrize("r_s", [b"", bytes(64), R_S[:-1], R_S[:32] + bytes(32), b"\xff" * 64])
def test_what_is_no_signature_does_not_fit(r_s: bytes) -> None:
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(r_s, b"message digest")


def test_a_ciphertext_too_short_for_a_tag_is_refused() -> None:
    with pytest.raises(InvalidTag):
        SM.cipher(bytes(16)).decrypt(bytes(12), b"short", None)


def test_a_machine_without_openssl_is_told_what_to_install() -> None:
    with pytest.raises(Sm2UnavailableError, match="install libssl3"):
        load_libcrypto(["libcrypto-that-there-is-not.so"])


def test_a_key_of_a_suite_that_is_not_here_is_refused_as_any_other_that_is_none() -> None:
    def read(_: bytes) -> Sm2PublicKey:
        load_libcrypto(["libcrypto-that-there-is-not.so"])
        raise AssertionError

    with pytest.raises(AlgorithmsMissingError, match="install libssl3"):
        read_key(read, b"")
    assert issubclass(AlgorithmsMissingError, TrustError)
