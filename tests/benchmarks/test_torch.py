"""PyTorch's networks, which the step is timed against, compute the same as ours."""

import numpy as np
import pytest

pytest.importorskip("torch", reason='PyTorch is not installed: pip install ".[benchmarks]"')

from anime_gan.errors import UserError
from benchmarks import torch_steps
from tests.training.test_step import batch, nudge, tiny


def with_random_weights(version, width):
    """A state whose weights and statistics are not the initial ones."""
    state = tiny(version, "model.resolution=32", f"model.width={width}", "augment.policy=[]")
    nudge(state)
    both = state.generator.non_trainable_weights + state.discriminator.non_trainable_weights
    for weight in both:
        weight.assign(weight + np.random.default_rng(0).uniform(0.1, 0.3, weight.shape))
    return state


@pytest.mark.parametrize(
    ("version", "width"),
    [("v5", 0.03), ("dcgan", 0.03), ("r3gan_patch", 0.03), ("r3gan", 0.25), ("stylegan2", 0.01)],
)
def test_copied_weights_give_the_same_images_and_scores(version, width):
    """And a step with all penalties gives finite losses; networks that differ are refused."""
    state = with_random_weights(version, width)
    step = torch_steps.Step(state, False, "float32")
    assert np.isfinite(step(batch()[:, :32, :32])).all()
    weight = state.generator.trainable_variables[0]
    weight.assign(weight * 2)
    with pytest.raises(UserError, match="differ"):
        torch_steps.check(state, step.generator, step.discriminator, version == "dcgan")
