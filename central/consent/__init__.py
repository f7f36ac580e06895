"""What the law asks for a face: consent before, deletion with proof after, erasure, and access.

It says whose face may be kept and where; ``central.people`` keeps it. Nothing here decides at a
gate: who has no face passes by a card, a PIN or a code.
"""
