"""IllustrationGAN (T. Russell 2016; Bath thesis, October 2020, ch. 2.3.5).

A DCGAN with two measures against mode collapse. Minibatch discrimination (Salimans et al. 2016,
arXiv 1606.03498) shows the discriminator how similar the images of a batch are. A small network,
the predictor, reads the latents back from the generator's dense layers, which therefore have to
keep them. No convolution has a stride: the generator doubles by bilinear upsampling, the
discriminator halves by max pooling. The thesis gives no numbers; these are from Russell's code.

Deviations from Russell's code:
1. The error of the latents read back is added to the generator's loss; there, it has an Adam step
   of its own.
2. 20,000 steps: how long Russell trained is not known.
"""

from keras import Model, layers

from anime_gan.networks.architecture import scaled, sizes_to
from anime_gan.networks.dcgan import batch_norm
from anime_gan.networks.layers.minibatch import MinibatchDiscrimination


def generator(resolution=64, channels=3, latent_dim=100, width=1.0):
    """Return the generator: four dense layers to 4x4, then doublings with a convolution after each.

    The layer "features", the last dense one, is what the latents are read back from.
    """
    top = scaled(8 * resolution, width)
    latent = x = layers.Input((latent_dim,))
    for _ in range(3):
        x = layers.Dense(scaled(1024, width), activation="relu")(x)
    x = layers.Dense(16 * top, activation="relu", name="features")(x)
    x = layers.Reshape((4, 4, top))(x)
    for size in sizes_to(resolution)[1:]:
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = layers.Conv2D(scaled(64 * resolution // size, width), 5, padding="same")(x)
        x = layers.ReLU()(batch_norm(x))
    x = layers.Conv2D(channels, 5, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def predictor(generator):
    """Return the generator with a second output: the latents, read back by four dense layers.

    Their error is added to the generator's loss, objective.latent_weight times.
    """
    x = generator.get_layer("features").output
    for _ in range(3):
        x = layers.Dense(generator.layers[1].units, activation="relu")(x)
    guess = layers.Dense(generator.input_shape[1], dtype="float32")(x)
    return Model(generator.input, [generator.output, guess], name="predictor")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: convolutions with a halving after each, then three dense layers."""
    image = x = layers.Input((resolution, resolution, channels))
    for size in reversed(sizes_to(resolution)[1:]):
        first = size == resolution
        x = x if first else layers.Dropout(0.5)(x)
        x = layers.Conv2D(scaled(64 * resolution // size, width), 5, padding="same")(x)
        x = layers.LeakyReLU(0.1)(x if first else batch_norm(x))
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten(dtype="float32")(x)
    closeness = MinibatchDiscrimination(scaled(100, width), 5, dtype="float32")(x)
    for _ in range(2):
        x = layers.LeakyReLU(0.1)(layers.Dense(scaled(1024, width), dtype="float32")(x))
    x = layers.Concatenate(dtype="float32")([x, closeness])
    return Model(image, layers.Dense(1, dtype="float32")(x), name="discriminator")


NETWORKS = {"illustration": (generator, discriminator, predictor)}
