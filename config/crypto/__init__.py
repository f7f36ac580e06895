"""What signs, seals, wraps and hashes for security, behind one interface: a suite of algorithms.

``international`` is Ed25519, X25519, AES-256-GCM and SHA-256; ``sm`` is SM2, SM4-GCM and SM3. A
site has one of them, chosen when its central is first started. Bytes in, bytes out: what is written
down as text names its suite (``config.contract.trust``), and what names none is ``international``.

It knows no site, node or database. To add a suite: a module beside ``international`` and its name
in ``suites``. TLS, bundles and boards' images have formats of their own and are not here.
"""
