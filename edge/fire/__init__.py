"""A confirmed fire releases the gates of its zone, at this node and at the others.

Wires release first; this is the second path and the witness. Pure rules with time as an argument:
``signals`` (what panels say, and what makes a fire of it), ``book`` (which fires there are, what
each of them releases, what a person closed), ``paths`` (would this node hear of a fire), ``panels``
and ``duty``. Beside them ``releases`` tells gates until they have been read back, ``store`` keeps
what must outlive the process, and ``station`` puts it together.

Nothing here waits for a disk, for central or for an answer before a gate is told. To add an input:
a driver that reports ``PointChanged``, and a ``[[fire_input]]`` of the site file.
"""
