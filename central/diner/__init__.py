"""The diner's own page on their telephone, by a one-time link: one person, half an hour, no login.

``links`` makes links and knows who came by one. Everything that a diner reads or does is bound to
that person: no request names anybody. ``repository`` is the statement and what diners say about
charges and meals, ``meals`` when a meal can be registered: pure. The office's half is in
``office_endpoints``.

It knows what was charged from ``central.canteen``, what is there from the ledger, and moves no
money itself: a top-up is ``central.payments``, and a charge that is wrong goes back by the office.
"""
