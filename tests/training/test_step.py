"""The alternating step: who moves when, and that it is the report's loop in numbers."""

import dataclasses

import keras
import numpy as np
import pytest

import models
from benchmarks.report_loop import ReportLoop
from config import Optimizer, load_config
from training.step import Gan, latents_of, make_optimizer

pytestmark = pytest.mark.backends


def tiny(version="v5", *overrides) -> Gan:
    """A gan of a few filters."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"version={version}", *overrides]
    config = load_config(None, overrides, models.get_recipe)
    return Gan.create(models.get_version(version), config)


def batch(size=4, seed=0) -> np.ndarray:
    """Random pictures in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (size, 64, 64, 3)).astype("float32")


def weights(model) -> list[np.ndarray]:
    """A copy of what training may move."""
    return [keras.ops.convert_to_numpy(variable).copy() for variable in model.trainable_variables]


def moved(before, after) -> list[bool]:
    """For each array, whether any number in it changed."""
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


@pytest.mark.parametrize("version", models.VERSIONS)
def test_each_network_moves_in_its_own_step_only(version):
    """Protects from Keras 3's trap, where the report's own loop trains no discriminator at all.

    With a rate of 0 a network's own step moves nothing, so whatever moves it is the other's step.
    """
    rates = {name: keras.optimizers.RMSprop(1e-3) for name in ("generator", "discriminator")}
    gan = dataclasses.replace(
        tiny(version),
        generator_optimizer=rates["generator"],
        discriminator_optimizer=rates["discriminator"],
    )
    step = gan.compiled_step()
    for still, free in (("generator", "discriminator"), ("discriminator", "generator")):
        rates[still].learning_rate, rates[free].learning_rate = 0.0, 1e-3
        before = {name: weights(getattr(gan, name)) for name in (still, free)}
        step(batch())
        assert not any(moved(before[still], weights(getattr(gan, still))))
        assert all(moved(before[free], weights(getattr(gan, free))))


def test_trainable_flags_decide_nothing():
    """Networks that were frozen by flag, as the report's loop does, still train in their step."""
    gan = tiny("v1")
    before = weights(gan.generator), weights(gan.discriminator)
    gan.generator.trainable = gan.discriminator.trainable = False
    gan.compiled_step()(batch())
    gan.generator.trainable = gan.discriminator.trainable = True
    assert all(moved(before[0], weights(gan.generator)))
    assert all(moved(before[1], weights(gan.discriminator)))


def report_twin(gan: Gan) -> tuple[ReportLoop, dict]:
    """The report's loop on copies of a gan's networks, and the same noise for it."""
    twin = tiny()
    copies = [keras.models.clone_model(model) for model in (gan.generator, gan.discriminator)]
    for model, copy in zip((gan.generator, gan.discriminator), copies, strict=True):
        for ours, theirs in zip(model.variables, copy.variables, strict=True):
            theirs.assign(keras.ops.convert_to_numpy(ours))
    seed = twin.seed
    noise = {
        "draw_normal": lambda shape: np.array(keras.random.normal(shape, seed=seed)),
        "draw_uniform": lambda shape: np.array(keras.random.uniform(shape, seed=seed)),
    }
    return ReportLoop(*copies, 5e-4, 1e-8, 1.0, jit_compile=False), noise


def test_v5_equals_the_reports_literal_loop():
    """Five compiled steps of v5 are the report's own Keras calls; float32, 1e-4 relative.

    Same first weights, same noise, same dropout. The weights are compared after the first step:
    RMSprop divides a gradient by its own size, so where one is nearly 0 it is rounding that decides
    the next ones. The test below holds all five steps' weights in float64.
    """
    gan = tiny()
    loop, noise = report_twin(gan)
    step = gan.compiled_step()
    for number in range(5):
        real = batch(seed=number)
        scalars = step(real)
        d_loss, g_loss = loop.step(real, **noise)
        np.testing.assert_allclose(float(scalars["d_loss"]), d_loss, rtol=1e-4)
        np.testing.assert_allclose(float(scalars["g_loss"]), g_loss, rtol=1e-4)
        if number == 0:
            assert largest_difference(gan, loop) < 1e-4


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has float64 switched off")
def test_v5_equals_the_reports_literal_loop_in_float64():
    """Without rounding in the way, five steps leave the very weights of the report's loop."""
    gan = tiny()
    keras.config.set_floatx("float64")
    try:
        parts = {}
        for name in ("generator", "discriminator"):
            text = getattr(gan, name).to_json().replace('"float32"', '"float64"')
            parts[name] = keras.models.model_from_json(text)
            rule = Optimizer(rate=5e-4, decay=1e-8, clipvalue=1.0)
            parts[f"{name}_optimizer"] = make_optimizer(rule)
        gan = dataclasses.replace(gan, **parts)
        loop, noise = report_twin(gan)
        step = gan.compiled_step()
        for number in range(5):
            real = batch(seed=number).astype("float64")
            step(real)
            loop.step(real, **noise)
        assert largest_difference(gan, loop) < 1e-8
    finally:
        keras.config.set_floatx("float32")


def largest_difference(gan: Gan, loop: ReportLoop) -> float:
    """The largest relative difference, in norm, between the weights of the two."""
    return max(
        np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        for name in ("generator", "discriminator")
        for ours, theirs in zip(
            weights(getattr(gan, name)), weights(getattr(loop, name)), strict=True
        )
    )


def test_accuracies_are_those_of_the_scores():
    """The bar's percentages: shares of real and of fake pictures taken for what they are."""
    gan = tiny("v1")
    for variable in gan.discriminator.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    gan.discriminator.trainable_variables[-1].assign([5.0])  # everything looks fake
    scalars = gan.compiled_step()(batch())
    assert float(scalars["fake_accuracy"]) == 1
    assert float(scalars["real_accuracy"]) == 0


def test_same_seed_same_step_and_other_seed_another():
    """training.seed decides first weights and noise, so that a run can be repeated."""
    losses = [
        float(tiny("v5", f"training.seed={seed}").compiled_step()(batch())["g_loss"])
        for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_bfloat16_keeps_weights_and_last_layers_in_float32():
    """Mixed precision: sums and outputs in bfloat16 would lose the small differences they show."""
    config = load_config(None, ["model.width=0.03"], models.get_recipe)
    gan = Gan.create(models.get_version("v5"), config, "bfloat16")
    assert {v.dtype for v in gan.generator.weights} == {"float32"}
    for model in (gan.generator, gan.discriminator):
        assert model.layers[-1].compute_dtype == "float32"
        assert model.layers[1].compute_dtype == "bfloat16"
    assert np.isfinite(float(gan.compiled_step()(batch())["d_loss"]))
    assert keras.config.dtype_policy().name == "float32"


def test_latents_of_a_seed_do_not_depend_on_its_neighbours():
    """A seed is always the same face."""
    many = latents_of([3, 1, 7], 16)
    assert many.shape == (3, 16) and many.dtype == np.float32
    np.testing.assert_array_equal(many[2], latents_of([7], 16)[0])
    assert abs(latents_of(range(200), 50).mean()) < 0.05


def test_decay_is_that_of_old_keras():
    """rate / (1 + decay * step): `decay=` itself is ignored by today's optimizers."""
    optimizer = make_optimizer(Optimizer(rate=0.01, decay=0.5))
    weight = keras.Variable([1.0])
    optimizer.build([weight])
    for expected in (0.01, 0.01 / 1.5, 0.01 / 2):
        np.testing.assert_allclose(float(optimizer.learning_rate), expected, rtol=1e-6)
        optimizer.apply([keras.ops.ones(1)], [weight])
