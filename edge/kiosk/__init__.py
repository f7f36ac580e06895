"""The terminal's own page: what a person before the gate reads in half a second, walking.

``state`` is what the lanes show, ``app`` serves the page of it on loopback. It knows no
camera, driver or rule, and no name but the masked one. A phase is added in ``state.Phase``, in
``static/kiosk.js`` and in both dictionaries of ``config/web/static``.
"""
