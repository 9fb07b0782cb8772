"""TensorFlow's side of the contract in `__init__.py`, where each function is described."""

from __future__ import annotations

import os
import subprocess

import keras
import tensorflow as tf


def start() -> None:
    """Set up TensorFlow for a script: memory as needed, a quiet logger, devices started."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    # It distinguishes compiled steps by an address, which the next stage's step may get again, and
    # then warns of a step compiled twice.
    tf.get_logger().setLevel("ERROR")
    _keep_graphs()  # or images would depend on whether a step was compiled before
    tf.constant(0)  # the first operation starts the devices


def _keep_graphs() -> None:
    # These graph optimizers would merge several sums into one (see _gradients), and would let an
    # update run before what reads the weight, where no gradient needs the reader.
    tf.config.optimizer.set_experimental_options(
        {"arithmetic_optimization": False, "dependency_optimization": False}
    )


def gradients(loss, variables, state):
    if tf.executing_eagerly():
        return tf.function(lambda: gradients(loss, variables, state))()
    value, auxiliary = loss()
    return value, auxiliary, _gradients(value, [variable.value for variable in variables])


def input_gradients(score, images, state):
    if tf.executing_eagerly():
        return tf.function(lambda: input_gradients(score, images, state))()
    scores = score(images)
    return scores, _gradients(scores, images)[0]


def _gradients(sums, by):
    # Summed in pairs: TensorFlow's sum of three or more starts with whichever is ready first, so
    # its rounding depends on timing.
    return tf.gradients(sums, by, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)


def scan(body, items, state):
    carry, first = body(None, items[0])
    first = keras.tree.map_structure(tf.convert_to_tensor, first)
    count = len(items) - 1
    arrays = keras.tree.map_structure(
        lambda one: tf.TensorArray(one.dtype, count, element_shape=one.shape), first
    )

    def loop(index, carry, arrays):
        carry, output = body(carry, items[index + 1])
        pairs = zip(keras.tree.flatten(arrays), keras.tree.flatten(output), strict=True)
        written = [array.write(index, one) for array, one in pairs]
        return index + 1, carry, keras.tree.pack_sequence_as(arrays, written)

    _, carry, arrays = tf.while_loop(
        lambda index, *_: index < count, loop, (0, carry, arrays), parallel_iterations=1
    )
    return carry, keras.tree.map_structure(
        lambda one, array: tf.concat([one[None], array.stack()], 0), first, arrays
    )


def fused_batch_norm(maps, scale, offset, epsilon):
    result = tf.raw_ops.FusedBatchNormV3(
        x=maps, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon
    )
    pixels = tf.cast(tf.size(maps[..., 0]), "float32")
    # The operation returns the sample variance, which divides by one pixel less.
    return result.y, result.batch_mean, result.batch_variance * (1 - 1 / pixels)


def grouped_conv(maps, kernel, padding):
    return tf.nn.conv2d(maps, kernel, 1, padding.upper())


def depthwise_conv(maps, kernel, stride):
    return keras.ops.depthwise_conv(maps, kernel, strides=stride, padding="same")


def compile_step(step, state):
    _keep_graphs()
    # XLA fuses the step on a GPU; on a CPU its convolutions are slower than oneDNN's.
    return tf.function(step, jit_compile=has_gpu())


def has_gpu():
    return bool(tf.config.list_physical_devices("GPU"))


def device():
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "CPU"


def peak_device_bytes():
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]


def free_device_bytes():
    # TensorFlow knows what it has taken, not what is free; the driver's tool does.
    command = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    try:
        output = subprocess.check_output(command + (["-i", shown] if shown else []), text=True)
        return int(output.split()[0]) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def is_out_of_memory(error):
    return isinstance(error, tf.errors.ResourceExhaustedError)


def make_deterministic():
    tf.config.experimental.enable_op_determinism()
