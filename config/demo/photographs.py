"""The demo's people: photographs in the public domain that installed packages carry."""

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import typer


@dataclasses.dataclass(frozen=True, slots=True)
class Photograph:
    """One person of the demo. Attributes: key: what the simulated camera calls the person."""

    key: str
    name: str
    path: Path


_CARRIED = {
    "astronaut": ("Eileen Collins", "skimage", "data/astronaut.png"),
    "admiral": ("Grace Hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}


def find_photographs() -> dict[str, Photograph]:
    """Return the photographs by key; the packages are found, not imported.

    Raises:
        typer.TyperException: A package is not installed; the message says what installs it.
    """
    found = {}
    for key, (name, package, inside) in _CARRIED.items():
        spec = find_spec(package)
        folders = [] if spec is None else list(spec.submodule_search_locations or [])
        paths = [path for folder in folders if (path := Path(folder) / inside).is_file()]
        if not paths:
            raise typer.TyperException(
                f"the demo shows a photograph of {package}, which is not installed: "
                "run `uv run --no-dev --extra demo menshen demo`"
            )
        found[key] = Photograph(key, name, paths[0])
    return found


def find_pictures(folder: Path) -> dict[str, Photograph]:
    """Return the pictures of a folder that are held up before a camera, by key.

    Their paths are absolute: the simulated camera works in a folder of its own.

    Raises:
        typer.TyperException: There is none.
    """
    names = folder.resolve().iterdir() if folder.is_dir() else ()
    paths = sorted(path for path in names if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        raise typer.TyperException(f"{folder} holds no .jpg or .png picture to hold up")
    return {f"held-{n}": Photograph(f"held-{n}", p.stem, p) for n, p in enumerate(paths, 1)}
