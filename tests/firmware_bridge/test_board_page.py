"""The page that boards are built from: its examples and numbers are computed from its own text."""

import base64
import binascii
import hashlib
import re
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from smp import header
from smp.error import MGMT_ERR
from smp.file_management import FS_MGMT_ERR
from smp.image_management import IMG_MGMT_ERR

PAGE = (Path(__file__).parents[2] / "docs" / "board.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
FRAME = bytes.fromhex("0A 00 00 01 03 6D 05 02 A0")
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def quoted(pattern: str) -> tuple[str, ...]:
    """Return what the groups of a pattern are in the page, whose lines may break anywhere."""
    found = re.search(pattern, TEXT)
    assert found is not None, f"the page does not say: {pattern}"
    return found.groups()


def signed_example() -> tuple[bytes, bytes]:
    body, signature = quoted(r"body ([0-9A-F]+) sig ((?:[0-9A-F]+ ?)+)")
    return bytes.fromhex(body), bytes.fromhex(signature)


def test_the_check_sum_is_the_one_of_its_name() -> None:
    polynomial, start, value, digits = quoted(
        r"CRC-16/XMODEM \(polynomial (\d+), start (\d): `([0-9A-F]{4})` over .*? `(\d+)`\)"
    )

    assert (polynomial, start) == ("1021", "0")
    assert f"{binascii.crc_hqx(digits.encode(), 0):04X}" == value


def test_the_example_of_a_frame_is_one_of_a_heartbeat() -> None:
    sequence, octets = quoted(r"with sequence (\d+) .*? the frame `([0-9A-F ]+)`")
    head = header.Header.loads(bytes.fromhex(octets)[:8])

    assert bytes.fromhex(octets) == FRAME
    assert (head.op, head.version) == (header.OP.WRITE, header.Version.V2)
    assert (head.group_id, head.command_id, head.sequence) == (877, 2, int(sequence))
    assert cbor2.loads(FRAME[8:]) == {}


def test_the_example_of_a_line_holds_the_frame_and_its_check_sum() -> None:
    check, address, begin, text, end = quoted(
        r"check sum `(\w{4})`, is sent as `([0-9A-F ]+)`, `06 (\d\d)`, "
        r"the base64 `([^`]+)`, `(\w\w)`"
    )
    crc = binascii.crc_hqx(FRAME, 0).to_bytes(2)

    assert crc.hex().upper() == check
    assert base64.b64decode(text) == (len(FRAME) + 2).to_bytes(2) + FRAME + crc
    assert (begin, end) == ("09", "0A")
    assert bytes.fromhex(address) == b"\x01%02X\n" % int(quoted(r"the board at address (\d+):")[0])


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (r"longer than the slot \(rc (\d+)", IMG_MGMT_ERR.INVALID_IMAGE_TOO_LARGE),
        (r"beginning with the magic \(rc (\d+)", IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC),
        (r"than the one that runs \(rc (\d+)", IMG_MGMT_ERR.CURRENT_VERSION_IS_NEWER),
        (r"without a trial: refused \(rc (\d+)", IMG_MGMT_ERR.IMAGE_CONFIRMATION_DENIED),
        (r"`len` missing or 0 \((\d+)\)", IMG_MGMT_ERR.INVALID_LENGTH),
        (r"than the header's 32 bytes \((\d+)\)", IMG_MGMT_ERR.INVALID_IMAGE_HEADER),
        (r"a `sha` of another length \((\d+)\)", IMG_MGMT_ERR.INVALID_HASH),
        (r"more bytes than `len` \((\d+)\)", IMG_MGMT_ERR.INVALID_IMAGE_DATA_OVERRUN),
        (r"other than 1 to be erased \((\d+)\)", IMG_MGMT_ERR.INVALID_SLOT),
        (r"flash that failed \((\d+), \d+\)", IMG_MGMT_ERR.FLASH_WRITE_FAILED),
        (r"flash that failed \(\d+, (\d+)\)", IMG_MGMT_ERR.FLASH_ERASE_FAILED),
        (r"second trial are refused \(rc (\d+)", IMG_MGMT_ERR.NO_FREE_SLOT),
        (r"an unknown hash \(rc (\d+)\)", IMG_MGMT_ERR.HASH_NOT_FOUND),
        (
            r"that of the running image \(rc (\d+)\)",
            IMG_MGMT_ERR.IMAGE_SETTING_TEST_TO_ACTIVE_DENIED,
        ),
        (r"must be refused here, too \(rc (\d+)\)", IMG_MGMT_ERR.CURRENT_VERSION_IS_NEWER),
        (r"`name` of another file: rc (\d+)", FS_MGMT_ERR.FILE_NOT_FOUND),
        (r"to both: (\d+) a key is missing", MGMT_ERR.EINVAL),
        (r"wrong type · (\d+) a group or command that the board lacks", MGMT_ERR.ENOTSUP),
        (r"board lacks · (\d+) access denied", MGMT_ERR.EACCESSDENIED),
        (r"otherwise SMP's own rc (\d+)", MGMT_ERR.EACCESSDENIED),
    ],
)
def test_a_refusal_has_the_number_that_the_standard_groups_give_it(
    said: str, number: IMG_MGMT_ERR | FS_MGMT_ERR | MGMT_ERR
) -> None:
    assert int(quoted(said)[0]) == number


def test_the_example_of_a_card_is_its_facility_and_number_with_both_parities() -> None:
    facility, card, octets = quoted(r"facility (\d+), card (\d+) are `([0-9A-F ]+)`")
    value = int(facility) << 16 | int(card)
    even = (value >> 12).bit_count() % 2
    odd = 1 - (value & 0xFFF).bit_count() % 2
    left_aligned = (even << 25 | value << 1 | odd) << 6

    assert left_aligned.to_bytes(4) == bytes.fromhex(octets)


def test_the_example_of_an_event_is_that_card() -> None:
    written, octets = quoted(r"at reader 0: `\[([^`]+)\]`, in CBOR `([0-9A-F ]+)`")
    *numbers, bits = written.split(", ")
    card = bytes.fromhex(bits.removeprefix("h").strip("'"))

    assert cbor2.loads(bytes.fromhex(octets)) == [*map(int, numbers), card]
    assert numbers[2:] == ["3", "0", "26"]
    assert quoted(r"card \d+ are `([0-9A-F ]+)`") == (card.hex(" ").upper(),)


def test_the_example_of_a_signed_command_is_a_hold() -> None:
    body, _ = signed_example()

    assert cbor2.loads(body) == {"boot": 7, "c": 1, "cmd": 5, "args": {"ms": 60_000}}
    assert quoted(r"\| (\d) hold \| write")[0] == "5"


def test_the_example_of_a_signature_is_over_the_context_that_the_page_names() -> None:
    body, signature = signed_example()
    context, between = quoted(r"Ed25519 over `([^`]+)` ‖ serial number ‖ `(.)` ‖ `body`")
    serial_number = quoted(r"a board with serial number `([^`]+)`")[0]

    PRIVATE_KEY.public_key().verify(signature, f"{context}{serial_number}{between}".encode() + body)


def test_the_example_of_a_claim_answers_the_begin_of_the_keys_hash() -> None:
    key, answer = quoted(r"took the public key `([0-9A-F]+)`, of which it answered `([0-9A-F]+)`")
    public = PRIVATE_KEY.public_key().public_bytes_raw()

    assert bytes.fromhex(key) == public
    assert bytes.fromhex(answer) == hashlib.sha256(public).digest()[:8]


def test_the_magic_is_the_one_of_mcuboot() -> None:
    assert int(quoted(r"magic `([0-9A-F]{8})`")[0], 16) == 0x96F3B83D
