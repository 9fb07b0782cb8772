"""Every layer that a saved network may hold; importing this package registers them with Keras."""

from anime_gan.networks.layers import (
    equalized,
    fade,
    grouped,
    learned,
    minibatch,
    resampling,
    spectral,
    style,
)

__all__ = ["equalized", "fade", "grouped", "learned", "minibatch", "resampling"]
__all__ += ["spectral", "style"]
