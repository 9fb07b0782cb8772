"""Projection: the w of a StyleGAN whose image is most similar to a given face.

Karras et al. 2019 (arXiv 1912.04958, appendix D): starting at the mean w, Adam minimizes a
perceptual distance; noise on w, which decreases, lets it leave poor minima early. The mean squared
difference of pixels is added: features of norm 1 hardly depend on contrast, and without the pixels
images become gray.

Simplifications: the noise of the layers is constant, the distance is that of another network
(lite0), and the noise on w is scaled by the standard deviation of one component of w, not of all.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from anime_gan import backend
from anime_gan.data.pixels import to_float
from anime_gan.errors import UserError
from anime_gan.features.perceptual import Perceptual
from anime_gan.generation.generator import Generator

DEVIATION_FROM = 1_000  # w's that the standard deviation is estimated from
RATE, NOISE = 0.1, 0.05
UP, DOWN, NOISY = 0.05, 0.25, 0.75  # shares of the steps: rate rises, rate falls, noise decreases


def project(generator: Generator, target: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the w whose image is nearest to a target, uint8 (H, W, C), in steps of Adam.

    Nothing else may use the generator meanwhile: on JAX the steps take over its weights. UserError
    if it has no styles.

    Returns:
        w (steps + 1, latent_dim) before every step and after the last, and their distances: the
        perceptual one, from 0 to 2, plus that of pixels in [-1, 1]; in the first 75% of the steps
        with noise on w.
    """
    if not generator.has_styles:
        raise UserError("projection is for versions with styles, stylegan and stylegan2.")
    deviation = generator.w(range(DEVIATION_FROM)).std(axis=0).mean()
    draw = np.random.default_rng(0)
    perceptual = Perceptual()
    goal = ops.convert_to_tensor(to_float(target[None]))
    goal_features = perceptual.features(goal)
    w = keras.Variable(generator.mean_w[None], name="w")
    optimizer = keras.optimizers.Adam(RATE, beta_1=0.9, beta_2=0.999)
    optimizer.build([w])
    state = [w, *optimizer.variables, *generator.synthesis.variables]

    def loss(noise):
        every = ops.repeat((w + noise)[:, None], generator.layers, axis=1)
        images = generator.synthesis(every, training=False)
        distance = perceptual.distances(perceptual.features(images), goal_features)[0]
        distance += ops.mean(ops.square(images - goal))
        return distance, distance

    def step(noise):
        distance, _, gradients = backend.gradients(lambda: loss(noise), [w], state)
        optimizer.apply(gradients, [w])
        return distance

    compiled = backend.compile_step(step, state)
    no_noise = np.zeros((1, generator.latent_dim), "float32")
    path, distances = [generator.mean_w], []
    for number in tqdm(range(steps), "steps", disable=None):
        done = number / steps
        falling = (1 - np.cos(np.pi * min(1.0, (1 - done) / DOWN))) / 2
        optimizer.learning_rate = RATE * falling * min(1.0, done / UP)
        strength = NOISE * deviation * max(0.0, 1 - done / NOISY) ** 2
        noise = np.float32(strength) * draw.standard_normal(no_noise.shape, "float32")
        distances.append(float(compiled(noise)))
        path.append(ops.convert_to_numpy(w)[0].copy())
    distances.append(float(loss(no_noise)[0]))
    return np.stack(path), np.array(distances)
