"""Layers that let networks take labels: codes (B, A), 0 for unknown, n for an attribute's n-th."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from keras import activations, initializers, layers, ops

from anime_gan.networks.layers.register import register

UNITS = 16  # of the embedding of an attribute


class _Labeled(layers.Layer):
    """Keeps attributes and their values in its config, and so in the file of the network.

    Args:
        attributes: the values of each, in the order of their codes.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]], **options):
        super().__init__(**options)
        self.attributes = {name: tuple(values) for name, values in attributes.items()}

    def get_config(self):
        own = {name: list(values) for name, values in self.attributes.items()}
        return super().get_config() | {"attributes": own}


@register()
class JoinLabels(_Labeled):
    """Joins latents with embeddings of labels: [z (B, D), labels (B, A)] to (B, D + 16 A).

    Each value of an attribute has a learned vector, and so has the unknown one (the null label).
    They begin normal, and all labels of an image together as long as its latent. The weight
    `shares` is not trained: it holds how often each value is in the training set, by which labels
    are sampled.

    Reference:
        Mirza and Osindero 2014 (arXiv 1411.1784); with embeddings, as here, Karras et al. 2020
        (arXiv 2006.06676), appendix D.
    """

    def build(self, shapes):
        count = len(self.attributes)
        rows = sum(len(values) + 1 for values in self.attributes.values())
        deviation = (shapes[0][-1] / (UNITS * count)) ** 0.5
        self.table = self.add_weight(
            name="table",
            shape=(rows, UNITS),
            initializer=initializers.RandomNormal(stddev=deviation),
        )
        even = [share for n in map(len, self.attributes.values()) for share in (0, *n * [1 / n])]
        self.shares = self.add_weight(
            name="shares",
            shape=(rows,),
            initializer=lambda shape, dtype: ops.convert_to_tensor(even, dtype),
            trainable=False,
            autocast=False,
        )

    def _rows(self) -> Iterable[slice]:
        """Return which rows of the table belong to each attribute; the first is the null label."""
        start = 0
        for values in self.attributes.values():
            yield slice(start, start + len(values) + 1)
            start += len(values) + 1

    def call(self, inputs):
        z, labels = inputs
        parts = [z]
        # A product with 0 and 1, since the gradient of a lookup is of another type on TensorFlow.
        for number, rows in enumerate(self._rows()):
            chosen = ops.one_hot(labels[:, number], rows.stop - rows.start, dtype=z.dtype)
            parts.append(ops.matmul(chosen, ops.cast(self.table[rows], z.dtype)))
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, shapes):
        return (shapes[0][0], shapes[0][-1] + UNITS * len(self.attributes))

    def set_shares(self, codes: np.ndarray) -> None:
        """Set the shares to those of the labels of a set, int (N, A)."""
        counts = [
            np.bincount(column, minlength=rows.stop - rows.start) / len(codes)
            for column, rows in zip(codes.T, self._rows(), strict=True)
        ]
        self.shares.assign(np.concatenate(counts))

    def share(self, attribute: int, code: int) -> float:
        """Return how frequent a value is in the training set, 0 to 1."""
        return float(ops.convert_to_numpy(self.shares)[[*self._rows()][attribute]][code])

    def tables(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each attribute the vectors of its codes, (n + 1, 16), and their shares."""
        table, shares = (ops.convert_to_numpy(x) for x in (self.table, self.shares))
        return [(table[rows], shares[rows].astype("float64")) for rows in self._rows()]

    def sample(self, seeds: Iterable[int]) -> np.ndarray:
        """Return labels of seeds, int32 (N, A), each attribute by itself as in the training set.

        A seed alone decides its labels.
        """
        ends = [np.cumsum(shares) for _, shares in self.tables()]
        found = []
        for seed in seeds:
            draws = np.random.default_rng([seed, 2]).random(len(ends))  # not those of its latent
            found.append(
                [
                    min(int(np.searchsorted(end, draw * end[-1], "right")), len(end) - 1)
                    for end, draw in zip(ends, draws, strict=True)
                ]
            )
        return np.array(found, "int32").reshape(-1, len(ends))


@register()
class Projection(_Labeled):
    """Adds to the score of an image what its labels say: (B, 1).

    From [score (B, 1), outputs (B, K), labels (B, A)], where K counts the values of all attributes:
    the score plus the output of each label. The outputs are inner products of the discriminator's
    features with a vector of each value, so the sum is the projection discriminator's. An unknown
    label adds nothing.

    Args:
        activation: of the result, as Keras names it.

    Reference:
        Miyato and Koyama 2018 (arXiv 1802.05637), equation 3.
    """

    def __init__(self, attributes, activation: str = "linear", **options):
        super().__init__(attributes, **options)
        self.activation = activations.get(activation)

    def call(self, inputs):
        score, outputs, labels = inputs
        start = 0
        for number, values in enumerate(self.attributes.values()):
            # Code 0 is before the first value, so that its row of 0 and 1 has no 1.
            chosen = ops.one_hot(labels[:, number] - 1, len(values), dtype=score.dtype)
            own = outputs[:, start : start + len(values)]
            score = score + ops.sum(chosen * own, axis=-1, keepdims=True)
            start += len(values)
        return self.activation(score)  # a sigmoid of Keras keeps its logits for the loss

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return super().get_config() | {"activation": activations.serialize(self.activation)}
