"""Visitors: invited by a host, let in by a signed one-time code, no face needed."""
