"""Opening an ONNX model the one way the box does it."""

from __future__ import annotations

from typing import Any

import onnxruntime


def open_model(model: bytes) -> Any:
    """An `onnxruntime.InferenceSession` with one thread over the bytes of a model file.

    One thread, because the box runs one worker process per core: more threads per session only
    make the workers fight for cores. Bytes, not a path: what was checked is what is loaded.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: warnings about unused initialisers help nobody
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
