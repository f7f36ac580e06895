"""The mark beside a SQLite database that its site has left: central does not start on it."""

from pathlib import Path

from sqlalchemy import make_url


def mark_of(database: Path) -> Path:
    """Return the file that says so."""
    return database.with_name(f"{database.name}.moved")


def where_moved(database: Path) -> str | None:
    """Return the line that says where a site went; None where it did not go."""
    mark = mark_of(database)
    return mark.read_text("utf-8").strip() if mark.is_file() else None


def moved_line(database: Path, url: str) -> str:
    """Return what central says instead of starting; without the password."""
    return (
        f"the site of {database} has moved to {shown(url)}: start central with --database;"
        f" to go back, and lose what happened since, remove {mark_of(database)}"
    )


def shown(url: str) -> str:
    """Return an address as it may be shown: without the password."""
    return make_url(url).difference_update_query(["password"]).render_as_string()
