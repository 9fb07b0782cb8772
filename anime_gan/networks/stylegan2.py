"""StyleGAN2 (Karras et al. 2019, arXiv 1912.04958, configuration F), with the adaptive augmentation
of Karras et al. 2020 (ADA, arXiv 2006.06676).

Styles scale the weights of convolutions, and demodulation normalizes the result: both replace
AdaIN. The RGB outputs of all sizes are summed instead of growing. The discriminator is residual.

Deviations from the papers:
1. The augmentations are the three kinds of training/augment.py, not ADA's eighteen.
2. The lazy penalties are added to the step's loss; Adam's rate and betas are not corrected.
3. The discriminator's factor sqrt(2) is in its weights, not after its activations: the
   function is the same, but the biases have 0.7 times the learning rate.
"""

from functools import partial

from keras import Model, layers

from anime_gan.networks.architecture import sizes_to
from anime_gan.networks.layers.equalized import EqualizedConv
from anime_gan.networks.layers.resampling import Blur
from anime_gan.networks.layers.style import AddNoise, Constant, ModulatedConv
from anime_gan.networks.stylegan import filters_at, leaky, score, style_based

filters_of = partial(filters_at, filters=32_768)  # at the large sizes twice StyleGAN's


def synthesis(resolution: int, channels: int, latent_dim: int, width: float) -> Model:
    """Return the network from styles (B, 2 log2(resolution) - 2, latent_dim) to images."""
    w = layers.Input((2 * len(sizes_to(resolution)), latent_dim))
    x = Constant(filters_of(4, width), random=True, name="b4")(w)
    image, number = None, 0
    for size in sizes_to(resolution):
        for half in (1,) if size == 4 else (0, 1):
            name = f"b{size}_{half}"
            # Noise and bias are both added to the output, so their order does not matter.
            conv = ModulatedConv(filters_of(size, width), double=half == 0, bias=0.0, name=name)
            x = AddNoise(shared=True, name=f"{name}_noise")(conv([x, w[:, number]]))
            x = layers.Rescaling(2**0.5)(leaky(x))  # keeps the standard deviation
            number += 1
        # As in the authors' code, the next size's first convolution has the same style.
        rgb = ModulatedConv(
            channels, 1, demodulate=False, bias=0.0, name=f"b{size}_rgb", dtype="float32"
        )([x, w[:, number]])
        if image is not None:
            larger = layers.UpSampling2D(2, interpolation="bilinear", dtype="float32")(image)
            rgb = layers.Add(dtype="float32")([larger, rgb])
        image = rgb
    return Model(w, image, name="synthesis")


generator = partial(style_based, synthesis)


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator; blur [1 2 1] and 2x2 average pooling make the filter [1 3 3 1]."""
    image = layers.Input((resolution, resolution, channels))
    x = leaky(EqualizedConv(filters_of(resolution, width), 1, name=f"b{resolution}_rgb")(image))
    for size in reversed(sizes_to(resolution)[1:]):
        smaller = filters_of(size // 2, width)
        short = layers.AveragePooling2D(2)(Blur(name=f"b{size}_short_blur")(x))
        short = EqualizedConv(smaller, 1, gain=1.0, bias=None, name=f"b{size}_short")(short)
        x = leaky(EqualizedConv(filters_of(size, width), name=f"b{size}_0")(x))
        x = Blur(name=f"b{size}_blur")(x)
        x = leaky(EqualizedConv(smaller, resample="halve", name=f"b{size}_1")(x))
        x = layers.Rescaling(2**-0.5)(layers.Add()([x, short]))
    return Model(image, score(x, filters_of(4, width)), name="discriminator")


NETWORKS = {"stylegan2": (generator, discriminator)}
