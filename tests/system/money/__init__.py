"""Money under fire: whole tills and a whole centre in processes of their own, killed at any moment.

``uv run python -m tests.system.money --transactions N --seed S`` plays random days of a canteen,
breaks what can break, and compares what the ledger holds with what people were shown. Tills run the
tills' own code over a real journal and file, centre its own over SQLite or PostgreSQL; between them
stands a network that loses, repeats and delays. ``reference`` knows only what was shown.
"""
