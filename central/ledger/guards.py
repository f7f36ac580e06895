"""What the database enforces itself, as migration 0024 installs it and ``verify`` looks for it.

On every insert of transfers: they come at the end of the chain, a resolution is the one of a
pending transfer that stands open, and no more is moved back than was moved. Then the balances
follow. Balances, open pendings and transfers are changed by nothing else.

A change is a new migration with statements of its own, and the files here follow it.
"""

import functools
import re
from importlib.resources import files
from typing import Final

_STATEMENT: Final = re.compile(r"CREATE (?:TRIGGER|FUNCTION) (\w+).*?;(?=\n\n|\n*\Z)", re.DOTALL)


@functools.cache
def statements(*, is_postgresql: bool) -> dict[str, str]:
    """Return what installs the guards, in order, by the name of each trigger or function."""
    name = "guards_postgresql.sql" if is_postgresql else "guards_sqlite.sql"
    text = files("central.ledger").joinpath(name).read_text("utf-8")
    return {found[1]: found[0].removesuffix(";") for found in _STATEMENT.finditer(text)}
