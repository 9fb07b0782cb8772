"""Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) in one operation, not a dozen.

Each of Keras's dozen goes through the maps once: on a CPU that was a ninth of a DCGAN's step.
"""

from functools import partial

from keras import layers, ops

from anime_gan import backend


def fuse(found: list) -> None:
    """Let those of the layers that normalise batches of maps train in one operation.

    The layers stay Keras's own, in saved files too: only what they call in training is another, and
    gives the same but for rounding. XLA, which compiles a step on JAX and on GPUs, needs no help.
    """
    if backend.fused_batch_norm() is None or backend.has_gpu():
        return
    for layer in found:
        if isinstance(layer, layers.BatchNormalization) and _can(layer):
            layer.call = partial(_call, layer)


def _can(layer) -> bool:
    """Say whether the operation does all that a layer, which is built, is set to do."""
    maps = layer.input_spec.ndim == 4 and layer.axis in (-1, 3)
    return maps and layer.scale and layer.center and not layer.renorm


def _call(layer, inputs, training=None, mask=None):
    """Do what the layer's own call does, to maps (B, H, W, C) of its own dtype."""
    if not (training and layer.trainable) or mask is not None:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    scale, offset = (ops.convert_to_tensor(weight) for weight in (layer.gamma, layer.beta))
    outputs, mean, variance = backend.fused_batch_norm()(inputs, scale, offset, layer.epsilon)
    for moving, new in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + new * (1 - layer.momentum))
    return outputs
