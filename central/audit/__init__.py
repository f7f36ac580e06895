"""The audit log: who did or looked at what, as a chain of hashes that shows every tampering.

``notes`` is how the rest of central says what happens, ``chain`` is the pure arithmetic,
``repository`` keeps entries in the transaction of what they record. An entry holds identifiers:
no name, no card number, no password. An endpoint that changes something needs nothing of its own:
whatever an operator's request writes is recorded by the operation's name (``notes.action_of``);
``transaction.concerns`` adds what it was about.
"""
