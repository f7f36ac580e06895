"""What cameras saw: seconds around an alarm, live views on command, and the recorder's recording.

It knows no door and decides nothing: whatever fails here is counted and told. Rules are in
``ring``, ``clips``, ``triggers`` and ``segments``; what reads cameras, runs ``ffmpeg`` or writes to
the disk stands beside them.
"""
