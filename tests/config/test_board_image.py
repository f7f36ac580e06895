import dataclasses
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from hypothesis import given
from hypothesis import strategies as st
from smpclient.mcuboot import IMAGE_TLV, ImageInfo, VendorTLV

from config.board_image import (
    IMAGE_SIZE_BYTES_MAX,
    BoardImage,
    ImageError,
    ImageVersion,
    PublicKeyError,
    fits_board,
    key_hash,
    public_keys,
    read_image,
    verify_image,
)
from config.contract.board_events import UpdateReason
from tests.config.images import BODY, HW, private_key, public_key, public_pem, signed

KINDS = ("ed25519", "ecdsa-p256")
TRAILER_AT = 0x200 + len(BODY) + 12
"""Where the TLVs begin that nothing signs: header, program, and protected TLVs with `hw`."""
VERSIONS = st.builds(
    ImageVersion,
    st.integers(0, 0xFF),
    st.integers(0, 0xFF),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
)


def judged(data: bytes, *, kind: str = "ed25519") -> UpdateReason | None:
    """Return why an image is not taken here; None where it is."""
    try:
        verify_image(read_image(data), [public_key(kind=kind)])
    except ImageError as error:
        return error.reason if str(error).isprintable() else None
    return None


def refusal(data: bytes, *, kind: str = "ed25519") -> str:
    with pytest.raises(ImageError) as refused:
        verify_image(read_image(data), [public_key(kind=kind)])
    return str(refused.value)


def with_trailer(*entries: tuple[int, bytes]) -> bytes:
    """Return the image with other TLVs in the area that nothing signs."""
    area = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in entries)
    return signed()[:TRAILER_AT] + struct.pack("<HH", 0x6907, 4 + len(area)) + area


def trailer_of(data: bytes) -> list[tuple[int, bytes]]:
    image = read_image(data)
    assert image.signature_tlv is not None
    assert image.key_hash is not None
    return [(0x10, image.hash), (0x01, image.key_hash), (image.signature_tlv, image.signature)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_by_imgtool_is_read_and_verified(kind: str) -> None:
    data = signed("--security-counter", "3", kind=kind)

    image = read_image(data)

    assert (str(image.version), image.hw, image.security_counter) == ("1.2.3+4", HW, 3)
    assert image.size_bytes == len(data)
    assert data[image.program_begin : image.program_end] == BODY
    assert image.key_hash == key_hash(public_key(kind=kind))
    verify_image(image, [public_key("another"), public_key(kind=kind)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["0.0.0", "1.2.3", "255.255.65535+4294967295"])
def test_smpclient_reads_the_same(kind: str, version: str, tmp_path: Path) -> None:
    (path := tmp_path / "image.bin").write_bytes(
        signed("--security-counter", "77", kind=kind, version=version, hw=0xFEDCBA98)
    )

    image, theirs = read_image(path.read_bytes()), ImageInfo.load_file(str(path))

    assert dataclasses.astuple(image.version) == dataclasses.astuple(theirs.header.ver)
    assert image.hash == theirs.get_tlv(IMAGE_TLV.SHA256).value
    assert image.key_hash == theirs.get_tlv(IMAGE_TLV.KEYHASH).value
    assert image.signature_tlv is not None
    assert image.signature == theirs.get_tlv(IMAGE_TLV(image.signature_tlv)).value
    assert image.hw == int.from_bytes(theirs.get_tlv(VendorTLV(0xA0)).value)
    assert image.security_counter == int.from_bytes(
        theirs.get_tlv(IMAGE_TLV.SEC_CNT).value, "little"
    )


def test_imgtool_verifies_what_is_verified_here(tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / "image.bin").write_bytes(signed(kind=kind))
        (tmp_path / "key.pem").write_text(public_pem(kind=kind))
        words = ["verify", "--key", str(tmp_path / "key.pem"), str(tmp_path / "image.bin")]

        subprocess.run([sys.executable, "-m", "imgtool.main", *words], check=True)

        assert judged(signed(kind=kind), kind=kind) is None


def test_a_padded_signature_of_old_signers_is_taken() -> None:
    assert judged(signed("--pad-sig", kind="ecdsa-p256"), kind="ecdsa-p256") is None


def test_an_image_of_no_board_and_no_counter_says_so() -> None:
    image = read_image(signed(hw=None))

    assert (image.hw, image.security_counter) == (None, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_cut_anywhere_is_refused(kind: str) -> None:
    data = signed("--security-counter", "3", kind=kind)

    found = {judged(data[:length], kind=kind) for length in range(4, len(data))}

    assert found == {UpdateReason.TRUNCATED}
    assert {judged(data[:length], kind=kind) for length in range(4)} == {UpdateReason.NOT_AN_IMAGE}


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_with_any_one_bit_flipped_is_refused(kind: str) -> None:
    data = signed("--security-counter", "3", kind=kind)
    outside_of_the_body = [*range(0x20), *range(0x200 + len(BODY), len(data))]

    for index in outside_of_the_body:
        for bit in range(8):
            flipped = bytearray(data)
            flipped[index] ^= 1 << bit
            assert judged(bytes(flipped), kind=kind) is not None, (index, bit)


@given(index=st.integers(0x20, 0x1FF + len(BODY)), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_program_is_damage(index: int, bit: int) -> None:
    flipped = bytearray(signed())
    flipped[index] ^= 1 << bit

    assert judged(bytes(flipped)) is UpdateReason.DAMAGED


def test_another_key_is_refused() -> None:
    assert judged(signed(key="another")) is UpdateReason.WRONG_KEY
    assert judged(signed(kind="ecdsa-p256")) is UpdateReason.WRONG_KEY
    assert "none of this site's" in refusal(signed(key="another"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_another_image_is_damage(kind: str) -> None:
    image = read_image(signed(kind=kind))
    other = read_image(signed(kind=kind, version="9.9.9"))

    with pytest.raises(ImageError, match="none of the key that it names") as refused:
        verify_image(dataclasses.replace(image, signature=other.signature), [public_key(kind=kind)])

    assert refused.value.reason is UpdateReason.DAMAGED


def test_a_signature_of_another_kind_than_the_key_is_damage() -> None:
    image, other = read_image(signed()), read_image(signed(kind="ecdsa-p256"))

    for one, key_kind in ((image, "ecdsa-p256"), (other, "ed25519")):
        claimed = dataclasses.replace(one, key_hash=key_hash(public_key(kind=key_kind)))
        with pytest.raises(ImageError, match="damaged"):
            verify_image(claimed, [public_key(kind=key_kind)])


def test_an_unsigned_image_is_refused() -> None:
    assert judged(signed(key=None)) is UpdateReason.NOT_SIGNED


def test_a_site_without_keys_takes_nothing() -> None:
    with pytest.raises(ImageError, match=r"\[boards\] keys") as refused:
        verify_image(read_image(signed()), [])

    assert refused.value.reason is UpdateReason.NO_KEYS


@pytest.mark.parametrize(
    ("words", "kind", "shown"),
    [
        ((), "rsa-2048", "RSA-2048"),
        ((), "rsa-3072", "RSA-3072"),
        (("--pure",), "ed25519", "--pure"),
        (("--sha", "512"), "ed25519", "SHA-512"),
        (("--public-key-format", "full"), "ed25519", "the whole public key"),
        ((), "ecdsa-p384", "SHA-384"),
    ],
)
def test_a_signature_that_boards_do_not_verify_is_named(
    words: tuple[str, ...], kind: str, shown: str
) -> None:
    assert judged(signed(*words, kind=kind)) is UpdateReason.NOT_SIGNED
    assert shown in refusal(signed(*words, kind=kind))


def test_two_signatures_are_refused_and_all_else_that_nothing_signs() -> None:
    mine, another = trailer_of(signed()), trailer_of(signed(key="another"))

    for entries in (
        [*mine, *another[1:]],
        [*another, *mine[1:]],
        [*mine, mine[2]],
        [*mine, (0x00A0, b"\0\0\0\x2a")],
        [*mine, (0x50, b"\xff\0\0\0")],
        [mine[0], mine[2], mine[1]],
        mine[1:],
        mine[:2],
        [],
    ):
        assert judged(with_trailer(*entries)) is UpdateReason.DAMAGED
    assert judged(with_trailer(*mine)) is None


@pytest.mark.parametrize(
    ("at", "found", "shown"),
    [
        (TRAILER_AT + 6, b"\xff\xff", "TLV 10 at byte 1296 claims 65535 bytes"),
        (TRAILER_AT + 2, b"\xff\xff", "should have 66827 or more"),
        (TRAILER_AT + 2, b"\0\0", "its TLVs at byte 1292 have 0 bytes in all"),
        (TRAILER_AT + 2, b"\x03\0", "its TLVs at byte 1292 have 3 bytes in all"),
        (TRAILER_AT + 2, b"\x04\0", "140 bytes follow the image"),
        (TRAILER_AT - 10, b"\x0b\0", "its TLVs at byte 1280 have 11 bytes in all"),
        (TRAILER_AT - 10, b"\x0d\0", "its TLVs at byte 1280 have 13 bytes in all"),
        (TRAILER_AT, b"\x08\x69", "0x6908 stands at byte 1292 instead of 0x6907"),
        (12, b"\xff\xff\xff\xff", "should have 4294967823 or more"),
        (12, b"\0\0\0\0", "its program 0"),
        (10, b"\xff\xff", "should have 66819 or more"),
        (8, b"\xff\xff", "should have 66319 or more"),
        (8, b"\x1f\0", "its header has 31 bytes"),
    ],
)
def test_a_length_that_nobody_could_mean_is_refused(at: int, found: bytes, shown: str) -> None:
    data = signed()

    assert shown in refusal(data[:at] + found + data[at + len(found) :])


def test_a_header_alone_is_cut_off() -> None:
    assert "ends at byte 31 and should have 32 or more" in refusal(signed()[:31])
    assert "ends at byte 32 and should have 1296 or more" in refusal(signed()[:32])


def test_the_shortest_header_is_enough() -> None:
    data = signed("--header-size", "32")

    assert judged(data) is None
    assert read_image(data).program_begin == 32


@pytest.mark.parametrize("more", [b"\0", b"\xff" * 100])
def test_what_follows_an_image_is_refused(more: bytes) -> None:
    assert judged(signed() + more) is UpdateReason.DAMAGED
    assert "--pad" in refusal(signed() + more)


def test_a_padded_image_is_refused() -> None:
    assert "--pad" in refusal(signed("--pad"))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--non-bootable",), "flags 0x10"),
        (("--load-addr", "0x20000000"), "flags 0x20"),
        (("--compression", "lzma2"), "flags 0x400"),
    ],
)
def test_an_image_that_two_slots_do_not_start_is_refused(
    words: tuple[str, ...], shown: str
) -> None:
    assert judged(signed(*words)) is UpdateReason.NOT_AN_IMAGE
    assert shown in refusal(signed(*words))


def test_an_encrypted_image_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / "key.pem").write_text(public_pem("board", "x25519"))

    assert judged(signed("--encrypt", str(path))) is UpdateReason.NOT_AN_IMAGE
    assert "encrypted" in refusal(signed("--encrypt", str(path)))


def test_a_type_of_board_is_four_bytes() -> None:
    with pytest.raises(ImageError, match=r"00A0 has 2 bytes.*--custom-tlv 0x00A0") as refused:
        read_image(signed("--custom-tlv", "0x00A0", "0x002A", hw=None))

    assert refused.value.reason is UpdateReason.DAMAGED


def test_other_protected_tlvs_are_passed_over() -> None:
    image = read_image(signed("--custom-tlv", "0x01A0", "0x0000002B", "--boot-record", "board"))

    assert image.hw == HW


def test_an_empty_tlv_at_the_end_is_one() -> None:
    assert judged(signed("--custom-tlv", "0x01A0", "")) is None


def test_a_file_that_is_none_says_so() -> None:
    assert judged(b"") is UpdateReason.NOT_AN_IMAGE
    assert judged(b"\x7fELF" + bytes(100)) is UpdateReason.NOT_AN_IMAGE
    assert judged(bytes(IMAGE_SIZE_BYTES_MAX)) is UpdateReason.NOT_AN_IMAGE
    assert judged(bytes(IMAGE_SIZE_BYTES_MAX + 1)) is UpdateReason.TOO_LARGE


@given(st.binary(max_size=300))
def test_garbage_is_an_image_error(data: bytes) -> None:
    assert judged(data) is not None
    assert judged(signed()[:4] + data) is not None
    assert judged(signed()[:TRAILER_AT] + data) is not None


def a_board_takes(image: BoardImage, **board: object) -> str:
    """Return why a board does not take an image, or nothing."""
    sound: dict[str, object] = {
        "hw": HW,
        "running": ImageVersion(1, 2, 3, 4),
        "counter": 3,
        "slot_size_bytes": image.size_bytes,
    }
    try:
        fits_board(image, **{**sound, **board})  # type: ignore[arg-type]  # as the tests give them
    except ImageError as error:
        return f"{error.reason}: {error}"
    return ""


def test_a_board_takes_its_image_in_the_same_version_or_a_newer() -> None:
    image = read_image(signed("--security-counter", "3"))

    assert a_board_takes(image) == ""
    assert a_board_takes(image, running=ImageVersion(1, 2, 3), slot_size_bytes=None) == ""
    assert a_board_takes(image, running=ImageVersion(1, 2, 2, 9), counter=0) == ""
    assert a_board_takes(image, slot_size_bytes=0) == ""


@pytest.mark.parametrize(
    ("board", "shown"),
    [
        ({"hw": 0x2B}, "other_board: the image is for boards of type 0x0000002A"),
        ({"running": ImageVersion(1, 2, 3, 5)}, "downgrade: the image is 1.2.3+4, older"),
        ({"running": ImageVersion(2)}, "downgrade: the image is 1.2.3+4, older than the 2.0.0"),
        ({"counter": 4}, "downgrade: the image has security counter 3, the board had 4"),
        ({"slot_size_bytes": 100}, "too_large: the image has"),
    ],
)
def test_a_board_refuses_what_is_not_for_it(board: dict[str, object], shown: str) -> None:
    assert a_board_takes(read_image(signed("--security-counter", "3")), **board).startswith(shown)


def test_an_image_that_names_no_board_fits_none() -> None:
    assert "--custom-tlv 0x00A0" in a_board_takes(read_image(signed(hw=None)), counter=0)


@given(VERSIONS, VERSIONS)
def test_versions_are_read_as_shown_and_ordered_by_number(
    one: ImageVersion, other: ImageVersion
) -> None:
    assert ImageVersion.parse(str(one)) == one
    assert (one < other) == (dataclasses.astuple(one) < dataclasses.astuple(other))


def test_a_version_as_mcumgr_writes_it_is_read() -> None:
    assert ImageVersion.parse("1.2.3.4") == ImageVersion(1, 2, 3, 4)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "256.0.0", "1.2.65536", "1.2.3+", "1.2.3-4", "٣.2.1"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no version of an image"):
        ImageVersion.parse(text)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.mark.parametrize(
    ("pem", "shown"),
    [
        (pem_of(rsa.generate_private_key(65537, 2048)), "key 2 is of kind RSA"),
        (pem_of(ec.generate_private_key(ec.SECP384R1())), "key 2 is of kind EC secp384r1"),
        (pem_of(ed448.Ed448PrivateKey.generate()), "key 2 is of kind Ed448"),
        (private_key(), "key 2 is a private key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "key 2 is no public key"),
        ("\ud800", "key 2 is no public key"),
    ],
)
def test_a_key_that_boards_do_not_know_is_refused(pem: str, shown: str) -> None:
    with pytest.raises(PublicKeyError, match=shown) as refused:
        public_keys([public_pem(), pem])

    assert "\n" not in str(refused.value)
