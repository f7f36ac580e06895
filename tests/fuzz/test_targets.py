"""Every codec has a fuzz target; each holds for a moment. ``python -m tests.fuzz`` is longer."""

import pkgutil
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import drivers.protocols
from tests.fuzz import target_names

WITHOUT = {
    "stx_hex",  # what rdm6300 and ibutton share: fuzzed through them
}
CODECS = {module.name for module in pkgutil.iter_modules(drivers.protocols.__path__)} - WITHOUT


def test_every_codec_has_a_target() -> None:
    assert set(target_names()) >= CODECS


@pytest.mark.parametrize("name", target_names())
@given(data=st.binary(max_size=600))
@settings(max_examples=60)
def test_a_target_holds(name: str, data: bytes) -> None:
    import_module(f"tests.fuzz.targets.{name}").run(data)
