"""The ledger: whose money is where, and every move of it since the first.

One **transfer** moves one amount of one unit from a debit account to a credit account, so that all
accounts of a unit add up to zero whatever happens. A transfer is never changed or removed; what was
wrong is moved back by another one. The database itself refuses anything else, keeps the balances,
and lets no account go below its floor: no program can, this one neither.

``accounts`` names accounts and says what holds for each kind, ``transfers`` is what a transfer is
and how the chain of hashes goes through them, ``orders`` what can be asked, ``book`` works out
ahead what a batch would do: all pure. ``guards`` is what the database enforces, ``repository`` what
other features call, ``verify`` believes none of it.

It knows no till, no meal and no operator: who may move money is decided by those who call it.
"""
