"""Controller boards: their images, what is known of each board, and roll-outs over the fleet.

``board_book`` is what events make of a board, ``choosing`` who is updated and why not, ``driving``
what is done next about one board: all pure. ``repository`` and ``rollout_rows`` are the database,
``deeds`` what operators do, ``drive`` one look at one roll-out, ``service`` the timer. Whether a
board may be updated just now, its node alone decides.
"""
