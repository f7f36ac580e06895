"""Patrols: planned as routes and shifts, walked as rounds, proved by scans.

``plan`` says what is planned, ``calendar`` when rounds begin, ``assignment`` which scan belongs to
which stop, and ``evaluation`` what a round has come to at a moment: all pure, with the time as an
argument. ``service`` is the timer, ``repository`` the database.
"""
