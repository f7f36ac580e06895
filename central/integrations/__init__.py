"""Other systems: webhooks that are told of events, and outside systems whose events are taken in.

A webhook has a place in the order of events and no queue of its own: what it has not taken yet is
what stands after that place, however long it was away, and no longer than retention keeps events.
"""
