"""Fading in the layers of a larger resolution."""

from keras import layers, ops

from anime_gan.networks.layers.register import register


@register("Fade")
class FadeIn(layers.Layer):
    """Blends maps of the same shape: [old, new] to old + alpha (new - old).

    The weight alpha begins at 1; training sets it, no gradient does.

    Reference:
        Karras et al. 2017 (arXiv 1710.10196), figure 2.
    """

    def build(self, shapes):
        self.alpha = self.add_weight(
            name="alpha", shape=(), initializer="ones", trainable=False, autocast=False
        )

    def call(self, inputs):
        old, new = inputs
        return old + ops.cast(self.alpha, new.dtype) * (new - old)
