"""Learned constants: a scale, and a basis of 4x4 maps."""

from __future__ import annotations

from keras import initializers, layers, ops

from anime_gan.networks.layers.register import register


@register("LearntScale")
class LearnedScale(layers.Layer):
    """Multiplies its input, of any shape, by one learned number that begins at 0.

    Reference:
        Zhang et al. 2019 (arXiv 1805.08318), gamma in equation 3.
    """

    def build(self, shape):
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def call(self, inputs):
        return inputs * self.gamma


@register("Basis")
class LearnedBasis(layers.Layer):
    """A learned 4x4 map for each filter, to begin a generator with or to end a discriminator.

    From (B, C) to (B, 4, 4, C): each map times its coefficient.
    From (B, 4, 4, C) to (B, C): the inner product of each input map with its learned map.

    Reference:
        Huang et al. 2024 (arXiv 2501.05441), the basis layers of the authors' code.
    """

    def build(self, shape):
        """Add the maps, (4, 4, C), scaled for a fan-in of 1, or of 16 where they are summed."""
        deviation = 1.0 if len(shape) == 2 else 0.25
        self.maps = self.add_weight(
            name="pictures",  # in checkpoints
            shape=(4, 4, shape[-1]),
            initializer=initializers.RandomNormal(stddev=deviation),
        )

    def call(self, inputs):
        if len(inputs.shape) == 2:
            return inputs[:, None, None, :] * self.maps
        return ops.sum(inputs * self.maps, axis=(1, 2))
