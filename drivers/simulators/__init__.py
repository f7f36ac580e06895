"""The other end of the wire: for every driver a simulator of the same name.

A simulator is a module with a class ``Simulator``: its state in the open (``state()``), what a hand
can do to it (``act()``), and either stations on a serial line (``line.py`` gives them every fault)
or a server of its own. Nothing imports this package but the registry, by name.
"""
