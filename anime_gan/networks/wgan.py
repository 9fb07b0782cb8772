"""WGAN (Arjovsky et al. 2017, arXiv 1701.07875) and WGAN-GP (Gulrajani et al. 2017, arXiv
1704.00028), on DCGAN's networks, which both papers use.

WGAN bounds the gradient of its critic by clipping all weights. WGAN-GP uses a penalty that pushes
the gradient norm towards 1 at points between real and generated images.

Deviations from the papers:
1. WGAN-GP's critic has no normalization. The paper allows layer normalization, but TensorFlow's
   moments stop the gradient of the mean (tf.nn.moments): first-order gradients are exact, the
   second-order gradients of the penalty are 0.3% wrong.
2. Filters are as in dcgan.py.
"""

from functools import partial

from anime_gan.networks import dcgan

# Batch normalization would mix the gradients of a batch's images, which WGAN-GP penalizes.
_critic = partial(dcgan.discriminator, normalize=lambda maps: maps, activation=None)

NETWORKS = {
    "wgan": (dcgan.generator, partial(dcgan.discriminator, activation=None)),
    "wgan_gp": (dcgan.generator, _critic),
}
