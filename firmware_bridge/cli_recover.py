"""``menshen firmware recover``: a board that does not start, through its chip's own loader."""

from pathlib import Path
from typing import Annotated

import typer

from config.board_image import ImageError
from drivers.base import CommandRejectedError, DriverError
from firmware_bridge.cli_files import read_file, site_of, taken_keys
from firmware_bridge.cli_show import bars, say_json
from firmware_bridge.rom_loader import BAUDRATE, RomLoader, open_rom_port
from firmware_bridge.rom_recovery import FLASH_BEGIN, RecoveryPlace, RecoveryStage, judged
from firmware_bridge.rom_recovery import recover as recover_chip

STAGE_WORDS = {
    RecoveryStage.ERASES: "erases",
    RecoveryStage.WRITES: "writes",
    RecoveryStage.READS_BACK: "reads back",
}


def recover(
    port: Annotated[str, typer.Argument(help="The port that the chip's loader is on.")],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="What imgtool sign wrote.")],
    *,
    hw: Annotated[
        str, typer.Option(help="Number of the board's type, as it stands on it: 42 or 0x2A.")
    ],
    keys: Annotated[
        list[Path] | None, typer.Option(help="Public key (PEM) of a signer; repeatable.")
    ] = None,
    site: Annotated[Path | None, typer.Option(help="The site file, for its keys.")] = None,
    at: Annotated[
        str, typer.Option(help="Address of MCUboot's slot 0, as 0x08008000, with --page-size.")
    ] = "",
    page_size: Annotated[
        int, typer.Option(min=0, help="Bytes of a page; 0 erases the whole chip.")
    ] = 0,
    bare: Annotated[
        bool, typer.Option("--bare", help="No MCUboot there: write the program alone.")
    ] = False,
    baud: Annotated[int, typer.Option(min=1200, max=115_200)] = BAUDRATE,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output.")
    ] = False,
) -> None:
    """Write a signed image through an STM32's ROM loader (BOOT0 closed); it then starts.

    For a board that does not start any more. MCUboot, where it has it, still checks the image.
    """
    number, place = _number(hw, "--hw"), _place(at, page_size, is_bare=bare)
    data, taken = read_file(image, "image"), taken_keys(keys, site_of(site))
    try:
        judged(data, keys=taken, hw=number)  # before the port is touched
        with bars() as shown:
            transport = open_rom_port(port, baudrate=baud)
            try:
                done = recover_chip(
                    RomLoader(transport),
                    data,
                    keys=taken,
                    hw=number,
                    place=place,
                    on_progress=lambda stage, done, size: shown.show(
                        port, STAGE_WORDS[stage], done, size
                    ),
                )
            finally:
                transport.close()
    except KeyboardInterrupt as error:
        typer.echo(
            "menshen: broken off; the chip's loader is still there: the same command again",
            err=True,
        )
        raise typer.Exit(130) from error
    except ImageError as error:
        _fail(port, "refused", error.reason.value, str(error), as_json=as_json)
    except CommandRejectedError as error:
        _fail(port, "failed", "rejected", str(error), as_json=as_json)
    except DriverError as error:
        _fail(port, "failed", "unreachable", str(error), as_json=as_json)
    else:
        about = f"{done.version}, {done.written_bytes} bytes, read back"
        if as_json:
            say_json(
                {
                    "port": port,
                    "outcome": "recovered",
                    "chip_id": done.identity.chip_id,
                    "version": str(done.version),
                    "written_bytes": done.written_bytes,
                }
            )
        else:
            typer.echo(f"{port}: {about}; open BOOT0, so that it starts so from now on")


def _fail(port: str, outcome: str, reason: str, detail: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"port": port, "outcome": outcome, "reason": reason, "detail": detail})
    else:
        typer.echo(f"menshen: {port}: {outcome}: {detail}", err=True)
    raise typer.Exit(1)


def _number(text: str, option: str) -> int:
    try:
        return int(text, 0)
    except ValueError as error:
        raise typer.BadParameter(f"{option} is a number, 42 or 0x2A, not {text!r}") from error


def _place(at: str, page_size: int, *, is_bare: bool) -> RecoveryPlace:
    if not at and not is_bare:
        raise typer.BadParameter(
            "where does MCUboot look for its image? --at ADDRESS of its slot 0, with --page-size;"
            " or --bare, where the board has no MCUboot and nothing else in its flash"
        )
    at = at or hex(FLASH_BEGIN)
    try:
        return RecoveryPlace(
            address=_number(at, "--at"), page_size_bytes=page_size, is_bare=is_bare
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
