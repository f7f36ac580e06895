"""The controller boards behind the gates: their wire, their updates, and their own role (``peer``).

Knows lines and boards, no doors, people or rules; see docs/board.md for the protocol.
"""
