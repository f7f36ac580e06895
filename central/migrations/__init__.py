"""The history of central's tables, applied at every start."""
