"""Tills: from a meal and a face to a charge that is recorded exactly once.

``sale`` is the till as a state machine without I/O; what it knows comes from ``book``, and what it
wants done it returns. ``till`` does it: asks central to keep the money, makes the charge durable,
and only then lets the display say paid. It knows no page and no driver but through what it is
given. Pure rules stand in ``prices``, ``limits``, ``diner``, ``weighing`` and ``keypad``.

To add a way of coming to an amount: ``contract.money.ChargeMode``, ``sale`` and the till's page.
"""
