"""What needs a second person: deeds that wait for one, and acts that one signs afterwards.

``permits`` is for what is not urgent (keys, money): nothing happens before somebody else, who has
the permission, has approved it. ``countersigning`` is for emergencies: it happens at once, alarms,
and stays on a list until somebody else has signed. To add a deed: a line in ``permits.DEEDS`` and
one call of ``permits.permit`` in the transaction that does it.
"""
