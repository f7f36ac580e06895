"""What can go wrong with a camera.

::

    CameraError                   no picture from this camera: one line for a person
    +-- DamagedPictureError       this picture is lost, the stream lives on
"""


class CameraError(Exception):
    """The camera gives no pictures; the message is one line that says why and what to look at."""


class DamagedPictureError(CameraError):
    """One picture was cut off or cannot be decoded; the next may be sound."""
