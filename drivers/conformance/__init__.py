"""Whether a driver and a device understand each other: the same run for hardware and simulators.

``run`` does it, ``evidence`` collects what went over the line, ``hints`` says what that means,
``report`` is what is kept, ``suite`` is the form that pytest takes. Knows no page and no site.
"""
