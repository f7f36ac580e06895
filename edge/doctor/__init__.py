"""What is wrong with this machine, and what to do about it: the command ``menshen doctor``.

Each module looks at one subject and yields findings; nothing here changes anything. To add a check:
a function that returns a ``Finding``, named in ``command.examine``.
"""

from edge.doctor.command import doctor

__all__ = ["doctor"]
