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
from anime_gan.networks.architecture import Version


def _recipe(network: dict, critic: dict, **objective) -> dict:
    """Return a recipe of five updates of the critic to one of the generator."""
    return {
        "model": {"latent_dim": 100},
        "training": {
            "steps": 20_000,
            "batch_size": 64,
            "label_noise": 0.0,
            "passes": "apart",
            "n_critic": 5,
        },
        "objective": {"name": "wasserstein", **objective},
        "generator": network,
        "discriminator": critic,
    }


_RMSPROP = {"optimizer": "rmsprop", "rate": 5e-5}
_ADAM = {"optimizer": "adam", "rate": 1e-4, "beta1": 0.0, "beta2": 0.9}

VERSIONS = [
    Version(
        "wgan",
        "Arjovsky et al. 2017, algorithm 1",
        "A critic in place of a discriminator, its weights clipped to 0.01.",
        dcgan.generator,
        partial(dcgan.discriminator, activation=None),
        _recipe(_RMSPROP, {**_RMSPROP, "weight_clip": 0.01}),
    ),
    Version(
        "wgan_gp",
        "Gulrajani et al. 2017, algorithm 1",
        "A gradient penalty in place of clipping.",
        dcgan.generator,
        # Batch normalization would mix the gradients of a batch's images.
        partial(dcgan.discriminator, normalize=lambda maps: maps, activation=None),
        _recipe(_ADAM, _ADAM, penalties=["gradient"], gamma=10),
    ),
]
