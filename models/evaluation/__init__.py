"""Error rates of a recognition pipeline, and of liveness, measured on a folder of pictures.

``folder`` and ``pairs_file`` read, ``comparison`` compares, ``identification`` searches galleries,
``statistics`` counts, ``shipped`` looks at a gate's own thresholds, ``report`` puts the figures
together and ``notes`` what is missing from them. ``attacks`` does the same for presentation
attacks, ``tables`` and ``plots`` show. Nothing here knows a gate. To add a figure: a function of
``statistics`` with a test worked out by hand, and a field in ``report``.
"""
