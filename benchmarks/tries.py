"""Train with a change that the training code does not have, to compare it with a recipe.

    python -m benchmarks.tries logan configs/r3gan_patch_cpu.yaml data.images=faces.zip run=logan

The words after the change are those of train_gan.py.

logan: latents take a step towards higher scores before they are used, in both updates (Wu et al.
    2019, arXiv 1912.00953). They are normal, as sample.py draws them; there they are uniform and
    clipped.
replacement: each batch is drawn anew from all images, so that an image can come again at once.
"""

import numpy as np

from anime_gan import backend

backend.start(threads=1)

from keras import ops, random

import train_gan
from anime_gan.data.batches import Batches
from anime_gan.training.state import TrainState, frozen_state
from benchmarks import new_parser

# The paper's step length and damping (appendix C).
LENGTH, DAMPING = 0.9, 5.0


def logan() -> None:
    """Make training states draw optimized latents.

    The step is LENGTH * g / (DAMPING + |g|^2) for the gradient g of the score: natural gradient
    descent with the empirical Fisher matrix (eq. 10 there). On TensorFlow the two losses are
    differentiated through it, as in the paper.
    """

    def latents(state: TrainState, count: int):
        before = random.normal((count, state.config.model.latent_dim), seed=state.seed)

        def score(inputs):
            return state.discriminator(state.generator(inputs, training=True), training=True)

        with frozen_state(state.generator), frozen_state(state.discriminator):
            _, gradients = backend.input_gradients(score, before, state.variables)
        norms = ops.sum(ops.square(gradients), axis=1, keepdims=True)
        return before + LENGTH * gradients / (DAMPING + norms)

    TrainState.latents = latents


def replacement() -> None:
    """Make epochs draw each of their images from all."""

    def shuffle(batches: Batches, epoch: int):
        generator, count = np.random.default_rng([batches._seed, epoch]), len(batches._images)
        order = generator.integers(count, size=count)
        return order, (generator.random(count) < 0.5) & batches._x_flip

    Batches._shuffle = shuffle


CHANGES = {"logan": logan, "replacement": replacement}


def main() -> None:
    """Apply the change, and train."""
    parser = new_parser(__doc__)
    parser.add_argument("change", choices=CHANGES)
    options, words = parser.parse_known_args()
    CHANGES[options.change]()
    raise SystemExit(train_gan.main(*words))


if __name__ == "__main__":
    main()
