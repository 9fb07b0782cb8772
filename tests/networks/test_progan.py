"""ProGAN: the paper's networks, in shapes, numbers of weights, and numbers."""

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import load_config
from anime_gan.config.stages import stages_of
from anime_gan.errors import UserError
from anime_gan.networks import progan
from anime_gan.networks.architecture import sizes_to
from anime_gan.networks.describe import build_shapes
from anime_gan.training.state import TrainState
from anime_gan.training.step import train_discriminator

# Table 2 of the paper, from 4x4 to 1024x1024.
FILTERS = dict(zip(sizes_to(1024), (512, 512, 512, 512, 256, 128, 64, 32, 16), strict=True))
TINY = ["version=progan", "model.width=0.02", "model.latent_dim=8", "training.batch_size=4"]


def test_networks_have_the_papers_weights():
    """23.1 million each at 1024x1024 with the layers to and from images of all sizes."""
    both = build_shapes(load_config(None, ["version=progan", "model.resolution=1024"]))
    networks = both.generator, both.discriminator
    left_out = [FILTERS[size] for size in FILTERS if size < 512]
    to_image, from_image = sum(3 * n + 3 for n in left_out), sum(3 * n + n for n in left_out)
    generator, discriminator = (
        sum(int(np.prod(v.shape)) for v in network.trainable_variables) for network in networks
    )
    assert generator + to_image == 23_079_115
    assert discriminator + from_image == 23_087_249
    for size in FILTERS:
        maps = networks[0].get_layer(f"b{size}_1").output.shape
        assert maps == (None, size, size, FILTERS[size])
    assert networks[1].get_layer("deviation").output.shape == (None, 4, 4, 513)
    assert not any("blur" in layer.name for layer in networks[1].layers)


@pytest.mark.backends
def test_the_generator_is_the_formula():
    """At 4x4 against NumPy: pixel norm, a 4x4 convolution of the latent, leaky ReLU, 3x3, 1x1."""
    network = progan.generator(4, 3, 6, 0.001)
    latents = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    first, second, last = (network.get_layer(name) for name in ("b4_0", "b4_1", "b4_rgb"))
    rng = np.random.default_rng(1)
    kernels = {}
    for layer in (first, second, last):
        kernel, bias = (rng.normal(size=v.shape).astype("float32") for v in layer.weights)
        layer.set_weights([kernel, bias])
        fan_in, gain = np.prod(kernel.shape[:-1]), 1.0 if layer is last else 2**0.5
        kernels[layer] = kernel * gain / fan_in**0.5, bias

    def normal(x):
        x = np.where(x > 0, x, 0.2 * x)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-8)

    z = latents / np.sqrt((latents**2).mean(-1, keepdims=True) + 1e-8)
    kernel, bias = kernels[first]
    # Pixel (i, j) has the weights that lie opposite, as in a convolution that covers the latent.
    x = normal(np.einsum("bn,ijnm->bijm", z, kernel[::-1, ::-1]) + bias)
    kernel, bias = kernels[second]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    x = normal(np.einsum("bijnkl,klnm->bijm", windows, kernel) + bias)
    kernel, bias = kernels[last]
    expected = x @ kernel[0, 0] + bias
    np.testing.assert_allclose(network.predict_on_batch(latents), expected, rtol=1e-3, atol=1e-4)


def test_the_recipe_is_the_papers():
    """Appendix A.1: growth, batches, rates, drift; 19,000 kimg at 1024x1024 as in its program."""
    config = load_config(None, ["version=progan", "model.resolution=1024"])
    stages = stages_of(config)
    assert [s.resolution for s in stages] == sizes_to(1024)
    assert [s.config.training.batch_size for s in stages] == [16] * 6 + [14, 6, 3]
    assert {s.config.generator.rate for s in stages} == {1e-3}
    assert {s.config.discriminator.rate for s in stages} == {1e-3}
    assert np.allclose(np.diff([s.seen for s in stages]), [800_000] + 7 * [1_600_000], rtol=1e-4)
    assert stages[-1].images_seen(config.training.steps) == pytest.approx(19e6, rel=1e-4)
    training, objective, adam = config.training, config.objective, config.discriminator
    assert (adam.optimizer, adam.beta1, adam.beta2) == ("adam", 0.0, 0.99)
    assert (objective.name, objective.penalties) == ("wasserstein", ("gradient",))
    assert (objective.gamma, objective.drift, training.n_critic) == (10, 0.001, 1)
    assert 0.5 ** (16 / 1000 / training.ema_kimg) == pytest.approx(0.999, abs=1e-5)


@pytest.mark.backends
def test_drift_is_the_mean_square_of_real_scores():
    """It is added to the discriminator's loss for its gradients, and is off by default."""
    moved = {}
    for drift in (0.0, 0.5):
        config = load_config(None, [*TINY, "model.resolution=16", f"objective.drift={drift}"])
        state = TrainState(config, stage=stages_of(config)[1])
        # The last bias moves all scores alike, so that the loss doesn't change it.
        bias = state.discriminator.get_layer("score").bias
        bias.assign([3.0])
        step = backend.compile_step(
            lambda real, state=state: train_discriminator(state, real, with_penalties=False),
            state.variables,
        )
        step(np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype("float32"))
        moved[drift] = float(bias[0]) - 3.0
    assert moved[0.0] == pytest.approx(0, abs=1e-4)
    assert moved[0.5] == pytest.approx(-1e-3, rel=1e-2)  # Adam's first step is the rate


def test_drift_needs_logits():
    """Probabilities are near 0 or 1 already."""
    with pytest.raises(UserError, match=r"objective\.drift is 0\.001"):
        load_config(None, ["version=v5", "objective.drift=0.001"])
