"""Two readings of MCUboot's format, the gateway's and the board's: what one takes, both take."""

import struct
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.board_image import ImageError, read_image, verify_image
from firmware_bridge.peer_image import (
    ImageRefusedError,
    check_image,
    image_size_bytes,
    listed_version,
    read_header,
    read_keys,
    stated_hash,
    version_text,
)
from tests.config.images import private_key, public_key, public_pem
from tests.firmware_bridge.signing import board_keys, firmware

KINDS = ["ed25519", "ecdsa-p256"]
IMAGES = {kind: firmware(key=kind, kind=kind, counter=3, body_size_bytes=300) for kind in KINDS}
Seen = tuple[str, bytes, int | None, int]


def seen_by_gateway(data: bytes, kind: str) -> Seen | None:
    """Return what the gateway reads, if it would send it."""
    try:
        image = read_image(data)
        verify_image(image, [public_key(kind, kind)])
    except ImageError:
        return None
    return str(image.version), image.hash, image.hw, image.security_counter


def seen_by_board(data: bytes, kind: str) -> Seen | None:
    """Return what the board reads, if it would start it."""
    try:
        image = check_image(data, board_keys(kind, kind))
    except ImageRefusedError:
        return None
    return version_text(image.version), image.hash, image.hw, image.counter


@pytest.mark.parametrize("kind", KINDS)
def test_both_read_the_same(kind: str) -> None:
    seen = seen_by_board(IMAGES[kind], kind)

    assert seen is not None
    assert seen == seen_by_gateway(IMAGES[kind], kind)
    assert seen[0] == "1.2.3+4"
    assert seen[2:] == (42, 3)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(data=st.data())
def test_both_refuse_one_changed_byte(kind: str, data: st.DataObject) -> None:
    image = bytearray(IMAGES[kind])
    image[data.draw(st.integers(0, len(image) - 1))] ^= data.draw(st.integers(1, 255))
    original = seen_by_board(IMAGES[kind], kind)

    assert seen_by_board(bytes(image), kind) in (None, original)
    assert seen_by_gateway(bytes(image), kind) in (None, original)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(length=st.integers(0, 1200))
def test_both_refuse_what_is_cut_off(kind: str, length: int) -> None:
    image = IMAGES[kind]
    cut = image[: min(length, len(image) - 1)]

    assert seen_by_board(cut, kind) is None
    assert seen_by_gateway(cut, kind) is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_board_passes_over_what_follows_an_image_in_its_slot(kind: str) -> None:
    image = IMAGES[kind]

    assert image_size_bytes(image + bytes(5000)) == len(image)
    assert seen_by_board(image + b"\xff" * 5000, kind) == seen_by_board(image, kind)


def test_a_key_of_another_kind_under_the_same_name_is_another_key() -> None:
    assert seen_by_board(IMAGES["ed25519"], "ecdsa-p256") is None


@pytest.mark.parametrize("flags", [0x4, 0x8, 0x10, 0x20])
def test_what_is_not_for_this_bootloader_is_not_started(flags: int) -> None:
    image = bytearray(IMAGES["ed25519"])
    struct.pack_into("<I", image, 16, flags)

    with pytest.raises(ImageRefusedError, match="are not for this bootloader"):
        check_image(bytes(image), board_keys())


def resigned(hashed: bytes, *, padding: int = 0, more: bytes = b"") -> bytes:
    """Return header, body and protected trailer with what the key ``p256`` says of them."""
    key = serialization.load_pem_private_key(private_key("p256", "ecdsa-p256").encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = key.sign(hashed, ec.ECDSA(hashes.SHA256())) + bytes(padding)
    values = {0x10: sha256(hashed).digest(), 0x01: sha256(name).digest(), 0x22: signature}
    tlvs = b"".join(struct.pack("<HH", kind, len(v)) + v for kind, v in values.items()) + more
    return hashed + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs


def parts(version: int = 1, *, protected: bytes = b"", protected_size: int | None = None) -> bytes:
    """Return header, a body of four bytes and a protected trailer."""
    size = len(protected) if protected_size is None else protected_size
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, size, 4, 0, version, 0, 0, 0, 0)
    return header + b"body" + protected


HW_TLV = struct.pack("<HH", 0xA0, 4) + struct.pack(">I", 42)


def test_a_padded_signature_is_read() -> None:
    seen = check_image(resigned(parts(), padding=2), board_keys("p256", "ecdsa-p256"))

    assert seen.version == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (resigned(parts(), more=struct.pack("<HH", 0x10, 0)), "type 10 is there twice"),
        (
            resigned(parts(protected=struct.pack("<HH", 0x6908, 20) + HW_TLV + HW_TLV)),
            "type A0 is there twice",
        ),
        (
            resigned(parts(protected=struct.pack("<HH", 0x6908, 12) + HW_TLV + bytes(4))),
            "not as long as the header says",
        ),
        (resigned(parts(), more=b"\x01\x00\xff\x00"), "the trailer does not add up"),
        (resigned(parts(), more=b"\x01"), "the trailer does not add up"),
    ],
)
def test_what_is_signed_and_makes_no_sense_is_not_started(image: bytes, why: str) -> None:
    with pytest.raises(ImageRefusedError, match=why):
        check_image(image, board_keys("p256", "ecdsa-p256"))


def test_what_has_no_header_is_no_image() -> None:
    assert read_header(bytes(32)) is None
    assert read_header(IMAGES["ed25519"][:31]) is None
    assert stated_hash(bytes(600)) is None
    assert stated_hash(IMAGES["ed25519"][:500]) is None
    assert image_size_bytes(IMAGES["ed25519"][:500]) is None


def test_versions_are_written_as_each_side_has_it() -> None:
    assert version_text((1, 2, 3, 4)) == "1.2.3+4"
    assert listed_version((1, 2, 3, 4)) == "1.2.3.4"
    assert listed_version((1, 2, 3, 0)) == "1.2.3"


def test_several_keys_stand_in_one_file() -> None:
    pem = "".join(public_pem(kind, kind) for kind in KINDS)

    assert len(read_keys(pem.encode())) == 2


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"", "there is no public key"),
        (public_pem("rsa", "rsa-2048").encode(), "is Ed25519 or ECDSA P-256"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "cannot be read"),
    ],
)
def test_what_is_no_key_is_refused_in_one_line(pem: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_keys(pem)
