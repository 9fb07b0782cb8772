"""Several devices and processes of one run, on JAX alone."""

from __future__ import annotations

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils

from anime_gan.backend.jax import on_all_devices


def join(address: str, processes: int, process: int, wait: int, silence: int) -> None:
    """Join the processes that compute together, before anything is computed.

    address: host:port of process 0. wait: seconds within which all must join. silence: seconds
    without a heartbeat, after which a process counts as lost.
    """
    jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM for itself
    jax.distributed.initialize(
        address,
        processes,
        process,
        cluster_detection_method="deactivate",
        initialization_timeout=wait,
        heartbeat_timeout_seconds=silence,
        shutdown_timeout_seconds=silence,
    )


def leave() -> None:
    """Leave the other processes once all have finished."""
    jax.distributed.shutdown()


def is_lost_process(error: BaseException) -> bool:
    """Say whether an error means that another process is gone.

    JAX raises XLA's status as a JaxRuntimeError or, where it waits for one array, as a ValueError.
    """
    words = ("gloo", "nccl", "coordination", "connection")
    text = str(error)
    status = re.match("[A-Z_]+: ", text) and isinstance(
        error, jax.errors.JaxRuntimeError | ValueError
    )
    return bool(status) and any(word in text.lower() for word in words)


def devices() -> list[list[str]]:
    """Return the names of each process's devices, as Keras calls them."""
    names = [[] for _ in range(jax.process_count())]
    for device in jax.devices():
        names[device.process_index].append(f"{device.platform}:{device.id}")
    return names


def broadcast(data: np.ndarray) -> np.ndarray:
    """Return process 0's array, which has the same shape and type in all processes."""
    return multihost_utils.broadcast_one_to_all(data)


def gather(data: np.ndarray) -> np.ndarray:
    """Return the arrays of all processes, (processes, ...), equal in shape and type."""
    return multihost_utils.process_allgather(data)


def maximum(numbers: np.ndarray, mesh) -> jax.Array:
    """Return the largest number that any process passes, on the device: reading it waits for it.

    numbers: one for each of this process's devices. mesh: Keras's.
    """
    mesh = mesh.backend_mesh
    shards = jax.make_array_from_process_local_data(on_all_devices(mesh, by_rows=True), numbers)
    return _maximum_on(mesh)(shards)


@functools.cache
def _maximum_on(mesh):
    return jax.jit(jnp.max, out_shardings=on_all_devices(mesh))
