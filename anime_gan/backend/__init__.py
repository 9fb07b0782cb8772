"""The contract between this project and Keras's backends, TensorFlow and JAX.

Everything that the two do differently is a function here. `tensorflow.py` and `jax.py` implement
them, and no other file imports TensorFlow or JAX. The environment variable KERAS_BACKEND chooses.

Importing this package imports neither Keras nor a backend: the first call does. Scripts call
`start()` before they import Keras.

The argument `state` is a list of every Keras variable that a function reads or updates; JAX needs
it, TensorFlow does not.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from types import ModuleType
from typing import Any

from anime_gan.backend.startup import start
from anime_gan.errors import UserError

__all__ = ["start"]

Tensor = Any  # of the backend in use, or a NumPy array


def name() -> str:
    """Return the backend that Keras uses, "tensorflow" or "jax"; UserError if it is another one."""
    import keras

    used = keras.backend.backend()
    if used not in ("tensorflow", "jax"):
        raise UserError(f"KERAS_BACKEND is {used!r}; set it to tensorflow or jax.")
    return used


@cache
def _active() -> ModuleType:
    return importlib.import_module(f"anime_gan.backend.{name()}")


def gradients(loss: Callable, variables: Sequence, state: Sequence) -> tuple[Tensor, Any, list]:
    """Return loss() and its gradients with respect to the listed variables.

    loss: returns (scalar loss, auxiliary values); both come back, and a gradient for each variable.
    """
    return _active().gradients(loss, variables, state)


def input_gradients(score: Callable, images: Tensor, state: Sequence) -> tuple[Tensor, Tensor]:
    """Return score(images), (B, 1), and its sum's gradients with respect to images, (B, H, W, C).

    An image's gradient is that of its own score where the network does not mix the images of a
    batch. `gradients` may differentiate the result once more.
    """
    return _active().input_gradients(score, images, state)


def scan(body: Callable, items: Tensor, state: Sequence) -> tuple[Any, Any]:
    """Call `body` with one item after the other in a compiled loop.

    Without a loop, compilers would compute items side by side and keep all of them in memory.

    Args:
        body: from (carry, item) to (carry, output), each a list or dict of tensors. The first carry
            is None.
        items: (N, ...), N at least 2.

    Returns:
        The last carry, and the outputs, each with a first axis of N.
    """
    return _active().scan(body, items, state)


def compile_step(step: Callable, state: Sequence) -> Callable:
    """Return `step`, a function of tensors that reads and updates `state`, compiled.

    On JAX the old values of `state` are donated to hold the new ones. If `state` lies on several
    devices, so do the results, and each process passes its own rows of the inputs.
    """
    return _active().compile_step(step, state)


def fused_batch_norm() -> Callable | None:
    """Return batch normalization as one operation, None where the compiler fuses Keras's own.

    It takes maps (B, H, W, C), scale (C,), offset (C,) and epsilon, and returns the normalized maps
    in their dtype, the means and the variances (C,) in float32.
    """
    return _active().fused_batch_norm


def grouped_conv(maps: Tensor, kernel: Tensor, padding: str) -> Tensor:
    """Return a grouped convolution of stride 1 as one operation of a graph, for exporters.

    Keras on TensorFlow has XLA compile it on a CPU, which no exporter can read.

    Args:
        maps: (B, H, W, N).
        kernel: (K, K, N / groups, M).
        padding: "same" or "valid".
    """
    return _active().grouped_conv(maps, kernel, padding)


def depthwise_conv(maps: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Return a depthwise convolution with padding "same", the fastest one of the backend.

    Args:
        maps: (B, H, W, N).
        kernel: (K, K, N, 1).
        stride: of rows and columns.
    """
    return _active().depthwise_conv(maps, kernel, stride)


def has_gpu() -> bool:
    """Say whether the networks run on a GPU."""
    return _active().has_gpu()


def hints() -> list[str]:
    """Return what the user should know of the device: that a GPU is there and not used."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or has_gpu() or not shutil.which("nvidia-smi"):
        return []
    with suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10)
        if found.returncode == 0 and "GPU" in found.stdout:
            package = "tensorflow[and-cuda]" if name() == "tensorflow" else "jax[cuda12]"
            return [
                f"An NVIDIA GPU is there and is not used: install its libraries with pip install "
                f'"{package}=={version(name())}", or see "Your machine" in README.md.'
            ]
    return []


def device() -> str:
    """Return the name of the device that the networks run on, such as "CPU"."""
    return _active().device()


def free_device_bytes() -> int | None:
    """Return the free bytes of the GPU, None where they are not known."""
    return _active().free_device_bytes()


def peak_memory() -> int:
    """Return the most bytes used so far: the GPU's, or the process's where there is none."""
    if has_gpu():
        return _active().peak_device_bytes()
    import resource  # not on native Windows, where commands.py says what to do

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error means that the device's or the system's memory is full."""
    return isinstance(error, MemoryError) or _active().is_out_of_memory(error)


def make_deterministic() -> None:
    """Make a GPU sum in the same order each time, which is slower; a CPU does so anyway.

    Call it before the first operation (JAX) or the first compilation (TensorFlow).
    """
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if name() == "tensorflow":
        _active().make_deterministic()


def several_devices() -> ModuleType:
    """Return the module for several devices and processes; UserError on TensorFlow."""
    if name() != "jax":
        raise UserError(
            f"distribution needs JAX, but the backend is {name()}; set KERAS_BACKEND=jax, or "
            "remove the section distribution."
        )
    return importlib.import_module("anime_gan.backend.jax_devices")


def exporters() -> ModuleType:
    """Return the module that writes and reads TensorFlow's formats; UserError on JAX."""
    if name() != "tensorflow":
        raise UserError(
            f"this format is written with TensorFlow, but the backend is {name()}; set "
            "KERAS_BACKEND=tensorflow, or export NumPy arrays, which every backend writes."
        )
    return importlib.import_module("anime_gan.backend.tensorflow_export")
