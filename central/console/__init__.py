"""The operators' pages, as files: hand-written ES modules over ``/api/v1``, no build step.

``pages.routes()`` serves ``NAME.html`` as ``/NAME`` (``index.html`` as ``/``), ``static`` as
``/static`` and ``config/web/static`` as ``/web``. The pages know the API and nothing else of
central. To add a page: one module ``static/NAME.js`` that calls ``startPage``, a ``NAME.html``
beside it that loads it, and the words ``page.NAME`` in both dictionaries, which put it into the
navigation and on ``g`` + its first letter.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder behind ``/static``."""
