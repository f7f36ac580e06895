"""A camera's recorder by what it speaks."""

from config.cameras import CameraRecorder
from edge.video.isapi_recorder import IsapiRecorder
from edge.video.onvif_recorder import OnvifRecorder
from edge.video.recorder import Recorder


def recorder_of(entry: CameraRecorder) -> Recorder:
    """Return who asks it; nothing is asked yet."""
    return OnvifRecorder(entry) if entry.protocol == "onvif" else IsapiRecorder(entry)
