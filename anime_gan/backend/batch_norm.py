"""Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167) in one operation.

Keras uses about twelve, each of which reads all maps: on a CPU a ninth of a DCGAN's step.
"""

from functools import partial

from keras import layers, ops

from anime_gan import backend


def fuse(network_layers: list[layers.Layer]) -> None:
    """Let layers that normalize batches of maps do it in one operation in training.

    They stay Keras's own layers, also in saved files; only their call in training is replaced, with
    the same result but for rounding. XLA, which compiles a step on JAX and on GPUs, needs no help.
    """
    if backend.fused_batch_norm() is None or backend.has_gpu():
        return
    for layer in network_layers:
        if isinstance(layer, layers.BatchNormalization) and _can_fuse(layer):
            layer.call = partial(_call, layer)


def _can_fuse(layer: layers.BatchNormalization) -> bool:
    """Say whether the operation does all that a built layer is configured to do."""
    maps = layer.input_spec.ndim == 4 and layer.axis in (-1, 3)
    return maps and layer.scale and layer.center and not layer.renorm


def _call(layer, inputs, training=None, mask=None):
    """Do what the layer's own call does, for maps (B, H, W, C) of its dtype."""
    if not (training and layer.trainable) or mask is not None:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    scale, offset = (ops.convert_to_tensor(weight) for weight in (layer.gamma, layer.beta))
    outputs, mean, variance = backend.fused_batch_norm()(inputs, scale, offset, layer.epsilon)
    for moving, new in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + new * (1 - layer.momentum))
    return outputs
