"""Paying at central: what tills tell becomes money in the ledger, once.

A charge is a row that facts of its till are put into, in whatever order and however often they
come (``state``); what is due of it follows from the row and not from the order (``charges``). What
cannot be posted is a line for a person to decide (``exceptions``), and holds nothing up. Tills are
told who can spend how much (``accounts``), keep money ahead (``reservations``), and work by the
plan (``plan``). ``sessions`` compares what a till says of its day with what is kept here, and
``debts`` are what was eaten and not covered.

It never decides whether somebody may eat: a till does, alone if it must.
"""
