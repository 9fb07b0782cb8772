"""ONNX networks as functions, computed by ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from anime_gan.backend.startup import ended_by_ctrl_c

if TYPE_CHECKING:
    import onnx
    import onnxruntime


def open_session(model: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return ONNX Runtime's session of a serialized model; threads: 0 for one a core."""
    # Else ONNX Runtime sends events to its maker, and writes into ~/.cache.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    with ended_by_ctrl_c():
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def open_onnx(model: onnx.ModelProto, threads: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from images (N, H, W, 3), float32, to the network's first output.

    The network may take channels last or first, and its pooled features (N, F, 1, 1) become (N, F).
    threads: 0 for one a core.
    """
    session = open_session(model.SerializeToString(), threads)
    entry = session.get_inputs()[0]
    channels_first = entry.shape[1] == 3

    def forward(images: np.ndarray) -> np.ndarray:
        if channels_first:
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        output = session.run(None, {entry.name: images})[0]
        is_pooled = output.size == len(output) * max(output.shape[1:], default=1)
        return output.reshape(len(output), -1) if is_pooled else output

    return forward
