"""Access: pure decisions and passages beside the task that runs a lane.

It knows credentials, access points and gates with two sides; it knows no wire, camera or page. A
rule is added in ``decision.RULES``.
"""
