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
        mapping = [*zip(variables, values, strict=True), *zip(others, before, strict=True)]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            value, auxiliary = loss()
        return value, (auxiliary, [scope.get_current_value(variable) for variable in others])

    (value, (auxiliary, after)), found = jax.value_and_grad(pure, has_aux=True)(
        [variable.value for variable in variables]
    )
    for variable, new in zip(others, after, strict=True):
        variable.assign(new)
    return value, auxiliary, found


def input_gradients(score, images, state):
    before = [variable.value for variable in state]

    def pure(images):
        mapping = list(zip(state, before, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            scores = score(images)
        return scores.sum(), (scores, [scope.get_current_value(v) for v in state])

    found, (scores, after) = jax.grad(pure, has_aux=True)(images)
    for variable, new, old in zip(state, after, before, strict=True):
        if new is not old:
            variable.assign(new)
    return scores, found


def scan(body, items, state):
    carry, first = body(None, items[0])

    def pure(carry, item):
        own, values = carry
        mapping = list(zip(state, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            own, output = body(own, item)
        return (own, [scope.get_current_value(variable) for variable in state]), output

    before = [variable.value for variable in state]
    (carry, after), outputs = jax.lax.scan(pure, (carry, before), items[1:])
    for variable, new in zip(state, after, strict=True):
        variable.assign(new)
    return carry, jax.tree.map(
        lambda one, others: jax.numpy.concatenate([one[None], others]), first, outputs
    )


def compile_step(step, state):
    places = [variable.value.sharding for variable in state]
    several = bool(places) and len(places[0].device_set) > 1
    rows = on_all_devices(places[0].mesh, by_rows=True) if several else None
    outputs = (on_all_devices(places[0].mesh), places) if several else None
    compiled = _compiled(step, state, outputs)

    def run(*inputs):
        if several:
            inputs = [jax.make_array_from_process_local_data(rows, part) for part in inputs]
        result, values = compiled([variable.value for variable in state], *inputs)
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        return result

    return run


def _compiled(step, state, outputs=None):
    def pure(values, *inputs):
        with keras.StatelessScope(state_mapping=list(zip(state, values, strict=True))) as scope:
            result = step(*inputs)
        return result, [scope.get_current_value(variable) for variable in state]

    return jax.jit(pure, donate_argnums=0, out_shardings=outputs)


def on_all_devices(mesh, by_rows: bool = False):
    """Return how arrays lie on all devices of a mesh: whole on each, or some rows on each."""
    axes = mesh.axis_names[:1] if by_rows else ()
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes))


def _lowered(step, state, *inputs):
    return _compiled(step, state).lower([variable.value for variable in state], *inputs)


def compiled_bytes(step, state, *inputs):
    memory = _lowered(step, state, *inputs).compile().memory_analysis()
    return (
        memory.argument_size_in_bytes
        + memory.output_size_in_bytes
        + memory.temp_size_in_bytes
        - memory.alias_size_in_bytes
    )


def count_operations(step, state, *inputs):
    lowered = _lowered(step, state, *inputs)
    convolutions = lowered.as_text().count("stablehlo.convolution")
    return convolutions, lowered.cost_analysis()["flops"]


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
