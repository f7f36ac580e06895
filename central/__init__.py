"""The central service: people, credentials, events, nodes and the console.

It is never in the path of a decision. It imports models (enrolment) and config, never drivers,
firmware_bridge or edge. Per feature a folder: ``endpoints.py``, ``service.py``, ``repository.py``
(all SQL), ``schemas.py``. One composition root: ``app.py``.
"""
