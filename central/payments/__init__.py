"""Top-ups by a payment provider: each order's money reaches the wallet exactly once, or goes back.

``provider`` says what central asks of any provider; ``states`` what an order becomes of what it is
told, and ``matching`` how a day's bill compares: both pure. ``merchant_signatures``,
``merchant_notices`` and ``merchant_bill`` are the codecs of one family of merchant APIs and
``merchant_v3`` speaks it over HTTP. ``service`` is the timer, ``repository`` the database. Nothing
else knows which provider it is; another one is a module like ``merchant_v3``.
"""
