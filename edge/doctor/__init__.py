"""What is wrong with the terminals of this machine, for ``menshen doctor``.

Each module looks at one subject and yields findings; nothing here changes anything. To add a check:
a function that yields a ``Finding``, named in ``examination``.
"""

from edge.doctor.examination import look

__all__ = ["look"]
