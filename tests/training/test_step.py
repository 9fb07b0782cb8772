"""The alternating step: who moves when, and that it is the report's loop in numbers."""

import dataclasses

import keras
import numpy as np
import pytest

from anime_gan import backend, networks
from anime_gan.config import Network, load_config
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.training.optimizers import make_optimizer
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step, train_discriminator, train_generator
from benchmarks.report_loop import ReportLoop

pytestmark = pytest.mark.backends


def tiny(version="v5", *overrides) -> TrainState:
    """A gan of a few filters."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"version={version}", *overrides]
    config = load_config(None, overrides, networks.get_recipe)
    return TrainState.create(config)


def batch(size=4, seed=0) -> np.ndarray:
    """Random pictures in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (size, 64, 64, 3)).astype("float32")


def weights(model) -> list[np.ndarray]:
    """A copy of what training may move."""
    return [keras.ops.convert_to_numpy(variable).copy() for variable in model.trainable_variables]


def moved(before, after) -> list[bool]:
    """For each array, whether any number in it changed."""
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def statistics(model) -> list[np.ndarray]:
    """A copy of what passes may move: batch statistics, spectral vectors, the mean of styles."""
    variables = [v for v in model.non_trainable_weights if v.name not in ("fixed", "alpha")]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def nudge(gan) -> None:
    """Take the weights away from 0, where R3GAN's blocks and SAGAN's attention begin.

    What comes before a 0 has no gradient.
    """
    draw = np.random.default_rng(3)
    for variable in [*gan.generator_weights, *gan.discriminator_weights]:
        variable.assign(variable + 0.05 * draw.normal(size=variable.shape))


@pytest.mark.parametrize("version", networks.VERSIONS)
def test_each_half_moves_its_own_network_only(version):
    """Protects from Keras 3's trap, where the report's own loop trains no discriminator at all.

    Weights and statistics: the discriminator's half moves all of its own and none of the
    generator's, though it draws fakes from it; and the other way round.
    """
    gan = tiny(version, "model.resolution=32", "model.width=0.1", "discriminator.weight_clip=10")
    nudge(gan)
    # Half-way into a fade, where there is one: before, the outer part has no gradient.
    gan.generator_optimizer.iterations.assign(gan.fade_steps // 2)
    real = batch(size=4)[:, :32, :32]
    for half, free, still in (
        (train_discriminator, gan.discriminator, gan.generator),
        (train_generator, gan.generator, gan.discriminator),
    ):
        compiled = backend.compile_step(lambda real, half=half: half(gan, real), gan.variables)
        before = weights(free), weights(still), statistics(free), statistics(still)
        scalars = compiled(real)
        assert all(np.isfinite(float(value)) for value in scalars.values())
        assert not any(moved(before[1], weights(still)))
        # A single number need not move: the last bias cancels out of a hinge's two halves, and the
        # direction of one number is always the same.
        old, new = before[0] + before[2], weights(free) + statistics(free)
        changes = zip(old, new, strict=True)
        assert not any(np.array_equal(a, b) for a, b in changes if a.size > 1)
        assert not any(moved(before[3], statistics(still)))


def test_batch_statistics_are_those_of_the_passes():
    """dcgan: the discriminator's means move by its real pass, then its fake one, and no other.

    Keras keeps 0.9 of the old mean a pass; from 0, the means of real maps and fake maps add up to
    0.9 * 0.1 * real + 0.1 * fake.
    """
    gan = tiny("dcgan", "model.resolution=32")
    real = batch(size=4)[:, :32, :32]
    layers = gan.discriminator.layers
    norm = next(layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization))
    maps = keras.Model(gan.discriminator.input, norm.input)
    seen = []

    def step(real):
        result = train_discriminator(gan, real)
        return result["d_loss"]

    fakes = keras.Model(gan.generator.input, gan.generator.output)
    state = np.array(keras.ops.convert_to_numpy(gan.seed.state))
    latents = gan.latents(4)
    gan.seed.state.assign(state)
    for pictures in (real, fakes(latents, training=True)):
        seen.append(keras.ops.convert_to_numpy(maps(pictures)).mean(axis=(0, 1, 2)))
    for variable in gan.generator.non_trainable_weights:
        variable.assign(np.zeros(variable.shape))
    backend.compile_step(step, gan.variables)(real)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(norm.moving_mean),
        0.9 * 0.1 * seen[0] + 0.1 * seen[1],
        rtol=1e-3,
        atol=1e-6,
    )


def descending(gan) -> TrainState:
    """The same with plain gradient descent, whose updates show gradients as they are."""
    return dataclasses.replace(
        gan,
        generator_optimizer=keras.optimizers.SGD(0.1),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
    )


def test_micro_batches_are_the_whole_batch():
    """r3gan, augmented: the same losses and the same updates from parts of 2 as from 8 at once."""
    ends = []
    for micro in ("null", "2"):
        gan = tiny(
            "r3gan",
            "model.resolution=32",
            f"training.micro_batch={micro}",
            "training.batch_size=8",
            "augment.p=1",
        )
        gan = descending(gan)
        nudge(gan)
        before = weights(gan.generator) + weights(gan.discriminator)
        scalars = compile_step(gan)(batch(size=8)[:, :32, :32])
        after = weights(gan.generator) + weights(gan.discriminator)
        ends.append((scalars, [b - a for a, b in zip(before, after, strict=True)]))
    for key in ("d_loss", "g_loss", "penalty", "real_score"):
        np.testing.assert_allclose(float(ends[0][0][key]), float(ends[1][0][key]), rtol=1e-4)
    for whole, parts in zip(ends[0][1], ends[1][1], strict=True):
        assert np.linalg.norm(whole - parts) <= 2e-3 * np.linalg.norm(whole)


def test_critic_takes_a_batch_of_its_own_for_each_update():
    """n_critic: as many updates of the critic as batches handed in, one of the generator."""
    gan = tiny("wgan", "model.resolution=32", "training.n_critic=3", "training.batch_size=2")
    compile_step(gan)(batch(size=6)[:, :32, :32])
    assert int(gan.discriminator_optimizer.iterations) == 3
    assert int(gan.generator_optimizer.iterations) == int(gan.step) == 1
    limits = [np.abs(weight).max() for weight in weights(gan.discriminator)]
    assert max(limits) <= 0.01  # and every weight is clipped


def test_in_turn_is_two_updates():
    """blog: real pictures first, then fakes, each with an update of its own."""
    gan = tiny("blog", "model.resolution=32")
    compile_step(gan)(batch()[:, :32, :32])
    assert int(gan.discriminator_optimizer.iterations) == 2


def test_average_is_the_formula_over_all_weights():
    """Batch statistics included: after half a life of pictures, half of the past is left."""
    gan = tiny("dcgan", "model.resolution=32", "training.ema_kimg=0.004")
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in gan.ema.weights]
    compile_step(gan)(batch()[:, :32, :32])
    for old, mean, new in zip(before, gan.ema.weights, gan.generator.weights, strict=True):
        expected = (old + keras.ops.convert_to_numpy(new)) / 2
        np.testing.assert_allclose(keras.ops.convert_to_numpy(mean), expected, atol=1e-6)
    assert gan.sampler is gan.ema


def test_adaptive_augmentation_moves_its_probability():
    """A discriminator that sees through every real picture raises it, and it is in the state."""
    gan = tiny(
        "dragan",
        "model.resolution=32",
        "augment.p=adaptive",
        "augment.kimg=0.008",
        "augment.policy=[translation,cutout,colour]",
    )
    gan.discriminator_weights[-1].assign([50.0])  # every picture looks real
    step = compile_step(gan)
    values = [float(step(batch()[:, :32, :32])["augment_p"]) for _ in range(2)]
    assert values == [0, 0.5] and "augment/000/variable" in gan.named_variables


def test_latents_are_read_back():
    """illustration: the reader's error is part of what the generator descends, and falls."""
    gan = tiny(
        "illustration", "model.resolution=32", "objective.latent_weight=100", "generator.rate=0.005"
    )
    draw = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")

    def error():
        return float(np.mean((np.asarray(gan.predictor(draw)[1]) - draw) ** 2))

    step, first = compile_step(gan), error()
    for _ in range(30):
        step(batch()[:, :32, :32])
    assert error() < 0.9 * first


def test_trainable_flags_decide_nothing():
    """Networks that were frozen by flag, as the report's loop does, still train in their step."""
    gan = tiny("v1")
    before = weights(gan.generator), weights(gan.discriminator)
    gan.generator.trainable = gan.discriminator.trainable = False
    compile_step(gan)(batch())
    gan.generator.trainable = gan.discriminator.trainable = True
    assert all(moved(before[0], weights(gan.generator)))
    assert all(moved(before[1], weights(gan.discriminator)))


def report_twin(gan: TrainState) -> tuple[ReportLoop, dict]:
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
    step = compile_step(gan)
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
            rule = Network(rate=5e-4, decay=1e-8, clipvalue=1.0)
            parts[f"{name}_optimizer"] = make_optimizer(rule)
        gan = dataclasses.replace(gan, **parts)
        loop, noise = report_twin(gan)
        step = compile_step(gan)
        for number in range(5):
            real = batch(seed=number).astype("float64")
            step(real)
            loop.step(real, **noise)
        assert largest_difference(gan, loop) < 1e-8
    finally:
        keras.config.set_floatx("float32")


def largest_difference(gan: TrainState, loop: ReportLoop) -> float:
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
    scalars = compile_step(gan)(batch())
    assert float(scalars["fake_accuracy"]) == 1
    assert float(scalars["real_accuracy"]) == 0


def test_networks_built_later_in_a_process_have_the_same_names():
    """TensorFlow sums by name, so a run that went on in another process would differ in the end."""

    def names(gan: TrainState) -> list[str]:
        return [v.path for v in gan.variables]

    first = names(tiny("dragan"))
    tiny("v5")
    assert names(tiny("dragan")) == first


def test_same_seed_same_step_and_other_seed_another():
    """training.seed decides first weights and noise, so that a run can be repeated."""
    losses = [
        float(compile_step(tiny("v5", f"training.seed={seed}"))(batch())["g_loss"])
        for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="XLA keeps an order of its own")
@pytest.mark.parametrize("version, size", [("v5", 64), ("wgan_gp", 16), ("stylegan2", 16)])
def test_tensorflow_is_left_no_choice(version, size):
    """Protects runs that go on to the last bit on a busy machine, whatever is done first on it.

    AddN begins with an input whose memory it may take, if there is one by then: of three or more,
    what is summed first is a matter of time. And a weight may be updated only after all have read
    it, also scores that no gradient waits for. TensorFlow's optimizers of graphs spoil both.
    """
    import tensorflow as tf
    from tensorflow.python.eager.context import collect_graphs

    gan = tiny(version, f"model.resolution={size}", "growing.start=null")
    sums, guarded = [], 0
    for train in (train_discriminator, train_generator):
        run = tf.function(lambda real, train=train: train(gan, real))
        with collect_graphs(optimized=True) as graphs:
            run(batch(size=4)[:, :size, :size])
        for nodes in [
            n for g in graphs for n in (g.node, *(f.node_def for f in g.library.function))
        ]:
            sums += [node.attr["N"].i for node in nodes if node.op == "AddN"]
            for update in [node for node in nodes if node.op == "AssignSubVariableOp"]:
                reads = [
                    n for n in nodes if n.op == "ReadVariableOp" and n.input[0] == update.input[0]
                ]
                for read in reads:
                    assert f"^{read.name}" in update.input or f"^{update.name}" in read.input
                guarded += len(reads)
    assert sums and set(sums) == {2} and guarded


def test_bfloat16_keeps_weights_and_last_layers_in_float32():
    """Mixed precision: sums and outputs in bfloat16 would lose the small differences they show."""
    config = load_config(None, ["model.width=0.03"], networks.get_recipe)
    gan = TrainState.create(config, "bfloat16")
    assert {v.dtype for v in gan.generator.weights} == {"float32"}
    for model in (gan.generator, gan.discriminator):
        assert model.layers[-1].compute_dtype == "float32"
        assert model.layers[1].compute_dtype == "bfloat16"
    assert np.isfinite(float(compile_step(gan)(batch())["d_loss"]))
    assert keras.config.dtype_policy().name == "float32"


def test_latents_of_a_seed_do_not_depend_on_its_neighbours():
    """A seed is always the same face."""
    many = latents_from_seeds([3, 1, 7], 16)
    assert many.shape == (3, 16) and many.dtype == np.float32
    np.testing.assert_array_equal(many[2], latents_from_seeds([7], 16)[0])
    assert abs(latents_from_seeds(range(200), 50).mean()) < 0.05


def test_lazy_penalties_are_paid_at_every_so_many_steps_for_all_of_them():
    """Every third step, for three; a run that goes on at a step keeps to it."""
    gan = tiny("stylegan2", "model.resolution=16", "objective.penalty_every=3")
    gan.generator_optimizer.iterations.assign(2)
    step = compile_step(gan)
    rows = [step(batch(size=4)[:, :16, :16]) for _ in range(5)]
    assert ["penalty" in row for row in rows] == [False, True, False, False, True]
    each, at_once = (
        tiny("r3gan", "model.resolution=16", "objective.gamma=1", f"objective.penalty_every={n}")
        for n in (1, 3)
    )
    real = batch(size=4)[:, :16, :16]
    once, thrice = (train_discriminator(gan, real) for gan in (each, at_once))
    assert float(once["penalty"]) == pytest.approx(float(thrice["penalty"]), rel=1e-4)
    extra = float(thrice["d_loss"]) - float(once["d_loss"])
    assert extra == pytest.approx(0, abs=1e-4)  # what is logged is the loss alone


def test_path_lengths_are_paid_for_and_their_mean_follows():
    """Every second step, and by a hundredth of the way."""
    gan = tiny("stylegan2", "model.resolution=16", "objective.path_every=2")
    step = compile_step(gan)
    rows = [step(batch(size=4)[:, :16, :16]) for _ in range(3)]
    lengths = [float(row["path_length"]) for row in rows if "path_length" in row]
    assert len(lengths) == 2 and min(lengths) > 0
    first = 0.01 * lengths[0]
    assert float(gan.path_mean) == pytest.approx(first + 0.01 * (lengths[1] - first), rel=1e-4)


def test_mean_style_follows_one_pass_a_step():
    """The generator's own; what the discriminator's half draws leaves it alone."""
    gan = tiny("stylegan", "model.resolution=16", "growing.start=null")
    mean = gan.generator.get_layer("styles").mean
    real = keras.ops.convert_to_tensor(batch(size=4)[:, :16, :16])
    train_discriminator(gan, real)
    assert not np.any(keras.ops.convert_to_numpy(mean))
    train_generator(gan, real)
    assert np.any(keras.ops.convert_to_numpy(mean))
