"""SRGAN by this project's training step, beside Lanczos and waifu2x.

    python -m benchmarks.super_resolution faces.zip heldout.zip --minutes 12 --out sheet.png

It trains a generator that doubles faces (Ledig et al. 2017, arXiv 1609.04802): residual blocks at
the small size, then a pixel shuffle. Discriminator, losses and optimizers are those of
configs/r3gan_patch_cpu.yaml. To these the generator's loss adds the squared error of a pixel,
--content times; with --content 0 it has no such term. The small faces are the real ones, reduced
to half with Lanczos's filter.

Differences from the paper: no batch normalization, and the content is compared by pixels, since
the networks that compare features here are those that judge.

It prints the error and the Fréchet distances between enlarged and real held-out faces, for each
way to enlarge.
"""

import time
from functools import partial
from pathlib import Path

from anime_gan import backend

backend.start(threads=1)

import keras
import numpy as np
from keras import layers, ops

from anime_gan.config import Config, load_config
from anime_gan.data.batches import Batches
from anime_gan.data.image_set import open_images
from anime_gan.data.pixels import montage, to_image, to_uint8
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import open_network
from anime_gan.generation.grid import resizer
from anime_gan.metrics.distances import frechet
from anime_gan.networks import build as networks
from anime_gan.training import state as states
from anime_gan.training import step as steps
from benchmarks import new_parser
from benchmarks.held_out import JUDGES

CONFIG = str(Path(__file__).parents[1] / "configs/r3gan_patch_cpu.yaml")
SHOWN = 8  # faces of the sheet


@clean_exit
def main() -> None:
    """Train, measure, print a table, write a sheet."""
    parser = new_parser(__doc__)
    parser.add_argument("train", help="a folder or zip of faces")
    parser.add_argument("real", help="faces that are not among them, to measure with")
    parser.add_argument("--minutes", type=float, default=12, help="default %(default)s")
    parser.add_argument("--content", type=float, default=10, help="default %(default)s")
    parser.add_argument("--count", type=int, default=2_000, help="faces to measure with")
    parser.add_argument("--size", type=int, default=64, help="of the large faces")
    parser.add_argument("--out", help="write a sheet: small, each way to enlarge, real")
    options = parser.parse_args()
    words = [f"model.resolution={options.size}", f"objective.latent_weight={options.content}"]
    config = load_config(CONFIG, [*words, f"training.minutes={options.minutes}"])
    enlarge = train(config, options.train, options.minutes)
    found = open_images(options.real, options.size).images
    count = min(options.count, len(found))
    real = found.take(np.arange(count), np.zeros(count, bool))
    small = to_uint8(np.concatenate([reduced(part) for part in in_batches(real)]))
    made = {"SRGAN": enlarge(small)} | by_others(small, options.size)
    real = to_uint8(real)
    print_table(made, real)
    if options.out:
        rows = [resized(small, options.size, "nearest"), *made.values(), real]
        sheet = montage(np.concatenate([row[:SHOWN] for row in rows]), SHOWN)
        to_image(sheet).save(options.out)


def generator(config: Config, filters: int = 24, blocks: int = 8) -> keras.Model:
    """Return the enlarging generator: from `inputs_of` images (B, N) to images (B, S, S, C)."""
    size, channels = config.model.resolution, config.model.channels
    half = size // 2
    least = half * half * channels
    both = layers.Input((least + size * size * channels,))
    small = layers.Reshape((half, half, channels))(both[:, :least])
    convolution = partial(layers.Conv2D, padding="same", kernel_initializer="he_normal")
    x = first = layers.LeakyReLU(0.2)(convolution(filters, 5)(small))
    for _ in range(blocks):
        inner = layers.LeakyReLU(0.2)(convolution(filters, 3)(x))
        x = layers.Add()([x, layers.Conv2D(filters, 3, padding="same")(0.3 * inner)])
    x = convolution(4 * filters, 3)(layers.Add()([x, first]))
    x = layers.Reshape((half, half, 2, 2, filters))(x)
    x = layers.Reshape((size, size, filters))(layers.Permute((1, 3, 2, 4, 5))(x))
    detail = layers.Conv2D(channels, 5, padding="same", dtype="float32")(layers.LeakyReLU(0.2)(x))
    smooth = layers.UpSampling2D(2, interpolation="bilinear", dtype="float32")(small)
    image = layers.Add(dtype="float32")([smooth, detail])
    return keras.Model(both, image, name="generator")


def inputs_of(real):
    """Return what the step takes for latents: the small images, and then what they should become.

    real: (B, S, S, C) in [-1, 1]; the result is (B, N), N = S * S * C * 5 / 4.

    The generator looks at the first part only. The step adds the error of the second output of a
    "predictor", which here is the image, to the generator's loss.
    """
    flat = [ops.reshape(part, (part.shape[0], -1)) for part in (reduced(real), real)]
    return ops.concatenate(flat, axis=1)


def reduced(images):
    """Return images (B, S, S, C) of half the size."""
    size = images.shape[1] // 2
    return ops.image.resize(images, (size, size), interpolation="lanczos3", antialias=True)


def train(config: Config, place: str, minutes: float):
    """Train for some minutes, the first step apart; return a function that enlarges images.

    It takes and returns uint8 (N, H, W, C).
    """

    def build(config: Config, precision: str) -> networks.Networks:
        made = networks.build(config, precision)
        enlarging = generator(config)
        start = enlarging.input_shape[1] - int(np.prod(enlarging.output_shape[1:]))
        guess = ops.concatenate(
            [enlarging.input[:, :start], layers.Flatten(dtype="float32")(enlarging.output)], axis=1
        )
        predictor = keras.Model(enlarging.input, [enlarging.output, guess])
        return networks.Networks(enlarging, made.discriminator, predictor)

    def with_real(half, state, real, *others):
        state.real = real
        return half(state, real, *others)

    steps.train_discriminator = partial(with_real, steps.train_discriminator)
    steps.train_generator = partial(with_real, steps.train_generator)
    states.build = build
    states.TrainState.latents = lambda state, count: inputs_of(state.real)
    state = states.TrainState(config, "float32")
    step, images = steps.compile_step(state), open_images(place, config.model.resolution).images
    with Batches(images, config.training.batch_size, config.training.seed, x_flip=True) as batches:
        scalars, started, count = step(next(batches).images), time.perf_counter(), 1
        while (seconds := time.perf_counter() - started) < 60 * minutes:
            state.follow(count, seconds)
            scalars, count = step(next(batches).images), count + 1
            if count % 200 == 0:
                losses = float(scalars["d_loss"]), float(scalars["g_loss"])
                print(f"{seconds:.0f} s, step {count:,}: losses {losses}", flush=True)
    print(f"{count:,} steps of {config.training.batch_size}")
    network = state.sampler()

    def enlarge(small: np.ndarray) -> np.ndarray:
        found = []
        for part in in_batches(small):
            flat = part.reshape(len(part), -1).astype("float32") / 127.5 - 1
            rest = np.zeros((len(part), network.input_shape[1] - flat.shape[1]), "float32")
            found.append(to_uint8(network(np.concatenate([flat, rest], axis=1), training=False)))
        return np.concatenate(found)

    return enlarge


def in_batches(images: np.ndarray, size: int = 100):
    """Return parts of images (N, H, W, C), of `size` images at most."""
    return (images[start : start + size] for start in range(0, len(images), size))


def by_others(small: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Return uint8 images (N, H, H, C) enlarged to `size`, by each upscaler that is installed."""
    made = {}
    for name in ("lanczos", "waifu2x"):
        try:
            made[name] = resized(small, size, name)
        except UserError as error:
            print(f"{name}: {error}")
    return made


def resized(images: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return uint8 images (N, H, H, C) of another size; name: nearest, or an upscaler."""
    if name == "nearest":
        return images.repeat(size // images.shape[1], 1).repeat(size // images.shape[2], 2)
    return np.stack([*map(resizer(size, name), images)])


def print_table(made: dict[str, np.ndarray], real: np.ndarray) -> None:
    """Print a row for each way to enlarge: made and real images are uint8 (N, S, S, C)."""
    features = {name: open_network(name) for name in JUDGES}
    wanted = {name: network.features(real) for name, network in features.items()}
    print(f"\n{len(real):,} faces\n\n| | error of a pixel, of 255 | {' | '.join(JUDGES)} |")
    print(f"|---|---|{'---|' * len(JUDGES)}")
    for name, images in made.items():
        error = np.abs(images.astype("float32") - real).mean()
        found = [frechet(wanted[n], network.features(images)) for n, network in features.items()]
        print(f"| {name} | {error:.2f} | {' | '.join(f'{one:.1f}' for one in found)} |", flush=True)


if __name__ == "__main__":
    main()
