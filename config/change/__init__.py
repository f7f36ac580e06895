"""A site file that takes the place of another: the command ``menshen config``.

What would change is worked out without touching anything (``comparison``, ``losses``). Taking it
into use keeps the version before, and goes back to it by itself when the services do not become
ready, or when nobody says in time that all is well.
"""
