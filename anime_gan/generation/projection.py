"""Projection: the latents of a generator whose image is most similar to a given face.

As in Karras et al. 2019 (arXiv 1912.04958, appendix D), Adam minimizes a perceptual distance;
noise on the latents, which decreases, lets it leave poor minima early. The mean squared difference
of pixels is added: features of norm 1 hardly depend on contrast, and without the pixels images
become gray. Unlike there, the search has several starts, the nearest of many random faces; the
noise of the layers is constant; and the distance is that of another network (lite0).

The latents are z where there are no styles. They are kept at a length that random latents have: a
normal z lies near a sphere, and the generator was never trained elsewhere. With styles they are w,
one for all layers, or w+, one for each layer (Abdal et al. 2019, arXiv 1904.03189), which gives
nearer images of faces that are not the generator's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from anime_gan import backend
from anime_gan.data.pixels import to_float
from anime_gan.errors import UserError
from anime_gan.features.perceptual import Perceptual
from anime_gan.generation.generator import Generator

SPACES = ("z", "w", "w+")
CANDIDATES = 256  # random faces: seeds 0, 1, ...
COMPARED, STARTS = 16, 3  # of them, by pixels and then by the distance, the nearest
THUMBNAIL = 16  # pixels, of the first comparison
RATE, NOISE = 0.2, 0.05  # in standard deviations of a latent's component
UP, DOWN, NOISY = 0.05, 0.5, 0.5  # shares of the steps: rate rises, rate falls, noise decreases
TIED = 0.4  # share of the steps in w+ in which all layers still share one w


@dataclass(frozen=True)
class Projection:
    """What a search found. Distances are the perceptual one, from 0 to 2, plus that of pixels.

    Attributes:
        space: one of SPACES.
        w: the latents found, float32 (layers, latent_dim); (1, latent_dim) in z and w.
        path: the latents from the start to w, (S, *w.shape).
        distances: of the path's images, (S,); of early steps with noise on the latents.
        own: the distance that one of the generator's own faces reached in the same search.
        nearest: the distance of the nearest random face.
        own_nearest: the same for the generator's own faces, (lowest, highest) of COMPARED.
    """

    space: str
    w: np.ndarray
    path: np.ndarray
    distances: np.ndarray
    own: float
    nearest: float
    own_nearest: tuple[float, float]


def project(
    generator: Generator, target: np.ndarray, steps: int, space: str | None = None
) -> Projection:
    """Find the latents whose image is nearest to a target, uint8 (H, W, C), in steps of Adam.

    Nothing else may use the generator meanwhile: on JAX the steps take over its weights.

    Args:
        space: one of SPACES; None for "w+" where there are styles, else "z".

    Raises:
        UserError: the generator has styles and the space is z, or it has none and it is not.
    """
    space = space or ("w+" if generator.has_styles else "z")
    if generator.has_styles == (space == "z"):
        own = "w or w+" if generator.has_styles else "z"
        raise UserError(f"{space} is no space of this generator's latents; take {own}.")
    perceptual = Perceptual()
    candidates = generator.w(range(CANDIDATES))
    images = generator.images(candidates)
    places, nearest, own_nearest = _starts(perceptual, images, target)
    layers = generator.layers if space == "w+" else 1
    w = keras.Variable(np.repeat(candidates[places][:, None], layers, axis=1), name="w")
    goals = np.stack([*[target] * STARTS, images[0]])
    run = _Steps(generator, perceptual, w, to_float(goals), space, candidates)
    path, distances = [ops.convert_to_numpy(w)], []
    for number in tqdm(range(steps), "steps", disable=None):
        distances.append(run.step(number / steps))
        path.append(ops.convert_to_numpy(w))
    distances.append(run.distances())
    path, distances = np.stack(path), np.stack(distances)
    # Where noise is added, a distance is not that of the path's own image.
    exact = [n for n in range(steps + 1) if n == 0 or n >= NOISY * steps]
    best = np.unravel_index(distances[exact, :STARTS].argmin(), (len(exact), STARTS))
    end, start = exact[best[0]], best[1]
    own = float(distances[exact, -1].min())
    taken = [*range(max(end, 1)), end]
    path, distances = path[taken, start], distances[taken, start]
    return Projection(space, path[-1], path, distances, own, nearest, own_nearest)


def _starts(
    perceptual: Perceptual, images: np.ndarray, target: np.ndarray
) -> tuple[list[int], float, tuple[float, float]]:
    """Return the places of the images to start from, and two of a Projection's distances.

    The last place is the start towards images[0], the nearest other image.
    """

    def distances(one, other):
        pairs = perceptual.distances(perceptual.features(one), perceptual.features(other))
        return pairs + ops.mean(ops.square(one - other), axis=(1, 2, 3))

    compiled = backend.compile_step(distances, [])

    def compare(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return ops.convert_to_numpy(compiled(to_float(one), to_float(other)))

    small = _thumbnails(images)
    order = np.square(small - _thumbnails(target[None])).sum(axis=1).argsort(kind="stable")
    first = order[:COMPARED]
    found = compare(np.repeat(target[None], COMPARED, axis=0), images[first])
    own = np.square(small[:COMPARED, None] - small[None]).sum(axis=2)
    own[np.arange(COMPARED), np.arange(COMPARED)] = np.inf
    others = own.argmin(axis=1)
    reached = compare(images[:COMPARED], images[others])
    starts = first[found.argsort(kind="stable")[:STARTS]]
    span = float(reached.min()), float(reached.max())
    return [*starts.tolist(), int(others[0])], float(found.min()), span


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """Return the mean colors of squares of images (N, H, W, C), float32 (N, F)."""
    side = min(THUMBNAIL, images.shape[1])
    part = images.shape[1] // side
    cut = images[:, : side * part, : side * part]
    squares = cut.reshape(len(images), side, part, side, part, -1)
    return squares.mean(axis=(2, 4), dtype="float32").reshape(len(images), -1)


class _Steps:
    """The compiled step of a search, which updates w (B, layers or 1, latent_dim).

    goals: (B, H, W, C) in [-1, 1]. candidates: random latents (N, latent_dim).
    """

    def __init__(self, generator, perceptual, w, goals, space, candidates):
        self._w, self._draw = w, np.random.default_rng(0)
        self._is_plus, self._deviation = space == "w+", candidates.std(axis=0).mean()
        optimizer = keras.optimizers.Adam(RATE, beta_1=0.9, beta_2=0.999)
        optimizer.build([w])
        state = [w, *optimizer.variables, *generator.synthesis.variables]
        lengths = np.linalg.norm(candidates, axis=1)
        # Compiled as a whole, since JAX would compile each of its operations.
        goal_features = backend.compile_step(perceptual.features, [])(goals)

        def loss(noise):
            every = w + noise
            if generator.has_styles:
                every = ops.broadcast_to(every, (len(goals), generator.layers, every.shape[2]))
            else:
                every = every[:, 0]
            images = generator.synthesis(every, training=False)
            each = perceptual.distances(perceptual.features(images), goal_features)
            each = each + ops.mean(ops.square(images - goals), axis=(1, 2, 3))
            return ops.sum(each), each

        def step(noise, rate, tied):
            _, each, (gradients,) = backend.gradients(lambda: loss(noise), [w], state)
            shared = ops.mean(gradients, axis=1, keepdims=True)
            optimizer.learning_rate = rate
            optimizer.apply([gradients + tied * (shared - gradients)], [w])
            if space == "z":
                length = ops.sqrt(ops.sum(ops.square(w), axis=2, keepdims=True))
                w.assign(w * ops.clip(length, lengths.min(), lengths.max()) / length)
            return each

        self._compiled = backend.compile_step(step, state)

    def step(self, done: float) -> np.ndarray:
        """Take a step where a share `done` of the steps is done; return the distances (B,)."""
        falling = (1 - np.cos(np.pi * min(1.0, (1 - done) / DOWN))) / 2
        rate = RATE * self._deviation * falling * min(1.0, (done + 0.01) / UP)
        strength = NOISE * self._deviation * max(0.0, 1 - done / NOISY) ** 2 if done else 0.0
        batch, _, size = self._w.shape
        noise = strength * self._draw.standard_normal((batch, 1, size))
        return self._run(noise, rate, self._is_plus and done < TIED)

    def distances(self) -> np.ndarray:
        """Return the distances (B,) of the present images, without a step."""
        before = ops.convert_to_numpy(self._w)
        each = self._run(np.zeros((len(before), 1, before.shape[2])), 0, False)
        self._w.assign(before)
        return each

    def _run(self, noise, rate: float, tied: bool) -> np.ndarray:
        inputs = [np.asarray(value, "float32") for value in (noise, rate, tied)]
        return ops.convert_to_numpy(self._compiled(*inputs))
