"""Ours beside a peer, in turn, in one run: ratios, never a timed test. See ``README.md``."""
