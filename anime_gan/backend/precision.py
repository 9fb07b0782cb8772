"""The faster precision of this device, by a measurement."""

import time

import keras

from anime_gan import backend


def fastest_precision() -> str:
    """Return "bfloat16" where a convolution is faster in it by a clear margin, else "float32".

    A processor may support the format and still be slower in it. All runs on one machine should
    choose the same. So both are timed in turns, the fastest time of each counts, and bfloat16 must
    win by a margin.
    """
    runs = {dtype: _convolution(dtype) for dtype in ("bfloat16", "float32")}
    seconds = {dtype: [] for dtype in runs}
    for _ in range(12):
        for dtype, run in runs.items():
            start = time.perf_counter()
            float(run())
            seconds[dtype].append(time.perf_counter() - start)
    return "bfloat16" if min(seconds["bfloat16"]) * 1.25 < min(seconds["float32"]) else "float32"


def _convolution(dtype: str):
    """Return a compiled 5x5 convolution of the size that takes most of v5's time, and a sum."""
    size = (64, 64, 64, 256) if backend.has_gpu() else (4, 32, 32, 64)
    images = keras.ops.ones(size, dtype)
    kernel = keras.ops.ones((5, 5, size[-1], size[-1]), dtype)

    def convolve():
        result = keras.ops.conv(images, kernel, padding="same")
        return keras.ops.sum(keras.ops.cast(result, "float32"))

    return backend.compile_step(convolve, [])
