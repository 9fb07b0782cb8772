"""Directions that are found without labels: principal components, and those of the weights.

GANSpace (Härkönen et al. 2020, arXiv 2004.02546): the principal components of w where there is a
mapping network, else of the maps of an early layer, with the direction in z by linear regression.
SeFa (Shen and Zhou 2021, arXiv 2007.06600): the directions that the layers which take w, or z,
stretch most, in closed form from their weights.
"""

from __future__ import annotations

import keras
import numpy as np
from scipy.sparse.linalg import svds

from anime_gan.directions.direction import Direction
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import Generator, predict

COUNT = 8  # directions
LATENTS, SEED = 2_000, 0  # the latents whose w or maps are looked at
_MOST_VALUES = 16_384  # of an image's maps, so that those of all latents fit in memory


def principal_directions(generator: Generator, count: int = COUNT) -> list[Direction]:
    """Return the first principal components of what a generator does, the largest first.

    The same generator always gives the same ones.

    Args:
        generator: of any version.
        count: how many; fewer where the latents, or the maps, have fewer dimensions, and none of
            latents of one dimension.
    """
    normal = generator.normal_dim
    if normal == 1:
        return []
    z = np.repeat(generator.latents([SEED]), LATENTS, axis=0)  # all with the same labels
    z[:, :normal] = np.random.default_rng(SEED).standard_normal((LATENTS, normal))
    count = min(count, normal - 1)
    if generator.has_styles:
        scores, vectors = _components(generator.w_from_latents(z), count)
        vectors = vectors * scores.std(axis=0)[:, None]
    else:
        scores, _ = _components(_early_maps(generator.synthesis, z), count)
        # Least squares: the latents are independent and of variance 1.
        vectors = (scores - scores.mean(axis=0)).T @ z
        vectors[:, normal:] = 0
        # z has the standard deviation 1 along each unit vector.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return [
        Direction(f"Component {number}", vector.astype("float32"))
        for number, vector in enumerate(vectors, 1)
    ]


def _components(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores (N, count) and unit vectors (count, D) of the largest principal components."""
    centered = values - values.mean(axis=0)
    count = min(count, *(size - 1 for size in centered.shape))
    left, sizes, vectors = svds(centered, count, random_state=np.random.default_rng(SEED))
    order = np.argsort(-sizes)
    left, sizes, vectors = left[:, order], sizes[order], vectors[order]
    signs = _signs(vectors)
    return left * sizes * signs, vectors * signs[:, None]


def _signs(vectors: np.ndarray) -> np.ndarray:
    """Return 1 or -1 for each vector (K, D), whose sign is arbitrary: its largest entry's."""
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=1)[:, None], axis=1)
    return np.where(largest[:, 0] < 0, -1, 1)


def _early_maps(network: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the maps of an early layer for latents, float32 (N, values).

    It is the last layer of the smallest maps, or the first one where these are large, since
    convolutions of large maps take long. Of many values, some are taken.
    """
    maps = [layer for layer in network.layers if len(getattr(layer.output, "shape", ())) == 4]
    sizes = [layer.output.shape[1] for layer in maps]
    smallest = min(size for size in sizes if size > 1)  # of 1x1 are latents themselves
    early = [layer for layer, size in zip(maps, sizes, strict=True) if size == smallest]
    output = early[-1 if smallest <= 8 else 0].output
    part = keras.Model(network.input, output)
    values = np.arange(np.prod(output.shape[1:]))
    if len(values) > _MOST_VALUES:
        values = np.random.default_rng(SEED).choice(values, _MOST_VALUES, replace=False)

    def some(batch) -> np.ndarray:
        return np.asarray(batch).reshape(len(batch), -1)[:, values]

    return predict(part.predict_on_batch, z, some, 100)


def weight_directions(generator: Generator, w: np.ndarray, count: int) -> list[Direction]:
    """Return the directions that the weights which take w or z stretch most, the largest first.

    With styles they are those of each level of layers, and change these layers alone.

    Args:
        generator: of any version.
        w: of many latents, float32 (N, latent_dim); its deviation along a direction is one step.
        count: how many of each level.

    Returns:
        [] if there are no styles, and the first weights do not take the latent.
    """
    found = []
    for layers, matrix in _matrices(generator):
        # The right singular vectors of the weights are the eigenvectors that SeFa takes.
        _, _, vectors = np.linalg.svd(matrix.astype("float64"), full_matrices=False)
        vectors = vectors[:count] * _signs(vectors[:count])[:, None]
        # What a latent holds of labels stays as it is.
        vectors = np.pad(vectors, ((0, 0), (0, generator.latent_dim - vectors.shape[1])))
        deviations = (w @ vectors.T).std(axis=0) if generator.has_styles else np.ones(len(vectors))
        for vector, deviation in zip(vectors, deviations, strict=True):
            name = f"Weights {len(found) + 1}"
            found.append(Direction(name, (vector * deviation).astype("float32"), layers))
    return found


def _matrices(generator: Generator) -> list[tuple[tuple[int, ...] | None, np.ndarray]]:
    """Return layers, and the weights (units, D) by which they take the latent's first D numbers."""
    if not generator.has_styles:
        kernel = _first_kernel(generator.network)
        if kernel is None:
            return []
        return [(None, kernel[:, : generator.normal_dim])]
    affines = _affines(generator)
    result = []
    for part in LEVELS.values():
        layers = range(generator.layers)[part]
        kernels = [kernel for number, kernel in affines if number in layers]
        if kernels:
            result.append((tuple(layers), np.concatenate(kernels)))
    return result


def _affines(generator: Generator) -> list[tuple[int, np.ndarray]]:
    """Return the weights (units, latent_dim) of all affine functions of w, with their layers."""
    probe = keras.Model(
        generator.synthesis.input,
        [x.input[1] for x in generator.synthesis.layers if hasattr(x, "affine")],
    )
    # Which layer's w each takes is seen from what it is given: w whose values are their layer.
    numbers = np.arange(generator.layers, dtype="float32")[None, :, None]
    w = np.repeat(numbers, generator.latent_dim, axis=2)
    taken = [round(float(np.asarray(x)[0, 0])) for x in probe(w)]
    styled = [layer.affine for layer in generator.synthesis.layers if hasattr(layer, "affine")]
    kernels = [keras.ops.convert_to_numpy(affine.kernel).T * affine.scale for affine in styled]
    return [*zip(taken, kernels, strict=True)]


def _first_kernel(network: keras.Model) -> np.ndarray | None:
    """Return the first weights (units, latent_dim) of a network, None if they take no latent."""
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        kernel = keras.ops.convert_to_numpy(kernel)
        # A transposed convolution has its inputs last; others have them before the outputs.
        is_transposed = isinstance(layer, keras.layers.Conv2DTranspose)
        kernel = np.moveaxis(kernel, -1 if is_transposed else -2, -1)
        kernel = kernel.reshape(-1, kernel.shape[-1])
        return kernel if kernel.shape[1] == network.input_shape[1] else None
    return None
