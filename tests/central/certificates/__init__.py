"""Certificates that end, and those that are made anew in time."""
