"""What operators have this node do: each command once or not at all, and always answered.

It knows no wire: what a command does is done by lanes and devices (``carrying.py``).
"""
