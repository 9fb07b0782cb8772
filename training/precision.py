"""Which precision is faster on this device, by trying both."""

import time

import keras

from training import backend


def fastest_precision() -> str:
    """Return "bfloat16" where a convolution in it beats float32 by a clear margin, else "float32".

    Measured, not looked up: a processor may know the format and still be slower in it. The margin
    keeps two starts on one machine from choosing differently.
    """
    return "bfloat16" if _seconds("bfloat16") * 1.25 < _seconds("float32") else "float32"


def _seconds(dtype: str) -> float:
    """Return the seconds of one 5x5 convolution of the size that v5 spends its time on."""
    size = (64, 64, 64, 256) if backend.has_gpu() else (4, 32, 32, 64)
    pictures = keras.ops.ones(size, dtype)
    kernel = keras.ops.ones((5, 5, size[-1], size[-1]), dtype)

    def convolve():
        result = keras.ops.conv(pictures, kernel, padding="same")
        return keras.ops.sum(keras.ops.cast(result, "float32"))

    run = backend.compile_step(convolve, [])
    times = []
    for _ in range(6):
        start = time.perf_counter()
        float(run())
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[2]
