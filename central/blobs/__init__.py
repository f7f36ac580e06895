"""Pictures by hash, apart from events; they expire and may be absent."""
