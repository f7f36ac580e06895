"""What all pages share, served at ``/web``: tokens, dictionaries, live stream, tables.

Hand-written ES modules without a build step and without an external address. Nothing here knows
central or the terminal: a module gets the addresses that it reads from its caller. To add a word:
one line in ``static/zh-CN.json`` and one in ``static/en.json``.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder behind ``/web``."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
"""For every page: scripts, styles, pictures and connections of our own origin, and none inline."""
