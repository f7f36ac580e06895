"""The central service: distributes people, collects facts, shows them to operators.

It is never in the path of a decision. It knows no wire and no device: what it says of a gate is
what a node said of it. Per feature a folder with ``endpoints``, ``schemas`` and ``repository``; SQL
stands in repositories alone. To add a feature: a folder, its router in ``app.py``, a permission in
``security.py`` and its tables in ``tables.py`` with a migration.
"""
