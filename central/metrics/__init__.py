"""How central does, in figures that Prometheus reads.

``counters`` counts what happens, as it happens, in memory: an endpoint that takes in thousands of
events a second counts a batch, never an event. ``standing`` says at a scrape how things stand, from
the database. A label is one of a few words that the program knows (a class, a status, a name of the
site file): never a person, a card, an identifier of what happened, or what somebody typed.

A new figure is a line in one of the two, and where somebody should act on it, a rule in
``docs/grafana/menshen.rules.yml`` and a line in ``docs/monitoring.md``.
"""
