"""StyleGAN2 (Karras et al. 2019, arXiv 1912.04958, configuration F), with the adaptive augmentation
of Karras et al. 2020 (ADA, arXiv 2006.06676).

Styles scale the weights of convolutions, and demodulation takes the scale out again, in place of
AdaIN; pictures of all sizes are added up in place of growing; the discriminator is residual.

Other than in the originals, what adapts is training/augment.py's three kinds of change, of ADA's
eighteen; and Adam's rate and betas are not corrected for penalties that are paid now and then.
"""

from keras import Model, layers

from anime_gan.networks.architecture import Version
from anime_gan.networks.layers import equalized, style
from anime_gan.networks.stylegan import active, filters_at, judged, sizes_to, styled

FILTERS = 32_768  # at the large sizes twice StyleGAN's


def filters_of(size: int, width: float) -> int:
    """Return the filters at size x size."""
    return filters_at(size, width, FILTERS)


def synthesis(resolution: int, channels: int, latent_dim: int, width: float) -> Model:
    """Return the network from styles (B, 2 log2(resolution) - 2, latent_dim) to pictures."""
    w = layers.Input((2 * len(sizes_to(resolution)), latent_dim))
    x = style.Constant(filters_of(4, width), random=True, name="b4")(w)
    picture, number = None, 0
    for size in sizes_to(resolution):
        for half in (1,) if size == 4 else (0, 1):
            name = f"b{size}_{half}"
            # Noise and bias are both added to what comes out, so their order does not matter.
            conv = style.ModulatedConv(
                filters_of(size, width), double=half == 0, bias=0.0, name=name
            )
            x = style.AddNoise(shared=True, name=f"{name}_noise")(conv([x, w[:, number]]))
            x = layers.Rescaling(2**0.5)(active(x))  # the deviation is kept
            number += 1
        # The style of a picture is that of the next size's first convolution, as in the original.
        rgb = style.ModulatedConv(
            channels, 1, demodulate=False, bias=0.0, name=f"b{size}_rgb", dtype="float32"
        )([x, w[:, number]])
        if picture is not None:
            larger = layers.UpSampling2D(2, interpolation="bilinear", dtype="float32")(picture)
            rgb = layers.Add(dtype="float32")([larger, rgb])
        picture = rgb
    return Model(w, picture, name="synthesis")


def generator(resolution=64, channels=3, latent_dim=512, width=1.0):
    """Return the generator."""
    return styled(synthesis(resolution, channels, latent_dim, width), latent_dim)


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator; blur and the mean of 2x2 pixels make the filter 1 3 3 1."""
    picture = layers.Input((resolution, resolution, channels))
    name = f"b{resolution}_rgb"
    x = active(equalized.EqualizedConv(filters_of(resolution, width), 1, name=name)(picture))
    for size in reversed(sizes_to(resolution)[1:]):
        smaller = filters_of(size // 2, width)
        short = layers.AveragePooling2D(2)(equalized.Blur(name=f"b{size}_short_blur")(x))
        short = equalized.EqualizedConv(smaller, 1, gain=1.0, bias=None, name=f"b{size}_short")(
            short
        )
        x = active(equalized.EqualizedConv(filters_of(size, width), name=f"b{size}_0")(x))
        x = equalized.Blur(name=f"b{size}_blur")(x)
        x = active(equalized.EqualizedConv(smaller, resample="halve", name=f"b{size}_1")(x))
        x = layers.Rescaling(2**-0.5)(layers.Add()([x, short]))
    return Model(picture, judged(x, filters_of(4, width)), name="discriminator")


_NETWORK = {"optimizer": "adam", "rate": 0.002, "beta1": 0.0, "beta2": 0.99}

VERSIONS = [
    Version(
        "stylegan2",
        "Karras et al. 2019, configuration F",
        "Width 1 is for a GPU, configs/stylegan2_cpu.yaml for a CPU.",
        generator,
        discriminator,
        {
            "model": {"latent_dim": 512},
            "data": {"x_flip": True},
            "training": {
                "steps": 300_000,
                "batch_size": 32,
                "passes": "apart",
                "label_noise": 0.0,
                "ema_kimg": 10,
            },
            "objective": {
                "name": "non_saturating",
                "penalties": ["r1"],
                "gamma": 1,
                "penalty_every": 16,
                "path_weight": 2,
            },
            "augment": {"policy": ["translation", "cutout", "colour"], "p": "adaptive"},
            "generator": _NETWORK,
            "discriminator": _NETWORK,
        },
        styled=True,
    ),
]
