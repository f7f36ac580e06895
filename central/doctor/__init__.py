"""What is wrong with the central of this machine, for ``menshen doctor``.

It reads: central may be running, on SQLite or PostgreSQL, with one site or with many. To add a
check: a function in ``judging`` that says what a measurement is worth, named in ``examination``.
"""

from central.doctor.examination import look

__all__ = ["look"]
