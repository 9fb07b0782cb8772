"""The architectures: one file a family, with both networks. README.md: how to add one.

Their sources and recipes are in config/versions.py.
"""

from collections.abc import Callable

from anime_gan.networks import (
    dcgan,
    dragan,
    illustration_gan,
    progan,
    r3gan,
    sagan,
    srm,
    stylegan,
    stylegan2,
    wgan,
)

FAMILIES = [srm, dcgan, wgan, dragan, sagan, illustration_gan, progan, r3gan, stylegan, stylegan2]

# By version, two or three functions that return Keras models:
# generator(resolution, channels, latent_dim, width): from latents (B, latent_dim), standard normal,
#     to images (B, resolution, resolution, channels), meant for [-1, 1];
# discriminator(resolution, channels, width): from such images to scores (B, 1);
# predictor(generator): shares the generator's layers; from its input to [images, latents read back
#     (B, latent_dim)].
NETWORKS: dict[str, tuple[Callable, ...]] = {
    name: networks for family in FAMILIES for name, networks in family.NETWORKS.items()
}
