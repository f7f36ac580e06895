"""An independent, slow model of the access rules, and random histories that both must agree on.

``python -m tests.system.access_model --histories N --seed S --json``. The reference is written from
the rules as ``docs/access.md`` states them, with lists and loops over the whole history; it shares
the contract's types with the engine and not a line of code.
"""
