"""ONNX Runtime sessions as the gate wants them: one thread each, no spinning, little memory."""

import onnxruntime as ort


def open_session(model: bytes | str, *, thread_count: int = 1) -> ort.InferenceSession:
    """Open a network on the CPU.

    Args:
        model: The bytes of an ONNX file, or its path.
        thread_count: Threads of one run, the caller's own included; with one, lanes that share
            the session run side by side.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = thread_count
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # Waiting threads that spin would take the core from the other lane.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
