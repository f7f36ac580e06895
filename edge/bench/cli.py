"""The command ``menshen device``."""

import typer

from edge.bench.conformance_command import conform

device = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The technician's bench: find, test and record devices.",
)
device.command("test")(conform)


@device.callback()
def bench() -> None:
    """The technician's bench: find, test and record devices."""
