"""An RTSP camera for tests: GStreamer's server, run by Debian's own Python, which has its bindings.

Usage: /usr/bin/python3 rtsp_server.py PORT [FILE]. It prints one line when it listens, and shows a
bouncing ball, or the H.264 of an MP4 file as it is, so that it costs no encoding.
"""

import sys

import gi  # type: ignore[import-not-found]  # of the system's Python, not of ours

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

LAUNCH = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=15/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )"
)
FILE = (
    '( filesrc location="{}" ! qtdemux ! h264parse config-interval=1 '
    "! rtph264pay name=pay0 pt=96 config-interval=1 )"
)

Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_shared(True)
factory.set_launch(FILE.format(sys.argv[2]) if len(sys.argv) > 2 else LAUNCH)
server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
sys.stdout.write("listening\n")
sys.stdout.flush()
GLib.MainLoop().run()
