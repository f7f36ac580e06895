"""What is said, in one line, where a database cannot be used."""


class DatabaseError(Exception):
    """The database cannot be used; the message says why in one line."""
