"""Operators who come from an identity provider, against a real one."""
