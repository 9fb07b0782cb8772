"""The two Wasserstein GANs, on the DCGAN networks that both papers test on.

WGAN (Arjovsky et al. 2017, arXiv 1701.07875) keeps its critic's slope bounded by clipping every
weight; WGAN-GP (Gulrajani et al. 2017, arXiv 1704.00028) by asking for a slope of 1 between real
and fake pictures.
"""

from functools import partial

from anime_gan.networks import dcgan
from anime_gan.networks.architecture import Version


def _critic(resolution=64, channels=3, width=1.0):
    """Return WGAN-GP's critic, with no normalisation.

    Batch normalisation would make a picture's slope depend on the others. The paper allows layer
    normalisation, but TensorFlow's moments hold the mean constant (tf.nn.moments), which is right
    for a gradient and 0.3% off for a gradient of a gradient, which the penalty is.
    """
    return dcgan.discriminator(
        resolution, channels, width, normalise=lambda maps: maps, activation=None
    )


def _recipe(batch_size, network, **objective) -> dict:
    """Return a recipe of five critic updates to one of the generator."""
    return {
        "model": {"latent_dim": 100},
        "training": {
            "steps": 20_000,
            "batch_size": batch_size,
            "label_noise": 0.0,
            "passes": "apart",
            "n_critic": 5,
        },
        "objective": {"name": "wasserstein", **objective},
        "generator": network,
        "discriminator": network,
    }


_WGAN = _recipe(64, {"optimizer": "rmsprop", "rate": 5e-5})
_WGAN["discriminator"] = {**_WGAN["discriminator"], "weight_clip": 0.01}

VERSIONS = [
    Version(
        "wgan",
        "Arjovsky et al. 2017, algorithm 1",
        "A critic in place of a discriminator, its weights clipped to 0.01.",
        dcgan.generator,
        partial(dcgan.discriminator, activation=None),
        _WGAN,
    ),
    Version(
        "wgan_gp",
        "Gulrajani et al. 2017, algorithm 1",
        "A gradient penalty in place of clipping.",
        dcgan.generator,
        _critic,
        _recipe(
            64,
            {"optimizer": "adam", "rate": 1e-4, "beta1": 0.0, "beta2": 0.9},
            penalties=["gradient"],
            gamma=10,
        ),
    ),
]
