"""The computer that a terminal runs on: its disk, what is written to it, and its clock.

Rules are functions of readings; ``watch`` and ``time_watch`` take the readings.
"""
