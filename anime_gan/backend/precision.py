"""Which precision is faster on this device, by trying both."""

import time

import keras

from anime_gan import backend


def fastest_precision() -> str:
    """Return "bfloat16" where a convolution in it beats float32 by a clear margin, else "float32".

    Measured, not looked up: a processor may know the format and still be slower in it. The margin
    keeps two starts on one machine from choosing differently, and so does that they take turns and
    the fastest of each counts: whatever else the machine does meanwhile only makes some slower,
    the first ones of a process above all.
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
    """Return a compiled 5x5 convolution of the size that v5 spends its time on; it gives a sum."""
    size = (64, 64, 64, 256) if backend.has_gpu() else (4, 32, 32, 64)
    pictures = keras.ops.ones(size, dtype)
    kernel = keras.ops.ones((5, 5, size[-1], size[-1]), dtype)

    def convolve():
        result = keras.ops.conv(pictures, kernel, padding="same")
        return keras.ops.sum(keras.ops.cast(result, "float32"))

    return backend.compile_step(convolve, [])
