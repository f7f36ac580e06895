"""One signed file that brings Menshen to machines without internet: the command ``menshen bundle``.

A plain tar: the list of hashes, its signature, and everything that is listed. Nothing of it is run,
nor even unpacked, before the signature is checked; ``openssl``, ``tar`` and ``sha256sum`` check it
as well, on a machine that has no Menshen yet (docs/operations.md).
"""
