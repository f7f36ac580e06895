"""Backups of central: one sealed file, made while central runs, proved before it is believed.

``container`` is the outside (chunks that nobody can read, change, reorder or cut), ``records`` the
inside (a manifest and its members), ``recovery`` the key, which is never in the file. The commands
are ``menshen backup`` and ``menshen restore``.
"""
