"""How long personal data is kept: one table of classes, timers that enforce it, and their record.

``classes`` is the table and knows no database; ``rules`` finds and deletes what is due of a class;
``service`` is the timer; ``repository`` keeps what it did. A table that is added to
``central.metadata`` belongs to a class, or a test fails.
"""
