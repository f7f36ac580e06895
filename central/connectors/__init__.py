"""What central tells other systems over lines of its own: settings, cursor and turn of each.

A connector is a row: what it is set to, its secrets (wrapped), the position up to which the other
side has everything, and who of several central processes has its turn. ``running`` keeps one at
work; what it says and how is ``central.mqtt`` and ``central.syslog``. A new one is a model of
settings in ``settings``, a ``work`` for ``running``, and its endpoint.
"""
