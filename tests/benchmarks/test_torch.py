"""PyTorch's side of the step's benchmark: where PyTorch is installed, it is held to be the same."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed, see requirements-benchmarks.txt")

from anime_gan.errors import UserError
from benchmarks import torch_steps
from tests.training.test_step import batch, nudge, tiny


def of_any_weights(version, width):
    """A gan whose weights, statistics too, are none that it begins with."""
    gan = tiny(version, "model.resolution=32", f"model.width={width}", "augment.policy=[]")
    nudge(gan)
    for weight in gan.generator.non_trainable_weights + gan.discriminator.non_trainable_weights:
        weight.assign(weight + np.random.default_rng(0).uniform(0.1, 0.3, weight.shape))
    return gan


@pytest.mark.parametrize(
    ("version", "width"),
    [("v5", 0.03), ("dcgan", 0.03), ("r3gan", 0.03), ("r3gan", 0.25), ("stylegan2", 0.01)],
)
def test_copied_weights_give_the_same_pictures_and_scores(version, width):
    """And a step is taken, with all penalties; networks that differ are refused."""
    gan = of_any_weights(version, width)
    step = torch_steps.Step(gan, False, "float32")
    assert np.isfinite(step(batch()[:, :32, :32])).all()
    gan.generator.trainable_variables[0].assign(gan.generator.trainable_variables[0] * 2)
    with pytest.raises(UserError, match="differ"):
        torch_steps.check(gan, step.generator, step.discriminator, version == "dcgan")
