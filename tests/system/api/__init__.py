"""Every endpoint of a real central is asked what its description allows, and what it does not.

``python -m tests.system.api`` runs it at length. Each case is asked by nobody, by every role and by
a node; nobody may make central fail, and nobody is told what is not theirs.
"""
