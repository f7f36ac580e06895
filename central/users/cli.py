"""The command ``menshen central invite``: a way in for whoever has the machine and no account."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from central.audit import repository as audit
from central.database import Database, DatabaseError, Transaction
from central.offline import Home, Json, address_of, read, reason, say
from central.users.schemas import Invitation
from central.users.service import Users
from config.site import Site, SiteError, load_site


def invite(
    *,
    site: Annotated[Path, typer.Option(envvar="MENSHEN_SITE", help="The site file.")],
    url: Annotated[str, typer.Option(help="What browsers call the site: https://gates.example")],
    database: Annotated[
        str | None,
        typer.Option(envvar="MENSHEN_DATABASE", help="As central has it; else the one in --home."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a one-time link for an administrator; a central on SQLite is stopped for it."""
    try:
        loaded = load_site(site)
    except SiteError as error:
        raise typer.BadParameter(str(error)) from error
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter("it begins with https://", param_hint="--url")
    address = address_of(database, home)
    read(address, _nothing, what="the database")
    try:
        made = asyncio.run(_invited(address, loaded, url.rstrip("/")))
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        raise typer.TyperException(f"no link is made: {reason(error)}") from error
    until = made.expires_at.isoformat()
    if as_json:
        say(json.dumps({"invitation_link": made.link, "expires_at": until}))
    else:
        say(f"become an administrator (once, until {until}): {made.link}")


async def _nothing(_: Transaction) -> None:
    """Find nothing: whether the tables are of this program is looked at before."""


async def _invited(address: str, site: Site, url: str) -> Invitation:
    def now() -> datetime:
        return datetime.now(UTC)

    database = Database(address)
    await database.open()
    try:
        database.before_commit = audit.recorder(now)
        users = Users(database, url=url, policy=site.policy)
        return await users.invite_from_shell(uid=os.getuid(), now=now())
    finally:
        await database.close()
