"""Error rates of a recognition pipeline, and of liveness, measured on a folder of pictures.

``folder`` reads and embeds, ``comparison`` compares, ``statistics`` counts, ``report`` puts the
figures together, ``attacks`` does the same for presentation attacks, ``plots`` draws. Nothing here
knows a gate. To add a figure: a function of ``statistics`` with a test worked out by hand, and a
field in ``report``.
"""
