"""The operators' pages, as files: hand-written ES modules over ``/api/v1``, no build step.

``static`` is served at ``/static`` and ``config/web/static`` at ``/web``; ``/`` is ``index.html`` and
``/NAME`` is ``NAME.html``. The pages know the API and nothing else of central. To add a page: one
module ``static/NAME.js`` that calls ``startPage`` with its own ``NAME.html`` beside it, and the
words ``page.NAME`` in both dictionaries, which put it into the navigation and on ``g`` + its first
letter.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder behind ``/static``."""
