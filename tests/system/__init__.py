"""Whole sites: real processes on loopback, simulated hardware, nothing patched."""
