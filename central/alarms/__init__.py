"""Alarms after ISA-18.2 / IEC 62682: one list for everything that a person must see to.

``kinds`` says what can be raised, ``sources`` which events raise and end it, ``life`` what becomes
of it (pure), ``service`` keeps it. Another part of central raises alarms by
``service.raise_alarm`` and ``service.return_alarm`` in its own transaction.
"""
