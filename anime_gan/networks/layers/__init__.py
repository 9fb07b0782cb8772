"""Layers that Keras does not have.

A family imports those it uses, which registers them with Keras. Any may be built with `spectral`'s.
"""

from anime_gan.networks.layers import spectral

__all__ = ["spectral"]
