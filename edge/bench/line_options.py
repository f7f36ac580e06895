"""How a technician names a line and a device's settings on the command line."""

import dataclasses
from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import typer

from drivers.registry import driver_class

Port = Annotated[
    str,
    typer.Option(
        "--port",
        help="A serial port, or socket://, listen://, udp://, modbus-tcp://, rfc2217://, http://"
        " HOST:PORT.",
    ),
]
Baud = Annotated[int, typer.Option("--baud", min=300, max=921_600, help="Of a serial port.")]
Parity = Annotated[str, typer.Option("--parity", help="N, E or O.")]
Stopbits = Annotated[int, typer.Option("--stopbits", min=1, max=2)]
Setting = Annotated[
    list[str] | None, typer.Option("--set", help="SETTING=VALUE of the driver; repeatable.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
PARITIES: Final = ("N", "E", "O")


def checked_parity(parity: str) -> str:
    """Return a parity.

    Raises:
        ValueError: It is none.
    """
    if parity.upper() not in PARITIES:
        raise ValueError(f"a parity is N, E or O, not {parity!r}")
    return parity.upper()


def driver_settings(driver: str, words: Sequence[str]) -> dict[str, Any]:
    """Return ``SETTING=VALUE`` words in the types of a driver's settings.

    Raises:
        ValueError: No such driver or setting, or a value that does not fit; one line.
    """
    settings_class = driver_class(driver).Settings
    hints = get_type_hints(settings_class)
    known = {field.name for field in dataclasses.fields(settings_class)}
    values: dict[str, Any] = {}
    for word in words:
        setting, equals, text = word.partition("=")
        if setting not in known or not equals:
            raise ValueError(
                f"{word!r} is no setting of {driver}; write one as SETTING=VALUE: "
                f"{', '.join(sorted(known))}"
            )
        values[setting] = _value(driver, setting, text, hints[setting])
    return values


def _value(driver: str, setting: str, text: str, hint: object) -> object:
    if get_origin(hint) in (Union, UnionType):
        if text.lower() == "none":
            return None
        hint = next(one for one in get_args(hint) if one is not type(None))
    try:
        if hint is bool:
            return {"true": True, "false": False}[text.lower()]
        if hint in (int, float):
            return hint(text)
    except (KeyError, ValueError) as error:
        wanted = getattr(hint, "__name__", hint)
        raise ValueError(f"{driver}: {setting} is {wanted}, not {text!r}") from error
    if get_origin(hint) in (tuple, list) or str(hint).startswith("collections.abc.Sequence"):
        (item, *_) = get_args(hint)
        return tuple(_value(driver, setting, part, item) for part in text.split(",") if part)
    return text
