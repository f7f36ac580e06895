"""The command ``menshen device``."""

import typer

from edge.bench.commission_command import commission, learn, template
from edge.bench.conformance_command import conform
from edge.bench.list_command import list_drivers, list_ports
from edge.bench.record_command import record, replay_file
from edge.bench.scan_command import scan
from edge.bench.serve_command import serve
from edge.bench.swap_command import swap
from edge.bench.watch_command import watch

device = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The technician's bench: find, test and record devices.",
)
device.command("list")(list_ports)
device.command("drivers")(list_drivers)
device.command("test")(conform)
device.command("scan")(scan)
device.command("watch")(watch)
device.command("record")(record)
device.command("replay")(replay_file)
device.command("serve")(serve)
device.command("template")(template)
device.command("commission")(commission)
device.command("learn")(learn)
device.command("swap")(swap)


@device.callback()
def bench() -> None:
    """The technician's bench: find, test and record devices."""
