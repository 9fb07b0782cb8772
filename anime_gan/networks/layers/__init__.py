"""Every layer that a saved network may hold; importing this package registers them with Keras."""

from anime_gan.networks.layers import equalized, spectral, style

__all__ = ["equalized", "spectral", "style"]
