"""Panic buttons, intrusion panels and sirens at a node, with central or without.

``points`` says what an observation means (pure), ``watch`` passes it on, ``sounders`` sound.
"""
