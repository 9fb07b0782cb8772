"""A trained generator: w of seeds, truncated; images of w, with constant, random or no noise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from anime_gan.backend import Tensor
from anime_gan.data.labels import ANY
from anime_gan.data.pixels import to_uint8
from anime_gan.errors import UserError
from anime_gan.generation.labels import require_labels
from anime_gan.networks.labels import label_layer, own_network
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.networks.layers.style import AddNoise

NOISE = ("const", "random", "none")
# A convolution may sum in another order for another batch size, which changes an image's last bits.
# So the size is fixed: 4 without styles, so that a single image is fast; 16 for StyleGANs, where
# with 4 the last bits would depend on the position in the batch.
BATCH, SMALL_BATCH = 16, 4
MEAN_OF = 512  # latents, whose w give the mean of some labels


class Generator:
    """A trained generator. Threads may share one, each with its own noise.

    An image is made from w: where there is no mapping network, w is the latent z itself. Truncation
    moves w towards its mean, where images are more typical and less varied (Karras et al. 2018,
    arXiv 1812.04948, appendix B); the mean of z is 0.

    A generator that takes labels joins them with z: its latents are longer, and their end, the
    embedding of the labels, belongs to w. Truncation keeps it.

    Attributes:
        has_styles: whether there are a mapping network, a w for each layer, and noise.
        layers: the number of layers that take a w of their own, 1 without styles.
        attributes: the values of each label that it takes; {} if it takes none.
        latent_dim: the size of latents and of w.
        normal_dim: how many of the first numbers of a latent are normal; the others are of labels.
        resolution, channels: of the images.
        mean_w: float32 (latent_dim,).
        mapping: the network from z (B, latent_dim) to w (B, latent_dim); None without styles.
        whole: the network that was given; from [z, labels] if it takes labels.
        network: the version's own network, from latents (B, latent_dim) to images in [-1, 1].
        synthesis: the network from w (B, layers, latent_dim) to images in [-1, 1]; without styles,
            the whole network, from z.
        source: the weights file that it was loaded from, None if it was not.
    """

    def __init__(self, network: keras.Model, source: Path | None = None):
        self.source = source
        self._labels, self.normal_dim = label_layer(network), network.inputs[0].shape[1]
        self.attributes = self._labels.attributes if self._labels else {}
        self.whole, network = network, own_network(network)
        parts = {layer.name: layer for layer in network.layers}
        self.has_styles = {"mapping", "styles", "synthesis"} <= set(parts)
        self.latent_dim = network.input_shape[1]
        _, _, self.resolution, self.channels = network.output_shape
        self.network = self.synthesis = network
        self.layers, self.mapping = 1, None
        self.mean_w = np.zeros(self.latent_dim, "float32")
        # Keras on JAX hands a network's weights to the computation and takes them back after it.
        self._lock = threading.Lock()
        if self.has_styles:
            self.mapping, self.synthesis = parts["mapping"], parts["synthesis"]
            self.layers = self.synthesis.input_shape[1]
            self.mean_w = keras.ops.convert_to_numpy(parts["styles"].mean)
            noises = [x for x in self.synthesis.layers if isinstance(x, AddNoise)]
            self._const = [keras.ops.convert_to_numpy(layer.fixed) for layer in noises]
            self._noisy_synthesis = _with_noise_inputs(self.synthesis, noises)

    def codes(
        self, seeds: Sequence[int], labels: Mapping[str, str] | np.ndarray | None = None
    ) -> np.ndarray:
        """Return the labels of seeds as codes, int32 (N, A).

        Args:
            seeds: they decide the labels that are not given, by how frequent these are in the
                training set.
            labels: a value for some attributes, ANY for none in particular; or codes, which are
                returned.

        Raises:
            UserError: the generator has no such attribute or value.
        """
        if isinstance(labels, np.ndarray):
            return labels
        require_labels(self.attributes, labels or {})
        sampled = self._labels.sample(seeds)
        for column, (name, values) in enumerate(self.attributes.items()):
            if word := (labels or {}).get(name):
                sampled[:, column] = 0 if word == ANY else values.index(word) + 1
        return sampled

    def latents(
        self, seeds: Sequence[int], labels: Mapping[str, str] | np.ndarray | None = None
    ) -> np.ndarray:
        """Return the latents of seeds, float32 (N, latent_dim); labels: as for `codes`."""
        z = latents_from_seeds(seeds, self.normal_dim)
        if not self.attributes:
            require_labels({}, {} if labels is None else labels)
            return z
        return keras.ops.convert_to_numpy(self.joined(z, self.codes(seeds, labels)))

    def label_tables(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each attribute the vectors of its codes, (n + 1, 16), and their shares."""
        return self._labels.tables() if self._labels else []

    def relabeled(self, z: np.ndarray, labels: Mapping[str, str]) -> np.ndarray:
        """Return latents (N, latent_dim) with other labels; those that are not given stay."""
        require_labels(self.attributes, labels)
        z, start = z.copy(), self.normal_dim
        for (name, values), (vectors, _) in zip(
            self.attributes.items(), self.label_tables(), strict=True
        ):
            end = start + vectors.shape[1]
            if word := labels.get(name):
                z[:, start:end] = vectors[0 if word == ANY else values.index(word) + 1]
            start = end
        return z

    def joined(self, z: Tensor, codes: Tensor) -> Tensor:
        """Return latents (B, latent_dim) of normal ones (B, normal_dim) and labels (B, A)."""
        return self._labels([z, codes])

    def w(
        self,
        seeds: Sequence[int],
        truncation_psi: float = 1.0,
        labels: Mapping[str, str] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Return w of seeds, float32 (N, latent_dim); labels: as for `codes`."""
        return self.w_from_latents(self.latents(seeds, labels), truncation_psi)

    def w_from_latents(self, z: np.ndarray, truncation_psi: float = 1.0) -> np.ndarray:
        """Return w of latents, truncated to mean_w + truncation_psi (w - mean_w).

        With labels, the mean is that of images with the same labels.

        Args:
            z: (N, latent_dim).
            truncation_psi: 1 for no truncation, 0 for mean_w; negative ones mirror w at mean_w.
        """
        w = predict(self._locked(self.mapping), z) if self.has_styles else z
        if truncation_psi == 1:
            return w
        mean = self._means(z) if self.attributes else self.mean_w
        return mean + np.float32(truncation_psi) * (w - mean)

    def _means(self, z: np.ndarray) -> np.ndarray:
        """Return the mean w of images with the labels of each latent, (N, latent_dim)."""
        means = z.copy()
        means[:, : self.normal_dim] = 0
        if not self.has_styles:
            return means
        normal = np.random.default_rng(0).standard_normal((MEAN_OF, self.normal_dim))
        rows, places = np.unique(z[:, self.normal_dim :], axis=0, return_inverse=True)
        found = []
        for row in rows:
            every = np.hstack([normal, np.tile(row, (MEAN_OF, 1))]).astype("float32")
            found.append(self._locked(self.mapping)(every).mean(axis=0))
        return np.stack(found)[places.ravel()]

    def images(
        self,
        w: np.ndarray,
        noise: str = "const",
        noise_seeds: Sequence[int] | None = None,
        noise_sizes: Sequence[int] | None = None,
    ) -> np.ndarray:
        """Return the images of w, uint8 (N, H, W, C); none depends on the others of the call.

        Args:
            w: (N, latent_dim), or one for each layer, (N, layers, latent_dim); (N, 1, latent_dim)
                is as the first.
            noise: "const" for the network's own, the same in every image; "random" for that of
                noise_seeds; "none" for no noise.
            noise_seeds: N seeds, for random noise.
            noise_sizes: sizes in pixels of the maps with noise; None for all.

        Raises:
            UserError: the network has no noise, and another than "const" is asked for.
        """
        return self._compute(to_uint8, w, noise, noise_seeds, noise_sizes)

    def outputs(self, w: np.ndarray, noise: str = "const") -> np.ndarray:
        """Return what `images` makes into images: float32 (N, H, W, C), meant for [-1, 1]."""
        return self._compute(np.asarray, w, noise)

    def _compute(
        self,
        finish: Callable,
        w: np.ndarray,
        noise: str,
        noise_seeds: Sequence[int] | None = None,
        noise_sizes: Sequence[int] | None = None,
    ) -> np.ndarray:
        if noise not in NOISE:
            raise ValueError(f"noise is {noise!r}, but must be one of {', '.join(NOISE)}.")
        if not self.has_styles:
            if noise != "const":
                raise UserError(
                    f"noise {noise} is for versions with noise, stylegan and stylegan2; this "
                    "generator has none, so leave it out."
                )
            every = w[:, 0] if w.ndim == 3 else w
            return predict(self._locked(self.synthesis), every, finish, SMALL_BATCH)
        if noise == "random" and (noise_seeds is None or len(noise_seeds) != len(w)):
            raise ValueError(f"random noise for {len(w)} images needs as many noise_seeds.")
        w = w[:, None] if w.ndim == 2 else w
        if w.shape[1] == 1:
            w = np.repeat(w, self.layers, axis=1)

        def noise_of(rows: slice) -> list[np.ndarray]:
            if noise == "random":
                drawn = [self._drawn(seed) for seed in noise_seeds[rows]]
                maps = [np.stack(layer) for layer in zip(*drawn, strict=True)]
            else:
                maps = [np.broadcast_to(m, (len(w[rows]), *m.shape)) for m in self._const]
            sizes = () if noise == "none" else noise_sizes
            return [m if sizes is None or m.shape[1] in sizes else 0 * m for m in maps]

        return predict(self._locked(self._noisy_synthesis), w, finish, others=noise_of)

    def images_from_seeds(
        self,
        seeds: Sequence[int],
        truncation_psi: float = 1.0,
        noise: str = "const",
        labels: Mapping[str, str] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the images of seeds, uint8 (N, H, W, C), with noise of the same seeds.

        labels: as for `codes`.
        """
        return self.images(self.w(seeds, truncation_psi, labels), noise, seeds)

    def _drawn(self, seed: int) -> list[np.ndarray]:
        """Return the random noise of a seed, (H, W, 1) for each layer with noise."""
        draw = np.random.default_rng([seed, 1])  # not the numbers that are its latent
        return [draw.standard_normal(m.shape, "float32") for m in self._const]

    def _locked(self, network: keras.Model) -> Callable:
        """Return the computation of a network, compiled, which one thread at a time runs."""

        def compute(inputs):
            with self._lock:
                return network.predict_on_batch(inputs)

        return compute


def _with_noise_inputs(synthesis: keras.Model, noises: list[AddNoise]) -> keras.Model:
    """Return the network from [w, noise of each layer] to images. It shares the layers."""
    inputs = {x.name: keras.Input(x.fixed.shape, name=f"{x.name}_input") for x in noises}

    def call(layer, *args, **kwargs):
        if layer.name in inputs:
            kwargs["noise"] = inputs[layer.name]
        return layer(*args, **kwargs)

    unused = keras.Model([synthesis.input, *inputs.values()], synthesis.output)
    return keras.models.clone_model(unused, unused.inputs, lambda layer: layer, call)


def predict(
    compute: Callable,
    inputs: np.ndarray,
    finish: Callable = np.asarray,
    batch_size: int = BATCH,
    others: Callable[[slice], Sequence[np.ndarray]] = lambda rows: (),
) -> np.ndarray:
    """Return a network's outputs, computed in batches of a fixed size; the last one is padded.

    Args:
        compute: such as `network.predict_on_batch`, which takes a tenth of the time of a call.
        inputs: (N, ...).
        finish: what is done to the outputs of each batch.
        batch_size: rows of a batch.
        others: from a slice of the rows to the network's other inputs for these.
    """
    outputs, is_quick = [], len(inputs) < 100
    # None: a bar on a terminal only; a log would get a line of it for each batch.
    for start in tqdm(range(0, len(inputs), batch_size), "images", disable=is_quick or None):
        rows = slice(start, start + batch_size)
        parts = [inputs[rows], *others(rows)]
        count = len(parts[0])
        kinds = ["int32" if part.dtype.kind == "i" else "float32" for part in parts]
        shapes = [(batch_size, *part.shape[1:]) for part in parts]
        batch = [np.zeros(shape, kind) for shape, kind in zip(shapes, kinds, strict=True)]
        for padded, part in zip(batch, parts, strict=True):
            padded[:count] = part
        outputs.append(finish(compute(batch if len(batch) > 1 else batch[0])[:count]))
    return np.concatenate(outputs)


def draw(network: keras.Model, latents: np.ndarray, *labels: np.ndarray) -> np.ndarray:
    """Return the images that a generator network makes of latents (N, latent_dim), uint8.

    labels: int32 (N, A), if the network takes labels.
    """
    return predict(
        network.predict_on_batch, latents, to_uint8, others=lambda rows: [x[rows] for x in labels]
    )
