"""JAX's side of the contract in `__init__.py`, where each function is described.

JAX differentiates and compiles pure functions only. So the changes of Keras variables (seeds, batch
statistics) are collected in a StatelessScope, returned and assigned afterwards.
"""

from __future__ import annotations

import jax
import keras

fused_batch_norm = None  # XLA fuses Keras's own


def gradients(loss, variables, state):
    chosen = {id(variable) for variable in variables}
    others = [variable for variable in state if id(variable) not in chosen]
    before = [variable.value for variable in others]

    def pure(values):
        (value, auxiliary), after = _stateless(loss, [*variables, *others], [*values, *before])
        return value, (auxiliary, after[len(variables) :])

    (value, (auxiliary, after)), found = jax.value_and_grad(pure, has_aux=True)(
        [variable.value for variable in variables]
    )
    _assign(others, after)
    return value, auxiliary, found


def input_gradients(score, images, state):
    before = [variable.value for variable in state]

    def pure(images):
        scores, after = _stateless(lambda: score(images), state, before)
        return scores.sum(), (scores, after)

    found, (scores, after) = jax.grad(pure, has_aux=True)(images)
    for variable, new, old in zip(state, after, before, strict=True):
        if new is not old:
            variable.assign(new)
    return scores, found


def scan(body, items, state):
    carry, first = body(None, items[0])

    def pure(carry, item):
        own, values = carry
        (own, output), values = _stateless(lambda: body(own, item), state, values)
        return (own, values), output

    before = [variable.value for variable in state]
    (carry, after), outputs = jax.lax.scan(pure, (carry, before), items[1:])
    _assign(state, after)
    return carry, jax.tree.map(
        lambda one, others: jax.numpy.concatenate([one[None], others]), first, outputs
    )


def grouped_conv(maps, kernel, padding):
    return keras.ops.conv(maps, kernel, padding=padding)


def depthwise_conv(maps, kernel, stride):
    if has_gpu():
        return keras.ops.depthwise_conv(maps, kernel, strides=stride, padding="same")
    # On a CPU, XLA's own takes 3.6 times as long with its gradient as these sums, which it fuses.
    side, sizes = kernel.shape[0], [-(-size // stride) for size in maps.shape[1:3]]
    spans = [stride * (size - 1) + 1 for size in sizes]
    missing = [
        max(span + side - 1 - size, 0) for span, size in zip(spans, maps.shape[1:3], strict=True)
    ]
    pads = [(0, 0), *((least // 2, least - least // 2) for least in missing), (0, 0)]
    padded = jax.numpy.pad(maps, pads)
    return sum(
        padded[:, i : i + spans[0] : stride, j : j + spans[1] : stride] * kernel[i, j, :, 0]
        for i in range(side)
        for j in range(side)
    )


def compile_step(step, state):
    places = [variable.value.sharding for variable in state]
    several = bool(places) and len(places[0].device_set) > 1
    rows = on_all_devices(places[0].mesh, by_rows=True) if several else None
    outputs = (on_all_devices(places[0].mesh), places) if several else None
    compiled = jitted(step, state, outputs)

    def run(*inputs):
        if several:
            inputs = [jax.make_array_from_process_local_data(rows, part) for part in inputs]
        result, values = compiled([variable.value for variable in state], *inputs)
        _assign(state, values)
        return result

    return run


def jitted(step, state, outputs=None):
    """Return a compiled function from the values of `state` and inputs to the result and values."""

    def pure(values, *inputs):
        return _stateless(lambda: step(*inputs), state, values)

    return jax.jit(pure, donate_argnums=0, out_shardings=outputs)


def _stateless(function, variables, values):
    """Return function() where the variables have these values, and their values after it."""
    with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
        result = function()
    return result, [scope.get_current_value(variable) for variable in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def on_all_devices(mesh, by_rows: bool = False):
    """Return how arrays lie on all devices of a mesh: whole on each, or some rows on each."""
    axes = mesh.axis_names[:1] if by_rows else ()
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes))


def has_gpu():
    return jax.default_backend() == "gpu"


def device():
    return "CPU" if jax.default_backend() == "cpu" else jax.devices()[0].device_kind


def peak_device_bytes():
    return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]


def free_device_bytes():
    memory = jax.devices()[0].memory_stats() or {}
    limit = memory.get("bytes_limit")
    return None if limit is None else limit - memory["bytes_in_use"]


def is_out_of_memory(error):
    # JAX has one class for everything that fails on a device.
    return isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
