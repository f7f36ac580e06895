"""The command ``menshen models``."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from models.store import DEFAULT_PIPELINE, StoreError, catalogue, default_store

models = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Recognition networks of this machine."
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@models.command("list")
def list_networks(*, as_json: Json = False) -> None:
    """List every network that can be used, and which are here."""
    store = default_store()
    rows = [
        {
            "name": network.name,
            "role": network.role,
            "licence": network.licence,
            "commercial_use": network.commercial_use,
            "sha256": network.sha256,
            "present": store.has(network),
            "default": DEFAULT_PIPELINE in network.pipelines,
        }
        for network in catalogue()
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table("network", "role", "pipeline", "licence", "here", "FNIR*")
    for network, row in zip(catalogue(), rows, strict=True):
        rate = network.fnir_at_fpir_0001_n1000
        table.add_row(
            network.name,
            network.role,
            ", ".join(network.pipelines),
            network.licence,
            "yes" if row["present"] else "no",
            "" if rate is None else f"{rate:.0%}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "* enrolled people refused, gallery of 1,000, one stranger in 1,000 passing (LFW)"
    )
    console.print(f"store: {store.folder}", soft_wrap=True)


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
    file: Annotated[Path, typer.Argument(help="A network's file.")], *, as_json: Json = False
) -> None:
    """Take a file into the store, if its hash is in the catalogue. It switches no site."""
    try:
        network = default_store().add(file)
    except StoreError as error:
        raise typer.TyperException(str(error)) from error
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(network)))
    else:
        typer.echo(f"added {network.name} ({network.role}, {network.licence})")
