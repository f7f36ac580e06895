"""What the demo puts up before anybody comes: networks, cameras and the site file."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

import typer

from config.demo.photographs import Photograph
from config.demo.processes import Process, Processes


async def build_models() -> None:
    """Build the recognition networks, once for a machine.

    Raises:
        typer.TyperException: They cannot be built.
    """
    build = await asyncio.create_subprocess_exec(
        *Process.command("models", "build"), stdout=asyncio.subprocess.DEVNULL
    )
    if await build.wait() != 0:
        raise typer.TyperException("the networks cannot be built: run `menshen models build`")


async def start_lines(
    processes: Processes, folder: Path
) -> tuple[Mapping[str, str], tuple[Process, Process]]:
    """Start the gates, the fire panel and the controller board, each on a line of its own.

    Args:
        processes: Of the demo.
        folder: Where the links to their ports go.

    Returns:
        Their ports by the names that the site file has for them; the gates and the panel.

    Raises:
        typer.TyperException: One of them does not start.
    """
    ports = {"line": "line-1", "panel": "line-2", "board": "line-3"}
    places = {name: str(folder / link) for name, link in ports.items()}
    words = ("--control", "127.0.0.1:0", "--json")
    start = processes.start
    try:
        async with asyncio.TaskGroup() as group:
            gates = group.create_task(
                start(
                    "gates",
                    "sim",
                    "speed_gate",
                    "--port",
                    places["line"],
                    "--paced",
                    "--unit-id",
                    "1",
                    "--unit-id",
                    "2",
                    "--unit-id",
                    "3",
                    *words,
                )
            )
            panel = group.create_task(
                start("panel", "sim", "gbt26875", "--port", places["panel"], *words)
            )
            group.create_task(
                start("board", "sim", "board", "--port", places["board"], "--paced", *words)
            )
    except ExceptionGroup as errors:
        # Whoever starts the demo reads one line: of what failed together, the first.
        raise errors.exceptions[0] from errors
    return places, (gates.result(), panel.result())


async def start_camera(
    processes: Processes, name: str, people: Mapping[str, Photograph], *, setting: str = "photo"
) -> Process:
    """Start a simulated camera before which these people can walk up.

    Args:
        processes: Of the demo.
        name: Of the process.
        people: By key.
        setting: ``photo`` stands there as a person, ``sheet`` is held up as a picture.
    """
    photographs = [
        word for p in people.values() for word in ("--set", f"{setting}={p.key}={p.path}")
    ]
    return await processes.start(
        name, "sim", "camera", "--tcp", "127.0.0.1:0", "--control", "127.0.0.1:0",
        "--json", *photographs,
    )  # fmt: skip


def write_site(path: Path, parts: Sequence[str], values: Mapping[str, str]) -> Path:
    """Write the site file from its parts in this package's folder; returns its path.

    Args:
        path: Of the new file.
        parts: Names of files, put together in this order.
        values: What stands for their ``${names}``.
    """
    folder = Path(__file__).parents[1]
    template = "".join((folder / part).read_text(encoding="utf-8") for part in parts)
    path.write_text(Template(template).substitute(values), encoding="utf-8")
    return path
