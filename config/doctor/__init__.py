"""What is wrong with this machine, and what to do about it: the command ``menshen doctor``.

What belongs to any machine is looked at here. Each side brings what it knows by an entry point of
the group ``menshen.doctors``: a function that takes a ``Patient`` and yields ``Finding``. Nothing
that is looked at is changed. To add a check: a function that yields a finding, named in the
``examine`` of its side.
"""

from config.doctor.command import doctor

__all__ = ["doctor"]
