"""Maps of known devices: TOML files that make a driver fit a model without code.

Those that the project ships stand in ``config/profiles``; a site's own are given by their path.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

SUFFIX = ".toml"


def names(kind: str) -> list[str]:
    """Return the shipped profiles of a kind; their files say ``kind = "..."`` at the top."""
    folder = files("config") / "profiles"
    found = [
        item.name.removesuffix(SUFFIX)
        for item in folder.iterdir()
        if item.name.endswith(SUFFIX) and tomllib.loads(item.read_text("utf-8")).get("kind") == kind
    ]
    return sorted(found)


def load_profile(kind: str, name_or_path: str) -> dict[str, Any]:
    """Return a profile's tables.

    Args:
        kind: What its first line must say, as ``meter`` or ``fire_panel``.
        name_or_path: Of a shipped one, or the path of a file that ends in ``.toml``.

    Raises:
        ValueError: No such profile, not TOML, or of another kind; one line.
    """
    is_path = name_or_path.endswith(SUFFIX)
    source = (
        Path(name_or_path)
        if is_path
        else files("config") / "profiles" / f"{Path(name_or_path).name}{SUFFIX}"
    )
    try:
        profile = tomllib.loads(source.read_text("utf-8"))
    except OSError as error:
        known = ", ".join(names(kind)) or "none"
        message = f"no profile {name_or_path!r}; there are: {known}; or give the path of a .toml"
        raise ValueError(message) from error
    except ValueError as error:
        raise ValueError(f"profile {name_or_path!r} is not TOML: {error}") from error
    if profile.get("kind") != kind:
        raise ValueError(
            f"profile {name_or_path!r} is no {kind}: its kind is {profile.get('kind')!r}"
        )
    return profile
