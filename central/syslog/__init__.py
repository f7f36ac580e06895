"""The audit log for a collector elsewhere: syslog over TLS, in order, with the chain's hashes.

``messages`` makes the bytes (no I/O), ``sending`` is the connection. What a collector has proves
itself: the text of each message is what its hash is of, and each names the hash before it.
"""
