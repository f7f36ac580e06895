"""Arrays in, numbers out: the networks, how they are converted, and what is computed with them.

It knows no camera, name, person or database and imports nothing of ours. To add a network: an entry
in ``catalog.toml``; to add a pipeline: one module in ``face/`` that satisfies
``face.types.Pipeline``.
"""

import os

# ONNX Runtime's wheels tell their maker which networks run where, and keep an identifier of the
# machine, unless this is set before it is loaded (its Privacy.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
