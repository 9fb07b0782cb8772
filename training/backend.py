"""The only file that knows TensorFlow from JAX.

Keras picks its backend when it is first imported, so whatever needs Keras imports this file before.
The variable KERAS_BACKEND chooses (`tensorflow` or `jax`); unset, it is whichever is installed,
TensorFlow first.

What differs between them is here: the gradients of a loss with respect to listed variables, the
slope of scores with respect to their input, a loop, and the compilation of a step whose state is a
list of variables. Beside them stands what is asked of a device: its name and its memory. What joins
several devices and processes is JAX's alone.
"""

import ctypes
import functools
import importlib.util
import os
import resource
import subprocess
import sys

from errors import UserError, ended_by_ctrl_c, quiet_start

# A GPU's memory is taken as needed, so that two programs can share it; TensorFlow is told below.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

# One arena for all threads. With one for each, glibc's pieces of free memory no longer fit what is
# asked for, and a day's run grows by two kilobytes a step.
if hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(-8, 1)  # M_ARENA_MAX

if "KERAS_BACKEND" not in os.environ:
    installed = [name for name in ("tensorflow", "jax") if importlib.util.find_spec(name)]
    if not installed:
        raise SystemExit("error: neither tensorflow nor jax is installed; run `make demo` once.")
    os.environ["KERAS_BACKEND"] = installed[0]


with quiet_start(), ended_by_ctrl_c():
    # Keras looks for it to draw figures that nothing here asks for: a tenth of each start's time.
    pyplot = sys.modules.setdefault("matplotlib.pyplot", None)  # None: not to be found
    import keras

    if pyplot is None:
        del sys.modules["matplotlib.pyplot"]

    NAME = keras.backend.backend()
    if NAME == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        # It tells one compiled step from another by an address, which the next stage's may get
        # again, and then warns of steps compiled twice.
        tf.get_logger().setLevel("ERROR")
        # Its optimizers of graphs would make one sum of several (see _slopes), and would no longer
        # let an update wait for those that read the weight, where no gradient needs what they do.
        tf.config.optimizer.set_experimental_options(
            {"arithmetic_optimization": False, "dependency_optimization": False}
        )
        tf.constant(0)  # the first operation starts the devices

if NAME == "tensorflow":

    def gradients(loss, variables, state):
        """Differentiate a loss with respect to listed variables, and no others.

        loss: a function without arguments that returns (scalar loss, auxiliary values).
        variables: the Keras variables to differentiate by.
        state: every variable that `loss` may read or update; JAX needs to be told, TensorFlow not.
        Returns (loss, auxiliary values, list of gradients).
        """
        if tf.executing_eagerly():
            return tf.function(lambda: gradients(loss, variables, state))()
        value, auxiliary = loss()
        return value, auxiliary, _slopes(value, [variable.value for variable in variables])

    def input_slopes(score, pictures, state):
        """Differentiate scores with respect to the pictures that they are given for.

        score: a function from pictures (B, H, W, C) to scores (B, 1).
        state: as for `gradients`, which may differentiate what comes out once more.
        Returns (scores, slopes), the latter shaped as the pictures. Each picture's slope is that of
        the sum of all scores: its own, where the network does not mix the pictures of a batch.
        """
        if tf.executing_eagerly():
            return tf.function(lambda: input_slopes(score, pictures, state))()
        scores = score(pictures)
        return scores, _slopes(scores, pictures)[0]

    def _slopes(sums, by):
        # In pairs: TensorFlow's sum of three or more begins with whichever is done with by all
        # others, which is a matter of time, and rounds accordingly.
        return tf.gradients(sums, by, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)

    def one_by_one(body, items, state):
        """Call `body` with one item after the other, so that no two are in memory at a time.

        It is compiled as a loop: without one, compilers would let items run side by side.
        body: from (carry, item) to (carry, kept), each a list or dict of tensors; the first carry
        that it gets is None. items: (N, ...), N at least 2. state: as for `gradients`.
        Returns the last carry and what was kept, each of it with a first axis of N.
        """
        carry, first = body(None, items[0])
        kept = keras.tree.map_structure(tf.convert_to_tensor, first)
        count = len(items) - 1
        arrays = keras.tree.map_structure(
            lambda one: tf.TensorArray(one.dtype, count, element_shape=one.shape), kept
        )

        def loop(index, carry, arrays):
            carry, kept = body(carry, items[index + 1])
            written = [
                array.write(index, one)
                for array, one in zip(
                    keras.tree.flatten(arrays), keras.tree.flatten(kept), strict=True
                )
            ]
            return index + 1, carry, keras.tree.pack_sequence_as(arrays, written)

        _, carry, arrays = tf.while_loop(
            lambda index, *_: index < count, loop, (0, carry, arrays), parallel_iterations=1
        )
        return carry, keras.tree.map_structure(
            lambda one, array: tf.concat([one[None], array.stack()], 0), kept, arrays
        )

    def batch_normalised(maps, scale, offset, epsilon):
        """Return maps (B, H, W, C) normalised over their batch, its means and its variances (C,).

        One operation; the maps keep their dtype, all else is float32.
        """
        result = tf.raw_ops.FusedBatchNormV3(
            x=maps, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon
        )
        pixels = tf.cast(tf.size(maps[..., 0]), "float32")
        # It counts one pixel less in a variance, as is done for a sample.
        return result.y, result.batch_mean, result.batch_variance * (1 - 1 / pixels)

    def compile_step(step, state):
        """Return `step`, a function of tensors that reads and updates `state`, compiled.

        XLA fuses the step on a GPU; on a CPU its convolutions are slower than oneDNN's.
        """
        return tf.function(step, jit_compile=has_gpu())

    def compiled_bytes(step, state, *inputs) -> int | None:
        """Return the bytes that the compiler means a step to take: TensorFlow does not say."""
        return None

    def counted(step, state, *inputs):
        """Return (convolutions in the step, floating-point operations in it); the latter is None.

        Gradients of convolutions count as such. The step is traced, not run; what nothing that
        comes out depends on is not counted, as it is not computed.
        """
        graph = tf.function(step).get_concrete_function(*inputs).graph
        reached, waiting = set(), [*(x.op for x in graph.outputs), *graph.control_outputs]
        while waiting:
            operation = waiting.pop()
            if operation not in reached:
                reached.add(operation)
                waiting += [*(x.op for x in operation.inputs), *operation.control_inputs]
        return sum(operation.type.startswith("Conv2D") for operation in reached), None

    def has_gpu() -> bool:
        """Say whether the networks run on a GPU."""
        return bool(tf.config.list_physical_devices("GPU"))

    def device() -> str:
        """Return the name of the device that the networks run on."""
        gpus = tf.config.list_physical_devices("GPU")
        return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "CPU"

    def _device_bytes() -> int:
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]

    def free_device_bytes() -> int | None:
        """Return the free bytes of the GPU, None where nobody says it."""
        # TensorFlow tells what it has taken and not what there is; the driver's own tool does.
        asked = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
        shown = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
        try:
            told = subprocess.check_output(asked + (["-i", shown] if shown else []), text=True)
            return int(told.split()[0]) * 2**20
        except (OSError, subprocess.SubprocessError, ValueError, IndexError):
            return None

    OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)

elif NAME == "jax":
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax.experimental import multihost_utils

    def gradients(loss, variables, state):
        """Differentiate a loss with respect to listed variables, and no others.

        The function that JAX differentiates must be pure, so the loss runs in a scope of its own
        that begins with the current values; what it changes there (seeds, batch statistics) is
        carried out and assigned. Arguments and result as on TensorFlow.
        """
        chosen = {id(variable) for variable in variables}
        others = [variable for variable in state if id(variable) not in chosen]
        before = [variable.value for variable in others]

        def pure(values):
            mapping = [*zip(variables, values, strict=True), *zip(others, before, strict=True)]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                value, auxiliary = loss()
            return value, (auxiliary, [scope.get_current_value(variable) for variable in others])

        (value, (auxiliary, after)), slopes = jax.value_and_grad(pure, has_aux=True)(
            [variable.value for variable in variables]
        )
        for variable, new in zip(others, after, strict=True):
            variable.assign(new)
        return value, auxiliary, slopes

    def input_slopes(score, pictures, state):
        """Differentiate scores with respect to the pictures; as on TensorFlow.

        The scope within is for JAX's sake, as in `gradients`, and begins with the values there.
        """
        before = [variable.value for variable in state]

        def pure(pictures):
            mapping = list(zip(state, before, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                scores = score(pictures)
            return scores.sum(), (scores, [scope.get_current_value(v) for v in state])

        slopes, (scores, after) = jax.grad(pure, has_aux=True)(pictures)
        for variable, new, old in zip(state, after, before, strict=True):
            if new is not old:
                variable.assign(new)
        return scores, slopes

    def one_by_one(body, items, state):
        """Call `body` with one item after the other; as on TensorFlow.

        What it changes of the state is carried from one to the next, for JAX's sake.
        """
        carry, first = body(None, items[0])

        def pure(carry, item):
            own, values = carry
            mapping = list(zip(state, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                own, kept = body(own, item)
            return (own, [scope.get_current_value(variable) for variable in state]), kept

        before = [variable.value for variable in state]
        (carry, after), kept = jax.lax.scan(pure, (carry, before), items[1:])
        for variable, new in zip(state, after, strict=True):
            variable.assign(new)
        return carry, jax.tree.map(
            lambda one, others: jax.numpy.concatenate([one[None], others]), first, kept
        )

    def compile_step(step, state):
        """Return `step` compiled; the old values of `state` are given up to hold the new ones.

        If `state` lies on several devices, what comes out does as well, and a process gives its own
        rows of what goes in.
        """
        places = [variable.value.sharding for variable in state]
        several = bool(places) and len(places[0].device_set) > 1
        rows = _on_all(places[0].mesh, by_rows=True) if several else None
        compiled = _compiled(step, state, (_on_all(places[0].mesh), places) if several else None)

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

    def _lowered(step, state, *inputs):
        return _compiled(step, state).lower([variable.value for variable in state], *inputs)

    def compiled_bytes(step, state, *inputs) -> int | None:
        """Return the bytes that the compiler means a step to take, for inputs like these.

        They are its arguments, results and all between, but for what takes another's place.
        """
        told = _lowered(step, state, *inputs).compile().memory_analysis()
        return (
            told.argument_size_in_bytes
            + told.output_size_in_bytes
            + told.temp_size_in_bytes
            - told.alias_size_in_bytes
        )

    def counted(step, state, *inputs):
        """Return (convolutions in the step, floating-point operations in it); as on TensorFlow."""
        lowered = _lowered(step, state, *inputs)
        convolutions = lowered.as_text().count("stablehlo.convolution")
        return convolutions, lowered.cost_analysis()["flops"]

    def _on_all(mesh, by_rows=False):
        """Return how arrays lie on all devices of a mesh: whole on each, or some rows on each."""
        axes = mesh.axis_names[:1] if by_rows else ()
        return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes))

    def join(address: str, processes: int, process: int, wait: int, silence: int) -> None:
        """Make this one of several processes that compute together, before anything is computed.

        wait: seconds until all must be there. silence: seconds after which one counts as lost.
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

    def part() -> None:
        """Leave the other processes once all have come to their end."""
        jax.distributed.shutdown()

    def is_loss(error: BaseException) -> bool:
        """Say whether an error is what JAX makes of another process that is gone."""
        words = ("gloo", "nccl", "coordination", "connection")
        text = str(error).lower()
        return isinstance(error, jax.errors.JaxRuntimeError) and any(w in text for w in words)

    def devices() -> list[list[str]]:
        """Return the names of each process's devices, as Keras calls them."""
        names = [[] for _ in range(jax.process_count())]
        for device in jax.devices():
            names[device.process_index].append(f"{device.platform}:{device.id}")
        return names

    def from_first(data: np.ndarray) -> np.ndarray:
        """Return process 0's array, which has the same shape and type in all processes."""
        return multihost_utils.broadcast_one_to_all(data)

    def from_each(data: np.ndarray) -> np.ndarray:
        """Return the arrays of all processes, (processes, ...), equal in shape and type."""
        return multihost_utils.process_allgather(data)

    def greatest(numbers: np.ndarray, mesh):
        """Return the greatest number that any process gives, one to a device of its own.

        mesh: Keras's. The result is an array on the device: reading it waits for it.
        """
        mesh = mesh.backend_mesh
        spread = jax.make_array_from_process_local_data(_on_all(mesh, by_rows=True), numbers)
        return _maximum_on(mesh)(spread)

    @functools.cache
    def _maximum_on(mesh):
        """Return the compiled maximum of an array's rows on a mesh."""
        return jax.jit(jnp.max, out_shardings=_on_all(mesh))

    def has_gpu() -> bool:
        """Say whether the networks run on a GPU."""
        return jax.default_backend() == "gpu"

    def device() -> str:
        """Return the name of the device that the networks run on."""
        return "CPU" if jax.default_backend() == "cpu" else jax.devices()[0].device_kind

    def _device_bytes() -> int:
        return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]

    def free_device_bytes() -> int | None:
        """Return the free bytes of the GPU, None where nobody says it."""
        told = jax.devices()[0].memory_stats() or {}
        limit = told.get("bytes_limit")
        return None if limit is None else limit - told["bytes_in_use"]

    OUT_OF_MEMORY = (MemoryError, jax.errors.JaxRuntimeError)
    batch_normalised = None  # XLA makes one operation of Keras's own

else:
    raise UserError(f"KERAS_BACKEND is {NAME!r}; set it to tensorflow or jax.")


def make_deterministic() -> None:
    """Let a GPU sum in the same order each time, though it is slower; a CPU does so anyway.

    Both take effect only before the first operation on JAX, the first compilation on TensorFlow.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if NAME == "tensorflow":
        tf.config.experimental.enable_op_determinism()


def peak_memory() -> int:
    """Return the most bytes used so far: the GPU's, or the process's where there is none."""
    if has_gpu():
        return _device_bytes()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error means that the device's or the system's memory is full."""
    if not isinstance(error, OUT_OF_MEMORY):
        return False
    # JAX has one class for all that goes wrong on a device.
    return NAME == "tensorflow" or "RESOURCE_EXHAUSTED" in str(error) or type(error) is MemoryError
