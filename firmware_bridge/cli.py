"""The command ``menshen firmware``: boards on a line of this machine, without central.

A board whose line a node's process has open is updated from the console instead.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from config.board_image import (
    ImageError,
    PublicKey,
    read_image,
    verify_image,
)
from config.contract.board_events import UpdateOutcome
from config.rollout import Judgement, Rollout
from config.site import Site
from drivers.base import DriverError
from firmware_bridge.cli_files import read_file, signer_of, site_of, taken_keys
from firmware_bridge.cli_follow import Interrupted, LeftError, quiet_of, rules_of, update_at
from firmware_bridge.cli_recover import recover
from firmware_bridge.cli_show import (
    Bars,
    bars,
    identity_document,
    printable,
    say_fleet,
    say_identity,
    say_json,
    say_result,
)
from firmware_bridge.client import BoardClient
from firmware_bridge.fleet import Fleet, FleetResult
from firmware_bridge.places import (
    BAUDRATE,
    NotThereError,
    Place,
    knock,
    opened,
    place_of,
    site_places,
)
from firmware_bridge.signing import KeySigner
from firmware_bridge.update_steps import UpdateResult

INTERRUPTED = 130
_Answer = TypeVar("_Answer")
LOG_PATH = "/log/board.txt"
"""See docs/board.md, section 2."""

firmware = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Controller boards: who they are, and signed updates that cannot brick them.",
)
firmware.command("recover")(recover)

BoardName = Annotated[
    str,
    typer.Argument(
        metavar="BOARD",
        help="A port (/dev/ttyUSB0, /dev/ttyUSB0@5, udp://HOST:1337, socket://HOST:PORT), or a"
        " device of the site.",
    ),
]
ImagePath = Annotated[Path, typer.Argument(metavar="IMAGE", help="What imgtool sign wrote.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option(help="Public key (PEM) of a signer; repeatable. Without it, the site file's."),
]
SitePath = Annotated[Path | None, typer.Option(help="The site file: devices, keys, quiet times.")]
Address = Annotated[int, typer.Option(help="1..247 on a line with several boards; 0 alone.")]
Baud = Annotated[int, typer.Option(min=300, max=921_600, help="Of a port that is named.")]
SignedBy = Annotated[
    Path | None, typer.Option(help="Private key (PEM, Ed25519) that the board was claimed with.")
]
Prove = Annotated[
    float | None,
    typer.Option(
        "--prove", min=1, max=600, help="Seconds that it must be well; else the site's, or 10."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@firmware.callback()
def boards() -> None:
    """Controller boards: who they are, and signed updates that cannot brick them."""
    # What becomes of the line is said once, in the command's own words.
    logging.getLogger("drivers").addHandler(logging.NullHandler())


@firmware.command()
def info(
    board: BoardName,
    *,
    site: SitePath = None,
    address: Address = 0,
    baud: Baud = BAUDRATE,
    as_json: Json = False,
) -> None:
    """Say who a board is, what its slots hold, and how it is."""
    place = _place(board, site_of(site), address=address, baudrate=baud)

    async def read(client: BoardClient) -> dict[str, Any]:
        return identity_document(
            place.name,
            await client.identity(),
            await client.state(),
            await client.images(),
            await client.statistics(),
        )

    (say_json if as_json else say_identity)(_read(place, read))


@firmware.command()
def log(
    board: BoardName,
    *,
    site: SitePath = None,
    address: Address = 0,
    baud: Baud = BAUDRATE,
) -> None:
    """Print the newest lines of a board's own log."""
    place = _place(board, site_of(site), address=address, baudrate=baud)
    raw = _read(place, lambda client: client.download(LOG_PATH))
    typer.echo(printable(raw), nl=False)


def _read(place: Place, read: Callable[[BoardClient], Awaitable[_Answer]]) -> _Answer:
    """Return what a board that is there answers; who is not there ends the command in a line."""

    async def run() -> _Answer:
        async with opened(place) as client:
            await knock(client, place)
            return await read(client)

    try:
        return asyncio.run(run())
    except (NotThereError, DriverError) as error:
        raise typer.TyperException(f"{place.name}: {error}") from error


@firmware.command()
def update(
    board: BoardName,
    image: ImagePath,
    *,
    keys: Keys = None,
    site: SitePath = None,
    address: Address = 0,
    baud: Baud = BAUDRATE,
    prove: Prove = None,
    signed_by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Have a board run a signed image; ends with 0 only when it proved well and was confirmed.

    Broken off, the same command again goes on where the board is.
    """
    found = site_of(site)
    place = _place(board, found, address=address, baudrate=baud)
    _change(
        place,
        read_file(image, "image"),
        taken_keys(keys, found),
        site=found,
        prove_s=prove,
        signer=signer_of(signed_by),
        as_json=as_json,
    )


@firmware.command()
def rollback(
    board: BoardName,
    *,
    site: SitePath = None,
    address: Address = 0,
    baud: Baud = BAUDRATE,
    prove: Prove = None,
    signed_by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Have a board run the image of its other slot again; ends with 0 only when confirmed."""
    found = site_of(site)
    place = _place(board, found, address=address, baudrate=baud)
    signer = signer_of(signed_by)
    _change(place, None, (), site=found, prove_s=prove, signer=signer, as_json=as_json)


def _change(
    place: Place,
    data: bytes | None,
    keys: Sequence[PublicKey],
    *,
    site: Site | None,
    prove_s: float | None,
    signer: KeySigner | None,
    as_json: bool,
) -> None:
    async def run(shown: Bars) -> tuple[UpdateResult, bool]:
        interrupted = Interrupted(shown.say)
        with interrupted.watching():
            result = await update_at(
                place,
                data,
                keys=keys,
                rules=rules_of(site, prove_s),
                may_begin=quiet_of(site),
                signer=signer,
                interrupted=interrupted,
                on_progress=lambda progress: shown.update(place.name, progress),
            )
        return result, interrupted.is_asked

    if (refused := _refusal(data, keys)) is not None:
        say_result(place.name, refused, as_json=as_json)
        raise typer.Exit(1)
    try:
        with bars() as shown:
            result, is_interrupted = asyncio.run(run(shown))
    except LeftError as left:
        typer.echo(f"menshen: {place.name}: {left}", err=True)
        raise typer.Exit(INTERRUPTED) from left
    say_result(place.name, result, as_json=as_json)
    if result.outcome is not UpdateOutcome.CONFIRMED:
        raise typer.Exit(INTERRUPTED if is_interrupted else 1)


@firmware.command()
def fleet(
    image: ImagePath,
    board: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BOARD]...", help="Without any: the site file's, of its type."),
    ] = None,
    *,
    keys: Keys = None,
    site: SitePath = None,
    baud: Baud = BAUDRATE,
    prove: Prove = None,
    signed_by: SignedBy = None,
    failures_max: Annotated[int, typer.Option(min=0, help="So many may fail before it halts.")] = 0,
    as_json: Json = False,
) -> None:
    """Update boards in stages, one, a tenth, then the rest; a failure halts it."""
    found = site_of(site)
    data, taken = read_file(image, "image"), taken_keys(keys, found)
    if (refused := _refusal(data, taken)) is not None:
        raise typer.TyperException(refused.detail)
    named = _places(board or [], found, baudrate=baud, hw=read_image(data).hw)
    places = {place.name: place for place in named}
    try:
        rollout = Rollout.of([place.name for place in named], failures_max=failures_max)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    rules, may_begin, signer = rules_of(found, prove), quiet_of(found), signer_of(signed_by)

    async def run(shown: Bars) -> tuple[FleetResult, bool]:
        interrupted = Interrupted(shown.say)

        async def update_one(name: str) -> UpdateResult:
            result = await update_at(
                places[name],
                data,
                keys=taken,
                rules=rules,
                may_begin=may_begin,
                signer=signer,
                interrupted=interrupted,
                on_progress=lambda progress: shown.update(name, progress),
            )
            shown.end(name)
            return result

        def on_judgement(judgement: Judgement) -> None:
            done = len(places) - sum(len(s) for s in rollout.stages[judgement.stage_index :])
            shown.show("all", f"stage {judgement.stage_index + 1}", done, len(places))

        going = Fleet(
            rollout,
            update_one,
            line_of=lambda name: places[name].line,
            on_judgement=on_judgement,
        )
        with interrupted.watching(on_first=going.stop):
            return await going.run(), interrupted.is_asked

    try:
        with bars() as shown:
            result, is_interrupted = asyncio.run(run(shown))
    except LeftError as left:
        typer.echo(f"menshen: {left}", err=True)
        raise typer.Exit(INTERRUPTED) from left
    say_fleet(result, as_json=as_json)
    if not result.are_all_confirmed:
        raise typer.Exit(INTERRUPTED if is_interrupted else 1)


def _refusal(data: bytes | None, keys: Sequence[PublicKey]) -> UpdateResult | None:
    """Return why an image is not taken, before a port is touched; None where it may be."""
    try:
        if data is not None:
            verify_image(read_image(data), keys)
    except ImageError as error:
        detail = str(error)
        return UpdateResult(outcome=UpdateOutcome.REFUSED, reason=error.reason, detail=detail)
    return None


def _place(text: str, site: Site | None, *, address: int, baudrate: int) -> Place:
    try:
        return place_of(text, site=site, baudrate=baudrate, address=address)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _places(
    texts: Sequence[str], site: Site | None, *, baudrate: int, hw: int | None
) -> list[Place]:
    """Return the boards that are named; or those of the site, but for other types' than ``hw``."""
    if texts:
        return [_place(text, site, address=0, baudrate=baudrate) for text in texts]
    if site is None:
        raise typer.BadParameter("name the boards, or the site file with --site")
    try:
        return [place for place in site_places(site) if place.hw in (0, hw)]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
