"""The tables of a new schema in one message: what the migrations said for the first one, again.

The migrations of a new site are some eight hundred statements with a round trip each, one site
after the other, as Alembic knows one connection at a time. All of them begin with nothing, so all
of them say the same: a process keeps what they said to the first, and says it to the next at once.
"""

import contextlib
import dataclasses
from collections.abc import Iterator

from sqlalchemy import Connection, event


@dataclasses.dataclass(slots=True)
class Said:
    """What migrations said to a database. Attributes: script: None where it cannot be repeated."""

    script: str | None = None
    _statements: list[str] = dataclasses.field(default_factory=list)
    _is_whole: bool = True

    def note(self, statement: str, *, has_values: bool) -> None:
        """Keep a statement; what only looked, and found nothing, is left out."""
        if not has_values:
            self._statements.append(statement.rstrip().rstrip(";"))
        elif not statement.lstrip().upper().startswith("SELECT"):
            self._is_whole = False  # its values are not in it

    def end(self) -> None:
        """Make a script of it."""
        self.script = ";\n".join(self._statements) if self._is_whole else None


class FirstTables:
    """What a new schema is told, once it is known; set once, by whoever is first in a process."""

    def __init__(self) -> None:
        self._script: str | None = None

    @contextlib.contextmanager
    def kept_from(self, connection: Connection) -> Iterator[None]:
        """Keep what is said to an empty schema of PostgreSQL while inside."""
        said = Said()

        def note(
            _connection: Connection,
            _cursor: object,
            statement: str,
            values: object,
            *_: object,
        ) -> None:
            said.note(statement, has_values=bool(values))

        event.listen(connection, "before_cursor_execute", note)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", note)
        said.end()
        self._script = said.script

    @property
    def is_known(self) -> bool:
        """Whether ``make`` can."""
        return self._script is not None

    def make(self, connection: Connection) -> bool:
        """Make the tables in an empty schema; returns False where it is not known how yet."""
        if self._script is None:
            return False
        connection.exec_driver_sql(self._script)
        return True
