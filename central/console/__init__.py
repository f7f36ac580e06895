"""The operators' pages, as files: hand-written ES modules over ``/api/v1``, no build step.

``pages.routes()`` serves ``NAME.js`` as the page ``/NAME`` under one head, its words as
``/words/NAME``, ``static`` as ``/static`` and ``config/web/static`` as ``/web``. The pages know the
API and nothing else of central. To add a page: one module ``static/NAME.js`` that calls
``startPage``, and the words ``page.NAME`` in both dictionaries, which put it into the navigation
and on ``g`` + its first letter. It gets the groups of words that its modules name.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder behind ``/static``."""
