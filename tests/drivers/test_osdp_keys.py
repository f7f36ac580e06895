from pathlib import Path

import pytest

from drivers.osdp_keys import load_key

KEY = "00112233445566778899AABBCCDDEEFF"


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "reader.key"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_is_read(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, f"{KEY}\n", mode)

    assert load_key(path, may_create=False) == bytes.fromhex(KEY)


def test_install_mode_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "reader.key"

    key = load_key(path, may_create=True)

    assert len(key) == 16
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path, may_create=False) == key


def test_install_mode_keeps_the_key_that_there_is(tmp_path: Path) -> None:
    path = key_file(tmp_path, KEY)

    assert load_key(path, may_create=True) == bytes.fromhex(KEY)


def test_two_keys_are_not_the_same(tmp_path: Path) -> None:
    keys = {load_key(tmp_path / str(number), may_create=True) for number in range(8)}

    assert len(keys) == 8


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, KEY, mode)

    with pytest.raises(ValueError, match="open to others: chmod 600 it"):
        load_key(path, may_create=False)


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be read.*install mode makes one"):
        load_key(tmp_path / "none", may_create=False)


def test_a_key_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be made"):
        load_key(tmp_path / "no" / "folder", may_create=True)


@pytest.mark.parametrize("text", ["", KEY[:-2], KEY + "00", "secret", "Schlüssel"])
def test_what_is_no_key_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = key_file(tmp_path, text)

    with pytest.raises(ValueError, match=r"32 hexadecimal digits|cannot be read") as caught:
        load_key(path, may_create=False)

    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", ["303132333435363738393A3B3C3D3E3F", "00" * 16])
def test_a_key_that_everybody_knows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="everybody knows"):
        load_key(key_file(tmp_path, text), may_create=False)
