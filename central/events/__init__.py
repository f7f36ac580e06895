"""Events: taken in exactly once, kept in the order of commits, never changed.

What a node says is stored even where this version does not understand it; what contradicts an
earlier event is kept as a conflict and becomes an alarm.
"""
