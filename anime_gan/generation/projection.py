"""Projection: the style of StyleGAN that comes nearest to a given face.

Karras et al. 2019 (arXiv 1912.04958, appendix D): from the mean style on, Adam makes a perceptual
distance small; noise on the style, which fades, lets it out of poor places early. The mean squared
difference of pixels is added: features of length 1 hardly see contrast, and without it faces end
up grey.

Simpler than there: the noise of the layers stays as it is, the distance is another network's, and
the noise on the style is as large as one of its numbers deviates, not all of them together.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from anime_gan import backend
from anime_gan.data.pixels import to_float
from anime_gan.features.perceptual import Perceptual
from anime_gan.generation.generator import Drawer

SPREAD_FROM = 1_000  # styles that the mean deviation is taken of
RATE, NOISE = 0.1, 0.05
UP, DOWN, NOISY = 0.05, 0.25, 0.75  # shares of the steps: rate rises, rate falls, noise fades


@dataclass
class Projection:
    """codes: the style before every step and after the last, (steps + 1, dim).
    distances: of the same, the perceptual one, from 0 to 2, and that of pixels in [-1, 1]; before
        the last quarter they are of a style with noise.
    """

    codes: np.ndarray
    distances: np.ndarray


def project(drawer: Drawer, target: np.ndarray, steps: int, seed: int = 0) -> Projection:
    """Find the style whose face is nearest to `target`, a uint8 picture (H, W, C) of its size."""
    spread = drawer.codes(range(SPREAD_FROM)).std(axis=0).mean()
    draw = np.random.default_rng(seed)
    perceptual = Perceptual()
    wanted = ops.convert_to_tensor(to_float(target[None]))
    goal = perceptual.features(wanted)
    code = keras.Variable(drawer.mean[None], name="code")
    optimizer = keras.optimizers.Adam(RATE, beta_1=0.9, beta_2=0.999)
    optimizer.build([code])
    state = [code, *optimizer.variables, *drawer.synthesis.variables]

    def away(noise):
        styles = ops.repeat((code + noise)[:, None], drawer.layers, axis=1)
        pictures = drawer.synthesis(styles, training=False)
        distance = perceptual.distances(perceptual.features(pictures), goal)[0]
        distance += ops.mean(ops.square(pictures - wanted))
        return distance, distance

    def step(noise):
        distance, _, slopes = backend.gradients(lambda: away(noise), [code], state)
        optimizer.apply(slopes, [code])
        return distance

    compiled = backend.compile_step(step, state)
    still = np.zeros((1, drawer.dim), "float32")
    codes, distances = [drawer.mean], []
    for number in tqdm(range(steps), "steps"):
        done = number / steps
        falling = (1 - np.cos(np.pi * min(1.0, (1 - done) / DOWN))) / 2
        optimizer.learning_rate = RATE * falling * min(1.0, done / UP)
        strength = NOISE * spread * max(0.0, 1 - done / NOISY) ** 2
        noise = np.float32(strength) * draw.standard_normal(still.shape, "float32")
        distances.append(float(compiled(noise)))
        codes.append(ops.convert_to_numpy(code)[0].copy())
    distances.append(float(away(still)[0]))
    return Projection(np.stack(codes), np.array(distances))
