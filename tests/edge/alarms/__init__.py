"""Panic buttons, intruders and sirens at a terminal."""
