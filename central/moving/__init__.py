"""A site's way from SQLite to PostgreSQL: a copy that is proved before anybody may use it.

``source`` is the file, locked while it is copied; ``copying`` writes every table and works out a
hash of what went in and of what is there; ``service`` does all of it in one transaction, so that
the target holds a whole site or nothing; ``mark`` keeps central from starting on what was moved.
"""
