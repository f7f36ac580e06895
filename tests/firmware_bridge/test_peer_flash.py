"""The simulated flash is as hard to live with as a real one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.peer_flash import Flash, FlashError, Geometry, PowerCutError
from firmware_bridge.peer_journal import Journal

TINY = Geometry(sector_size_bytes=256, slot_sector_count=1)
PUTS = st.lists(st.tuples(st.integers(1, 5), st.binary(max_size=40)), min_size=1, max_size=30)


def test_a_write_turns_ones_into_zeros_only() -> None:
    flash = Flash(TINY)
    flash.write(0, b"\xf0\xf0\xf0\xf0")

    with pytest.raises(FlashError, match="zeros into ones"):
        flash.write(0, b"\xff\xf0\xf0\xf0")

    flash.write(0, b"\x80\xf0\xf0\xf0")
    assert flash.read(0, 5) == b"\x80\xf0\xf0\xf0\xff"


@pytest.mark.parametrize(("address", "size_bytes"), [(2, 4), (0, 3)])
def test_a_write_is_aligned(address: int, size_bytes: int) -> None:
    with pytest.raises(FlashError, match="not aligned"):
        Flash(TINY).write(address, bytes(size_bytes))


def test_an_erase_makes_its_sector_ones_and_no_other() -> None:
    flash = Flash(TINY)
    flash.write(0, bytes(512))

    flash.erase(0)

    assert flash.read(0, 512) == b"\xff" * 256 + bytes(256)
    assert flash.erase_counts[:2] == [1, 0]


def test_a_worn_out_sector_does_not_become_ones_any_more() -> None:
    flash = Flash(TINY, endurance=2)
    flash.erase(1)
    flash.erase(1)

    with pytest.raises(FlashError, match="sector 1 is worn out"):
        flash.erase(1)

    assert flash.read(256, 256).count(0xFF) == 255


def test_a_power_cut_in_a_write_leaves_a_part_of_it() -> None:
    flash = Flash(TINY, seed=3)
    flash.cut_power(after_operations=0)

    with pytest.raises(PowerCutError):
        flash.write(0, bytes(200))

    assert 0 < flash.read(0, 200).count(0) < 200


def test_a_power_cut_in_an_erase_leaves_some_bits_of_what_was() -> None:
    flash = Flash(TINY)
    flash.write(0, bytes(256))
    flash.cut_power(after_operations=0)

    with pytest.raises(PowerCutError):
        flash.erase(0)

    assert flash.read(0, 256) not in (bytes(256), b"\xff" * 256)


def test_a_file_outlives_the_process(tmp_path: Path) -> None:
    with Flash(TINY, path=tmp_path / "flash") as before:
        before.erase(0)
        before.write(0, b"kept")

    with Flash(TINY, path=tmp_path / "flash") as after:
        assert after.read(0, 4) == b"kept"
        assert after.erase_counts[0] == 1


def test_a_file_has_what_was_written_when_the_process_is_killed(tmp_path: Path) -> None:
    with Flash(TINY, path=tmp_path / "flash") as running:
        running.erase(0)
        running.write(0, b"kept")

        raw = (tmp_path / "flash").read_bytes()

    assert raw[:4] == b"kept"
    assert raw[256 * TINY.sector_count :][:4] == b"\x00\x00\x00\x01"


def test_a_file_of_another_size_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "flash").write_bytes(b"something else")

    with pytest.raises(ValueError, match="is no flash of this board: it has 14 bytes"):
        Flash(TINY, path=tmp_path / "flash")


@given(PUTS)
def test_the_journal_knows_the_newest_value_of_each_key(puts: list[tuple[int, bytes]]) -> None:
    flash = Flash(TINY)
    journal = Journal(flash)

    for key, value in puts:
        journal.put(key, value)

    again = Journal(flash)
    assert {key: again.get(key) for key, _ in puts} == dict(puts)


@given(PUTS, st.integers(0, 60), st.integers())
def test_a_power_cut_leaves_the_journal_before_or_after_a_value(
    puts: list[tuple[int, bytes]], operation: int, seed: int
) -> None:
    flash = Flash(TINY, seed=seed)
    expected: dict[int, bytes] = {}
    journal = Journal(flash)
    flash.cut_power(after_operations=operation)

    key, value, is_cut = 0, b"", False
    for key, value in puts:
        try:
            journal.put(key, value)
        except PowerCutError:
            is_cut = True
            break
        expected[key] = value

    again = Journal(flash)
    found = {one: got for one in range(1, 6) if (got := again.get(one)) is not None}
    assert found in (expected, {**expected, key: value} if is_cut else expected)
    flash.keep_power()
    again.put(1, b"goes on")
    assert Journal(flash).get(1) == b"goes on"


def test_a_value_that_is_known_is_not_written_again() -> None:
    flash = Flash(TINY)
    journal = Journal(flash)
    journal.put(1, b"value")
    before = flash.operation_count

    journal.put(1, b"value")

    assert flash.operation_count == before


def test_what_no_journal_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="no journal has"):
        Journal(Flash(TINY)).put(0, b"")
