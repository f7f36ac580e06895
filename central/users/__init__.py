"""Operators: invitations, passwords and sessions. Knows nothing of people who pass gates."""
