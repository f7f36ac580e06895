"""Floor plans: a drawing per floor that the site uploads, and where on it things stand.

A drawing is a stranger's program until ``drawing`` has rewritten it: what is kept and served is
made anew from a list of what a drawing needs. A site without one is shown ``schematic``.
"""
