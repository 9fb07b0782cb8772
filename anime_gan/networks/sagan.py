"""SAGAN (Zhang et al. 2019, "Self-attention generative adversarial networks", arXiv 1805.08318).

Attention connects distant parts of an image, such as a face's two eyes, however few layers lie
between them. Spectral normalization of both networks is part of the recipe; build.py applies it.

Deviations from the paper:
1. Classes are optional (model.labels). With them, the discriminator has the paper's projection, but
   the generator joins them with its latents, in place of conditional batch normalization.
2. As in the authors' code, keys and values are taken from 2x2 pools, and values have half of the
   filters.
3. Batches of 64 and 50,000 steps, not 256 and 1,000,000.
"""

from keras import Model, layers

from anime_gan.networks.architecture import scaled, sizes_to
from anime_gan.networks.dcgan import batch_norm
from anime_gan.networks.layers.learned import LearnedScale


def attention(inputs):
    """Return maps (B, H, W, C) plus gamma times self-attention over all places.

    Queries and keys have C / 8 filters, values C / 2. Pooled keys make the attention map a quarter
    of its size.
    """
    _, height, width, filters = inputs.shape
    places, pooled = height * width, height * width // 4
    few, half = max(1, filters // 8), max(1, filters // 2)

    def project(filters, pool):
        x = layers.Conv2D(filters, 1, use_bias=False)(inputs)
        if pool:
            x = layers.MaxPooling2D(2)(x)
        return layers.Reshape((pooled if pool else places, filters))(x)

    weights = layers.Softmax()(layers.Dot(2)([project(few, False), project(few, True)]))
    x = layers.Dot((2, 1))([weights, project(half, True)])
    x = layers.Conv2D(filters, 1, use_bias=False)(layers.Reshape((height, width, half))(x))
    # The class's former name, which checkpoints contain.
    return layers.Add()([inputs, LearnedScale(name="learnt_scale")(x)])


def generator(resolution=64, channels=3, latent_dim=128, width=1.0):
    """Return the generator: residual doublings from 4x4, attention at 32x32."""
    latent = layers.Input((latent_dim,))
    x = layers.Dense(scaled(1024, width) * 16)(latent)
    x = layers.Reshape((4, 4, scaled(1024, width)))(x)
    for size in sizes_to(resolution)[1:]:
        filters = scaled(min(1024, 4096 // size), width)
        y = layers.ReLU()(batch_norm(x))
        y = layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D(2)(y))
        y = layers.Conv2D(filters, 3, padding="same")(layers.ReLU()(batch_norm(y)))
        # A 1x1 convolution and a repetition of pixels commute; this order costs less.
        x = layers.Add()([y, layers.UpSampling2D(2)(layers.Conv2D(filters, 1)(x))])
        if size == 32:
            x = attention(x)
    x = layers.ReLU()(batch_norm(x))
    x = layers.Conv2D(channels, 3, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: residual halvings to 4x4, attention at 32x32, then a sum."""
    image = x = layers.Input((resolution, resolution, channels))
    for size in reversed(sizes_to(resolution)[:-1]):
        filters = scaled(min(1024, 2048 // size), width)
        y = x if size == resolution // 2 else layers.ReLU()(x)
        y = layers.ReLU()(layers.Conv2D(filters, 3, padding="same")(y))
        y = layers.AveragePooling2D(2)(layers.Conv2D(filters, 3, padding="same")(y))
        # The mean of 2x2 pixels and a 1x1 convolution commute; this order costs less.
        x = layers.Add()([y, layers.Conv2D(filters, 1)(layers.AveragePooling2D(2)(x))])
        if size == min(32, resolution // 2):
            x = attention(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    x = layers.Rescaling(16.0)(x)  # the mean over 4x4 places to the paper's sum
    return Model(image, layers.Dense(1, dtype="float32")(x), name="discriminator")


NETWORKS = {"sagan": (generator, discriminator)}
