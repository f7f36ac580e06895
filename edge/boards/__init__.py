"""The controller boards at one node: heartbeats, holds, what they tell, and updates on command.

What a board is on the wire, and how an image gets onto it, is ``firmware_bridge``'s; see
``docs/board.md``.
"""
