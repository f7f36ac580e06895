"""Who is on duty at a guard's desk: browsers that go on watching after a session, and takeovers.

A desk is a browser that a guard has opened the console with. When the session there is over, the
browser may still read what a guard must not miss, and nothing else; whoever comes next signs in.
"""
