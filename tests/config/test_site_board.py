from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.site import SiteError, load_site
from config.site_board import BoardRules, QuietTime
from tests.config.images import public_pem


def test_a_quiet_time_holds_over_midnight() -> None:
    night = QuietTime(begins=time(22), ends=time(6))

    assert [night.holds(time(hour)) for hour in (21, 22, 0, 5, 6)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("begins", "ends"), [("11:30Z", "13:30Z"), ("11:30", "13:30+08:00")])
def test_a_quiet_time_has_no_zone_of_its_own(begins: str, ends: str) -> None:
    with pytest.raises(ValidationError, match=r"in the site's zone: write 11:30:00"):
        QuietTime.model_validate({"begins": begins, "ends": ends})


def test_two_keys_in_one_text_are_two_keys() -> None:
    with pytest.raises(ValidationError, match=r"key 1 has 2 keys: give each its own text"):
        BoardRules(keys=(public_pem() + public_pem(kind="ecdsa-p256"),))


def test_keys_of_signers_are_taken() -> None:
    keys = (public_pem(), public_pem(kind="ecdsa-p256"))

    assert BoardRules(keys=keys).keys == keys


def test_a_key_that_boards_do_not_verify_is_said_when_the_site_is_read(tmp_path: Path) -> None:
    site = "[site]\nid = 's'\nname = { en = 'S' }\n[[node]]\nid = 'n'\n[boards]\nkeys = ["
    pem = public_pem(kind="rsa-2048")
    (path := tmp_path / "site.toml").write_text(f'{site}"""{public_pem()}""", """{pem}"""]\n')

    with pytest.raises(SiteError, match=r"boards.keys: .*key 2 is of kind RSA") as refused:
        load_site(path)

    assert str(refused.value).count("\n") <= 1


def test_the_board_of_the_example_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "config" / "example.toml").read_text(encoding="utf-8")
    before, begin, rest = text.partition("# [boards]\n")
    block, end, after = rest.partition("\n\n")
    lines = (begin + block).replace("\n# ", "\n").removeprefix("# ")
    body = public_pem().splitlines()[1]
    (path := tmp_path / "site.toml").write_text(
        before + lines.replace("what imgtool writes", body) + end + after, encoding="utf-8"
    )

    site = load_site(path)

    assert len(site.boards.keys) == 1
    assert site.boards.quiet[0].holds(time(8))
    assert next(device for device in site.device if device.driver == "board").settings["hw"] == 42
