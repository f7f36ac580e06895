"""Operators: links, passwords, second factors, sessions, tokens. Knows nothing of who passes gates.

``service`` keeps accounts, ``sign_in`` lets people in, ``account`` is what they do with their own;
``delays`` and ``second_factor`` are pure. What a role may is ``central.roles``.
"""
