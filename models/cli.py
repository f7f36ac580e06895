"""The command ``menshen models``."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table

from models.catalogue import Network, SourceFile
from models.evaluate_cli import evaluate
from models.fetch import FetchError, check_mirror, fetch, open_client, wanted
from models.store import (
    DEFAULT_PIPELINE,
    Store,
    StoreError,
    catalogue,
    default_store,
    network_of,
)

models = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Recognition networks of this machine."
)
models.command("evaluate")(evaluate)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@models.command("list")
def list_networks(*, as_json: Json = False) -> None:
    """List every network that can be used, where it comes from, and which are here."""
    store = default_store()
    rows = [_row(network, store) for network in catalogue()]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    heads = ("network", "pipeline", "licence", "business", "here", "FNIR*")
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None, padding=(0, 1))
    for network in catalogue():
        table.add_row(
            network.name,
            ", ".join(network.pipelines),
            network.licence,
            "yes" if network.commercial_use else "no",
            "yes" if store.has(network) else "no",
            _rates(network),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "\nbusiness: whether the licence lets a buyer use it in a business", soft_wrap=True
    )
    console.print(
        "* enrolled people refused, gallery of 1,000, one stranger in 1,000 passing (LFW): "
        "one picture enrolled / mean of three",
        soft_wrap=True,
    )
    console.print()
    for network in catalogue():
        origin = "; ".join(text for text in (network.origin, network.remark) if text)
        console.print(f"{network.name} ({network.role}): {origin}", soft_wrap=True)
    console.print(f"store: {store.folder}", soft_wrap=True)


def _row(network: Network, store: Store) -> dict[str, object]:
    return {
        "name": network.name,
        "role": network.role,
        "pipelines": network.pipelines,
        "origin": network.origin,
        "urls": [file.url for file in network.files if file.url],
        "licence": network.licence,
        "commercial_use": network.commercial_use,
        "remark": network.remark,
        "sha256": network.sha256,
        "present": store.has(network),
        "default": DEFAULT_PIPELINE in network.pipelines,
        "fnir_at_fpir_0001_n1000": network.fnir_at_fpir_0001_n1000,
        "fnir_at_fpir_0001_n1000_mean_of_three": network.fnir_at_fpir_0001_n1000_mean_of_three,
    }


def _rates(network: Network) -> str:
    rates = (network.fnir_at_fpir_0001_n1000, network.fnir_at_fpir_0001_n1000_mean_of_three)
    return " / ".join(f"{rate:.1%}" for rate in rates if rate is not None)


@models.command()
def build(*, as_json: Json = False) -> None:
    """Convert the built-in networks, once."""
    store, console = default_store(), Console(stderr=True, highlight=False)
    built = []
    with console.status("converting dlib's networks to ONNX"):
        try:
            for name in store.build():
                built.append(name)
                console.print(f"built {name}")
        except StoreError as error:
            raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"built": built, "store": str(store.folder)}))
    elif not built:
        console.print("the built-in networks are here already")


@models.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Networks' files; of an IR the xml, the bin beside it.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Take files into the store, if their hashes are in the catalogue. It switches no site."""
    store, added = default_store(), {}
    for file in files:
        try:
            network = store.add(file)
        except StoreError as error:
            raise typer.TyperException(str(error)) from error
        # An IR that is named by both of its files is one network.
        if network.name not in added and not as_json:
            typer.echo(f"added {network.name} ({network.role}, {network.licence})")
        added[network.name] = dataclasses.asdict(network)
    if as_json:
        entries = list(added.values())
        typer.echo(json.dumps(entries[0] if len(files) == 1 else entries))


@models.command("fetch")
def fetch_networks(
    names: Annotated[list[str] | None, typer.Argument(help="Networks, see `list`.")] = None,
    *,
    pipeline: Annotated[str | None, typer.Option(help="All that this pipeline lacks.")] = None,
    mirror: Annotated[
        str | None, typer.Option("--from", help="HTTPS folder that holds the same files.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Download networks from their official places, and check them. It switches no site."""
    store, console = default_store(), Console(stderr=True, highlight=False)
    try:
        if mirror is not None:
            check_mirror(mirror)
        networks = _chosen(names or [], pipeline, store)
    except (FetchError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    fetched, failures = [], []
    try:
        with open_client() as client, _Bars(console) as bars:
            for network in networks:
                try:
                    fetch(network, store, client=client, mirror=mirror, on_progress=bars.show)
                except StoreError as error:
                    failures.append(str(error))
                else:
                    fetched.append(network.name)
    except FetchError as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"fetched": fetched, "store": str(store.folder)}))
    for name in fetched:
        console.print(f"fetched {name}")
    if not networks:
        console.print("these networks are here already")
    if failures:
        raise typer.TyperException("\n".join(failures))


def _chosen(names: Sequence[str], pipeline: str | None, store: Store) -> list[Network]:
    if bool(names) == (pipeline is not None):
        raise FetchError(
            "say which networks: their names (see `menshen models list`) or --pipeline"
        )
    if pipeline is not None:
        return wanted(pipeline, store)
    return [network for network in map(network_of, names) if not _is_here(network, store)]


def _is_here(network: Network, store: Store) -> bool:
    try:
        return store.find(network.name) is not None
    except StoreError:
        return False


class _Bars:
    """A bar for every file, from its first byte on."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tasks:
            self._progress.stop()

    def show(self, file: SourceFile, size_bytes: int) -> None:
        if not self._tasks:
            self._progress.start()
        if file.name not in self._tasks:
            task = self._progress.add_task(file.name, total=file.size_bytes)
            self._tasks[file.name] = task
        self._progress.update(self._tasks[file.name], completed=size_bytes)
