"""Patrols at a terminal: what a reader reads becomes the fact that a guard was at a checkpoint.

``numbers`` and ``rules`` are pure; ``patrol`` listens to the readers and keeps the record. No plan
is known here: whether a scan was in time is central's to say, so a terminal works without it.
"""
