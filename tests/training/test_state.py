"""A growing run's networks: outputs stay continuous, sizes fade in, and a stage can be resumed."""

import keras
import numpy as np
import pytest

from anime_gan.config.stages import stages_of
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.runs import checkpoint
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step
from tests.config.test_stages import config_of
from tests.conftest import SLOW_ON_JAX
from tests.runs.test_checkpoint import FACTS


@pytest.mark.backends
@SLOW_ON_JAX
def test_nothing_jumps_when_the_networks_grow():
    """Just before and after, images are equal to 1e-5 and scores to 1e-4."""
    config = config_of("model.resolution=16", "training.ema_kimg=0.01")
    small, large = stages_of(config)
    before = TrainState(config, stage=small)
    step = compile_step(before)
    for _ in range(2):
        step(np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype("float32"))
    after = TrainState(config, stage=large)
    after.grow_from(before)
    latents = latents_from_seeds(range(4), 8)
    for name in ("generator", "ema"):
        old, new = (
            keras.ops.convert_to_numpy(getattr(gan, name)(latents)) for gan in (before, after)
        )
        assert old.std() > 0
        np.testing.assert_allclose(new, old.repeat(2, 1).repeat(2, 2), atol=1e-5)
    scores = [
        keras.ops.convert_to_numpy(gan.discriminator(images))
        for gan, images in ((before, old), (after, old.repeat(2, 1).repeat(2, 2)))
    ]
    np.testing.assert_allclose(scores[1], scores[0], atol=1e-4)
    assert int(after.step) == 0 + large.first


@pytest.mark.backends
def test_a_size_fades_in_linearly_and_so_do_real_images():
    """Alpha goes from 0 to 1 in the stage's steps, and so does the detail of real images."""
    config = config_of("model.resolution=16", "growing.fade_kimg=0.012")
    stage = stages_of(config)[1]
    assert stage.fade == 3
    gan = TrainState(config, stage=stage)
    real = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    coarse = real.reshape(4, 8, 2, 8, 2, 3).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    for done, alpha in ((0, 0), (1, 1 / 3), (3, 1), (5, 1)):
        gan.generator_optimizer.iterations.assign(done)
        faded = keras.ops.convert_to_numpy(gan.blend_with_coarse(keras.ops.convert_to_tensor(real)))
        np.testing.assert_allclose(faded, coarse + alpha * (real - coarse), atol=1e-5)
        assert len(gan.fades) == 3  # generator, discriminator, average
        assert all(float(layer.alpha) == pytest.approx(alpha) for layer in gan.fades)


@pytest.mark.backends
def test_a_longer_run_does_not_fade_out_again():
    """A size that is half in stays so until the new length reaches that."""
    config = config_of("model.resolution=16", "training.minutes=60")
    grown = [[0, 0.0], [3, 1200.0]]
    gan = TrainState(config, stage=stages_of(config, grown)[-1])
    real = keras.ops.zeros((4, 16, 16, 3))

    def alpha(gan, minute: float) -> float:
        gan.follow(5, 60 * minute)
        gan.blend_with_coarse(real)
        return float(gan.fades[0].alpha)

    found = [alpha(gan, minute) for minute in (20, 25, 30, 60)]
    assert found == pytest.approx([0, 0.5, 1, 1], abs=1e-5)
    longer = config_of("model.resolution=16", "training.minutes=600")
    again = TrainState(longer, stage=stages_of(longer, grown)[-1])
    for own, before in zip(again.generator.variables, gan.generator.variables, strict=True):
        own.assign(before)
    assert alpha(again, 60) == 1


@SLOW_ON_JAX
@pytest.mark.parametrize("version", ["stylegan", pytest.param("stylegan2", marks=pytest.mark.slow)])
def test_a_growing_run_resumes_bit_exactly(version, tmp_path):
    """In the middle of a fade, between two lazy penalties: losses and all variables."""
    overrides = [f"version={version}", "model.resolution=16"]
    overrides += ["objective.penalty_every=2"]
    if version == "stylegan":
        overrides += ["growing.fade_kimg=0.016"]
    else:
        overrides += ["growing.start=null", "objective.path_every=2"]
    config = config_of(*overrides)
    stage = stages_of(config)[-1]
    assert stage.fade == (4 if version == "stylegan" else 0)
    images = np.random.default_rng(0).uniform(-1, 1, (5, 4, 16, 16, 3)).astype("float32")

    def fresh() -> TrainState:
        return TrainState(config, stage=stage)

    whole = fresh()
    step = compile_step(whole)
    for number, batch in enumerate(images):
        losses = {key: float(value) for key, value in step(batch).items()}
        if number == 2:
            checkpoint.save(tmp_path, 3, whole.named_variables, FACTS, 2)
    resumed = fresh()
    checkpoint.restore(resumed.named_variables, checkpoint.newest(tmp_path)[1])
    step = compile_step(resumed)
    for batch in images[3:]:
        again = {key: float(value) for key, value in step(batch).items()}
    assert again == losses
    for name, variable in whole.named_variables.items():
        ours, theirs = (
            np.asarray(keras.ops.convert_to_numpy(v))
            for v in (variable, resumed.named_variables[name])
        )
        assert np.array_equal(ours, theirs), name
