"""``menshen demo``: a small site on this machine, real recognition and simulated hardware.

It starts the processes that a site has and plays the people; it imports none of them.
"""
