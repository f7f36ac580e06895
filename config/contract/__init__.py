"""The vocabulary that edge and centre share: identifiers, events, reasons, replica, trust.

Everything here is data or a pure function of data: no file, socket or clock. A difference that
would break a client of ``/api/v1`` or an event type ending in ``.v1`` fails
``tests/config/contract``.
"""
