"""StyleGAN (Karras et al. 2018, arXiv 1812.04948), as the Bath thesis trains it on anime faces.

A mapping network makes styles w of latents; styles and noise, not the latents, steer the layers of
a synthesis network that begins at a learnt constant. Both networks grow (Karras et al. 2017, arXiv
1710.10196): they begin at a small size, and each doubling fades in. A generator or discriminator
here is that of one stage, with the layers of the stage before as far as fading needs them.

Other than in the original, R1 is paid every 16 steps, which came with StyleGAN2, and Adam's epsilon
is Keras's, 1e-7 for 1e-8.
"""

from math import log2

from keras import Model, layers

from anime_gan.networks.architecture import Version
from anime_gan.networks.layers import equalized, style

MOST_FILTERS, FILTERS = 512, 16_384  # the paper's: 512 to 32x32, then half as many each doubling
MAPPING_LAYERS, MAPPING_RATE = 8, 0.01
SLOPE = 0.2


def filters_at(size: int, width: float, filters: int = FILTERS) -> int:
    """Return the filters at size x size; a smaller width takes them from the large sizes first."""
    return max(1, min(MOST_FILTERS, round(filters * width / size)))


def sizes_to(resolution: int) -> list[int]:
    """Return 4, 8 ... resolution."""
    return [2**n for n in range(2, int(log2(resolution)) + 1)]


def active(x):
    """Return the leaky ReLU of maps."""
    return layers.LeakyReLU(SLOPE)(x)


def mapping(latent_dim: int) -> Model:
    """Return the network from latents (B, latent_dim) to styles w of the same shape."""
    latent = layers.Input((latent_dim,))
    x = equalized.PixelNorm(name="sphere")(latent)
    for number in range(MAPPING_LAYERS):
        name = f"dense{number}"
        x = active(equalized.EqualizedDense(latent_dim, rate=MAPPING_RATE, name=name)(x))
    return Model(latent, x, name="mapping")


def styled(synthesis: Model, latent_dim: int) -> Model:
    """Return the generator: latents, mapped to styles, for a synthesis network of such.

    Its layers "mapping", "styles" and "synthesis" are what figures and projection work with.
    """
    latent = layers.Input((latent_dim,))
    to_w = mapping(latent_dim)
    other = to_w(style.ResampleLatents(name="other")(latent))
    w = style.Styles(synthesis.input_shape[1], name="styles")([to_w(latent), other])
    return Model(latent, synthesis(w), name="generator")


def synthesis(resolution: int, channels: int, latent_dim: int, width: float) -> Model:
    """Return the network from styles (B, 2 log2(resolution) - 2, latent_dim) to pictures."""
    w = layers.Input((2 * len(sizes_to(resolution)), latent_dim))
    x = before = None
    for number, size in enumerate(sizes_to(resolution)):
        filters = filters_at(size, width)
        for half in (0, 1):
            name = f"b{size}_{half}"
            if half:
                x = equalized.EqualizedConv(filters, name=name)(x)
            elif size == 4:
                x = style.Constant(filters, name=name)(w)
            else:
                before = x
                x = equalized.EqualizedConv(filters, resample="double", name=name)(x)
                x = equalized.Blur(name=f"{name}_blur")(x)
            x = active(style.AddNoise(name=f"{name}_noise")(x))
            x = style.AdaIN(name=f"{name}_style")([x, w[:, 2 * number + half]])

    def rgb(x, size):
        name = f"b{size}_rgb"
        return equalized.EqualizedConv(channels, 1, gain=1.0, name=name, dtype="float32")(x)

    picture = rgb(x, resolution)
    if before is not None:
        old = layers.UpSampling2D(2, dtype="float32")(rgb(before, resolution // 2))
        picture = equalized.FadeIn(name="fade", dtype="float32")([old, picture])
    return Model(w, picture, name="synthesis")


def generator(resolution=64, channels=3, latent_dim=512, width=1.0):
    """Return the generator of a stage."""
    return styled(synthesis(resolution, channels, latent_dim, width), latent_dim)


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator of a stage, the generator's mirror."""
    picture = layers.Input((resolution, resolution, channels))

    def of_picture(x, size):
        return active(equalized.EqualizedConv(filters_at(size, width), 1, name=f"b{size}_rgb")(x))

    x = of_picture(picture, resolution)
    for size in reversed(sizes_to(resolution)[1:]):
        x = active(equalized.EqualizedConv(filters_at(size, width), name=f"b{size}_0")(x))
        x = equalized.Blur(name=f"b{size}_blur")(x)
        filters = filters_at(size // 2, width)
        x = active(equalized.EqualizedConv(filters, resample="halve", name=f"b{size}_1")(x))
        if size == resolution:
            old = of_picture(layers.AveragePooling2D(2)(picture), size // 2)
            x = equalized.FadeIn(name="fade")([old, x])
    return Model(picture, judged(x, filters_at(4, width)), name="discriminator")


def judged(x, filters: int):
    """Return the scores (B, 1) of maps at 4x4, which are compared within groups of pictures."""
    x = equalized.MinibatchStd(name="deviation")(x)
    x = active(equalized.EqualizedConv(filters, name="b4_0")(x))
    x = active(equalized.EqualizedDense(filters, name="b4_1")(layers.Flatten()(x)))
    return equalized.EqualizedDense(1, gain=1.0, name="score", dtype="float32")(x)


_NETWORK = {
    "optimizer": "adam",
    "rate": 1e-3,
    "rate_at": {128: 0.0015, 256: 0.002, 512: 0.003},
    "beta1": 0.0,
    "beta2": 0.99,
}

VERSIONS = [
    Version(
        "stylegan",
        "Karras et al. 2018; Bath thesis 2019",
        "Grows from 8x8 to the resolution; width 1 is for a GPU, configs/stylegan_cpu.yaml for a "
        "CPU.",
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
            "growing": {
                "start": 8,
                "fade_kimg": 600,
                "stable_kimg": 600,
                # The original's for one GPU.
                "batch_at": {4: 128, 8: 128, 16: 128, 32: 64, 128: 16, 256: 8, 512: 4},
            },
            "objective": {
                "name": "non_saturating",
                "penalties": ["r1"],
                "gamma": 10,
                "penalty_every": 16,
            },
            "generator": _NETWORK,
            "discriminator": _NETWORK,
        },
        grows=True,
        styled=True,
    ),
]
