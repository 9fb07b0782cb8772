"""The alternating step: which weights change when, and by how much."""

import keras
import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step, train_discriminator, train_generator
from tests.conftest import SLOW_ON_JAX

pytestmark = pytest.mark.backends


def tiny(version="v5", *overrides) -> TrainState:
    """Networks of a few filters."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"version={version}", *overrides]
    config = load_config(None, overrides)
    return TrainState(config)


def batch(size=4, seed=0) -> np.ndarray:
    """Random images in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (size, 64, 64, 3)).astype("float32")


def weights(model) -> list[np.ndarray]:
    """A copy of the trainable variables."""
    return [keras.ops.convert_to_numpy(variable).copy() for variable in model.trainable_variables]


def moved(before, after) -> list[bool]:
    """For each array, whether any number in it changed."""
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def statistics(model) -> list[np.ndarray]:
    """A copy of what passes update: batch statistics, spectral vectors, the mean of styles."""
    variables = [v for v in model.non_trainable_weights if v.name not in ("fixed", "alpha")]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def nudge(state) -> None:
    """Move the weights away from 0, where R3GAN's blocks and SAGAN's attention start.

    Layers before a 0 have no gradient.
    """
    draw = np.random.default_rng(3)
    for variable in [*state.generator_weights, *state.discriminator_weights]:
        variable.assign(variable + 0.05 * draw.normal(size=variable.shape))


QUICK = ("v5", "wgan_gp", "r3gan")  # a loss and a penalty of each kind; JAX compiles long ones


@pytest.mark.parametrize(
    "version", [pytest.param(v, marks=() if v in QUICK else SLOW_ON_JAX) for v in VERSIONS]
)
def test_each_half_moves_its_own_network_only(version):
    """In Keras 3 the report's own loop, with `trainable` flags, trains no discriminator at all.

    The discriminator's half changes all its weights and statistics and none of the generator's,
    though that samples the fakes; and the other way round.
    """
    size = 16 if version in ("stylegan", "stylegan2") else 32  # they take long to compile
    resolution = f"model.resolution={size}"
    state = tiny(version, resolution, "model.width=0.1", "discriminator.weight_clip=10")
    nudge(state)
    # Half-way into a fade, where there is one: before, the outer part has no gradient.
    state.generator_optimizer.iterations.assign(state.stage.fade // 2)
    real = batch(size=4)[:, :size, :size]
    for half, trained, frozen in (
        (train_discriminator, state.discriminator, state.generator),
        (train_generator, state.generator, state.discriminator),
    ):
        compiled = backend.compile_step(lambda real, half=half: half(state, real), state.variables)
        before = weights(trained), weights(frozen), statistics(trained), statistics(frozen)
        scalars = compiled(real)
        assert all(np.isfinite(float(value)) for value in scalars.values())
        assert not any(moved(before[1], weights(frozen)))
        # A single number may stay: the last bias cancels in the two halves of hinge, and the
        # direction of one number is always the same.
        old, new = before[0] + before[2], weights(trained) + statistics(trained)
        changes = zip(old, new, strict=True)
        assert not any(np.array_equal(a, b) for a, b in changes if a.size > 1)
        assert not any(moved(before[3], statistics(frozen)))


def test_batch_statistics_are_those_of_the_passes():
    """dcgan: the discriminator's means follow its pass of real images, then that of fakes only.

    Keras keeps 0.9 of the old mean in each: from 0 they become 0.9 * 0.1 * real + 0.1 * fake.
    """
    state = tiny("dcgan", "model.resolution=32")
    real = batch(size=4)[:, :32, :32]
    layers = state.discriminator.layers
    norm = next(layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization))
    maps = keras.Model(state.discriminator.input, norm.input)
    seen = []

    def step(real):
        result = train_discriminator(state, real)
        return result["d_loss"]

    fakes = keras.Model(state.generator.input, state.generator.output)
    before = np.array(keras.ops.convert_to_numpy(state.seed.state))
    latents = state.latents(4)
    state.seed.state.assign(before)
    for images in (real, fakes(latents, training=True)):
        seen.append(keras.ops.convert_to_numpy(maps(images)).mean(axis=(0, 1, 2)))
    for variable in state.generator.non_trainable_weights:
        variable.assign(np.zeros(variable.shape))
    backend.compile_step(step, state.variables)(real)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(norm.moving_mean),
        0.9 * 0.1 * seen[0] + 0.1 * seen[1],
        rtol=1e-3,
        atol=1e-6,
    )


def with_sgd(state) -> TrainState:
    """The same with gradient descent, whose updates are proportional to the gradients."""
    state.generator_optimizer = keras.optimizers.SGD(0.1)
    state.generator_optimizer.build(state.generator_weights)
    state.discriminator_optimizer = keras.optimizers.SGD(0.1)
    state.discriminator_optimizer.build(state.discriminator_weights)
    return state


def test_micro_batches_are_the_whole_batch():
    """r3gan, augmented: the same losses and updates from four parts of 2 as from 8 at once."""
    ends = []
    for micro in ("null", "2"):
        state = tiny(
            "r3gan",
            "model.resolution=16",
            f"training.micro_batch={micro}",
            "training.batch_size=8",
            "augment.p=1",
        )
        state = with_sgd(state)
        nudge(state)
        before = weights(state.generator) + weights(state.discriminator)
        scalars = compile_step(state)(batch(size=8)[:, :16, :16])
        after = weights(state.generator) + weights(state.discriminator)
        ends.append((scalars, [b - a for a, b in zip(before, after, strict=True)]))
    for key in ("d_loss", "g_loss", "penalty", "real_score"):
        np.testing.assert_allclose(float(ends[0][0][key]), float(ends[1][0][key]), rtol=1e-4)
    for whole, parts in zip(ends[0][1], ends[1][1], strict=True):
        assert np.linalg.norm(whole - parts) <= 2e-3 * np.linalg.norm(whole)


def test_each_update_of_a_critic_takes_its_own_batch():
    """n_critic: one update of the critic for each batch, then one of the generator."""
    state = tiny("wgan", "model.resolution=32", "training.n_critic=3", "training.batch_size=2")
    compile_step(state)(batch(size=6)[:, :32, :32])
    assert int(state.discriminator_optimizer.iterations) == 3
    assert int(state.generator_optimizer.iterations) == int(state.step) == 1
    limits = [np.abs(weight).max() for weight in weights(state.discriminator)]
    assert max(limits) <= 0.01  # and every weight is clipped


def test_in_turn_is_two_updates():
    """blog: one update for real images, then one for fakes."""
    state = tiny("blog", "model.resolution=32")
    compile_step(state)(batch()[:, :32, :32])
    assert int(state.discriminator_optimizer.iterations) == 2


def test_ema_is_the_formula_for_all_weights():
    """Also for batch statistics: after a half-life of images, half of the past is left."""
    state = tiny("dcgan", "model.resolution=32", "training.ema_kimg=0.004")
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in state.ema.weights]
    compile_step(state)(batch()[:, :32, :32])
    for old, mean, new in zip(before, state.ema.weights, state.generator.weights, strict=True):
        expected = (old + keras.ops.convert_to_numpy(new)) / 2
        np.testing.assert_allclose(keras.ops.convert_to_numpy(mean), expected, atol=1e-6)
    assert state.sampler() is state.ema


@SLOW_ON_JAX
def test_adaptive_augmentation_changes_its_probability():
    """A discriminator that recognizes every real image raises it; it is in the state."""
    state = tiny(
        "dragan",
        "model.resolution=32",
        "augment.p=adaptive",
        "augment.kimg=0.008",
        "augment.policy=[translation,cutout,colour]",
    )
    state.discriminator_weights[-1].assign([50.0])  # it classifies every image as real
    step = compile_step(state)
    values = [float(step(batch()[:, :32, :32])["augment_p"]) for _ in range(2)]
    assert values == [0, 0.5] and "augment/000/variable" in state.named_variables


@pytest.mark.parametrize("passes", ["together", "in_turn"])
def test_the_discriminator_sees_noise_in_both_updates(passes):
    """Its losses and scores are those of images plus noise, on the real and on the fake ones.

    The noise is drawn once more, from the seeds that the step has used.
    """
    overrides = ["discriminator.noise=[0.5,0.1]", f"training.passes={passes}"]
    state = tiny("v1", *overrides, "training.label_noise=0", "training.steps=2")
    real, seed = batch(), keras.random.SeedGenerator()
    seed.state.assign(np.array(keras.ops.convert_to_numpy(state.seed.state)))
    state.generator_optimizer.iterations.assign(1)  # half-way, so the deviation is 0.3
    networks = state.generator, state.discriminator

    def score_of(images, network=networks[1]):
        noise = np.asarray(keras.random.normal(images.shape, seed=seed), "float64")
        return np.asarray(network(images + 0.3 * noise.astype("float32")), "float64")

    def run(half):
        return backend.compile_step(lambda real: half(state, real), state.variables)(real)

    fakes = np.asarray(networks[0](keras.random.normal((4, 8), seed=seed)))
    fake, true = score_of(fakes), score_of(real)
    old = networks[1].get_weights()
    scalars = run(train_discriminator)
    found = [float(scalars[key]) for key in ("real_score", "d_loss_real")]
    assert found == pytest.approx([true.mean(), -0.5 * np.log(1 - true).mean()], rel=1e-4)
    if passes == "together":  # in turn, the fake images meet the weights that real ones updated
        found = [float(scalars[key]) for key in ("fake_score", "d_loss_fake")]
        assert found == pytest.approx([fake.mean(), -0.5 * np.log(fake).mean()], rel=1e-4)
    assert any(moved(old, networks[1].get_weights()))
    fakes = np.asarray(networks[0](keras.random.normal((4, 8), seed=seed)))
    expected = -np.log(1 - score_of(fakes)).mean()
    assert float(run(train_generator)["g_loss"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "version", ["r3gan", *(pytest.param(v, marks=SLOW_ON_JAX) for v in ("wgan_gp", "stylegan"))]
)
def test_dropout_and_noise_go_with_penalties_and_micro_batches(version):
    """Every version trains with both; only the numbers differ from a step without."""
    extra = [] if version == "stylegan" else ["training.micro_batch=2"]
    extra += ["discriminator.dropout=0.5", "discriminator.noise=0.2", "training.n_critic=1"]
    state = tiny(version, "model.resolution=16", "training.batch_size=4", *extra)
    nudge(state)
    size, before = state.stage.resolution, weights(state.discriminator)
    scalars = compile_step(state)(batch(size=4)[:, :size, :size])
    assert all(np.isfinite(float(value)) for value in scalars.values()) and "penalty" in scalars
    assert any(moved(before, weights(state.discriminator)))


def test_latents_are_read_back():
    """illustration: the error of the predicted latents is part of the loss, and falls."""
    state = tiny(
        "illustration", "model.resolution=32", "objective.latent_weight=100", "generator.rate=0.005"
    )
    draw = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")

    def error():
        return float(np.mean((np.asarray(state.predictor(draw)[1]) - draw) ** 2))

    step, first = compile_step(state), error()
    for _ in range(30):
        step(batch()[:, :32, :32])
    assert error() < 0.9 * first


def test_trainable_flags_decide_nothing():
    """Networks that a flag froze, as in the report's loop, still train in their half."""
    state = tiny("v1")
    before = weights(state.generator), weights(state.discriminator)
    state.generator.trainable = state.discriminator.trainable = False
    compile_step(state)(batch())
    state.generator.trainable = state.discriminator.trainable = True
    assert all(moved(before[0], weights(state.generator)))
    assert all(moved(before[1], weights(state.discriminator)))


def test_accuracies_are_those_of_the_scores():
    """The bar's percentages: the shares of real and of fake images classified correctly."""
    state = tiny("v1")
    for variable in state.discriminator.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    state.discriminator.trainable_variables[-1].assign([5.0])  # it classifies everything as fake
    scalars = compile_step(state)(batch())
    assert float(scalars["fake_accuracy"]) == 1
    assert float(scalars["real_accuracy"]) == 0


def test_networks_built_later_in_a_process_have_the_same_names():
    """TensorFlow sums in the order of names, so a resumed run would differ in the end."""

    def names(state: TrainState) -> list[str]:
        return [v.path for v in state.variables]

    first = names(tiny("dragan"))
    tiny("v5")
    assert names(tiny("dragan")) == first


def test_training_seed_decides_a_step():
    """It decides the first weights and the noise, so that a run can be repeated."""
    losses = [
        float(compile_step(tiny("v5", f"training.seed={seed}"))(batch())["g_loss"])
        for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="XLA keeps an order of its own")
@pytest.mark.parametrize("version, size", [("v5", 64), ("wgan_gp", 16), ("stylegan2", 16)])
def test_tensorflow_has_no_choice_of_order(version, size):
    """Protects bit-exact resumes on a busy machine, whatever it computes first.

    AddN starts with an input whose memory it may reuse, if one is ready: of three or more inputs,
    the order of the sum depends on timing. And a weight may be updated only after it was read, also
    by scores that no gradient needs. TensorFlow's graph optimizers break both.
    """
    import tensorflow as tf
    from tensorflow.python.eager.context import collect_graphs

    state = tiny(version, f"model.resolution={size}", "growing.start=null")
    sums, guarded = [], 0
    for train in (train_discriminator, train_generator):
        run = tf.function(lambda real, train=train: train(state, real))
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
    """Sums and outputs in bfloat16 would lose small differences."""
    config = load_config(None, ["model.width=0.03"])
    state = TrainState(config, "bfloat16")
    assert {v.dtype for v in state.generator.weights} == {"float32"}
    for model in (state.generator, state.discriminator):
        assert model.layers[-1].compute_dtype == "float32"
        assert model.layers[1].compute_dtype == "bfloat16"
    assert np.isfinite(float(compile_step(state)(batch())["d_loss"]))
    assert keras.config.dtype_policy().name == "float32"


def test_latents_of_a_seed_do_not_depend_on_other_seeds():
    """A seed is always the same face."""
    many = latents_from_seeds([3, 1, 7], 16)
    assert many.shape == (3, 16) and many.dtype == np.float32
    np.testing.assert_array_equal(many[2], latents_from_seeds([7], 16)[0])
    assert abs(latents_from_seeds(range(200), 50).mean()) < 0.05


def test_lazy_penalties_count_for_the_steps_between():
    """Every third step, times three; a resumed run keeps the schedule."""
    quick = ("dcgan_resize", "model.resolution=16", "objective.penalties=[r1]", "objective.gamma=1")
    state = tiny(*quick, "objective.penalty_every=3")
    state.generator_optimizer.iterations.assign(2)
    step = compile_step(state)
    rows = [step(batch(size=4)[:, :16, :16]) for _ in range(5)]
    assert ["penalty" in row for row in rows] == [False, True, False, False, True]
    each, at_once = (tiny(*quick, f"objective.penalty_every={n}") for n in (1, 3))
    real = batch(size=4)[:, :16, :16]
    lazy_off, lazy_on = (compile_step(state)(real) for state in (each, at_once))
    assert float(lazy_off["penalty"]) == pytest.approx(float(lazy_on["penalty"]), rel=1e-4)
    extra = float(lazy_on["d_loss"]) - float(lazy_off["d_loss"])
    assert extra == pytest.approx(0, abs=1e-4)  # what is logged is the loss alone


def test_path_lengths_are_regularized_and_their_mean_follows():
    """Every second step; the mean moves by a hundredth of the difference."""
    state = tiny("stylegan2", "model.resolution=16", "objective.path_every=2")
    step = compile_step(state)
    rows = [step(batch(size=4)[:, :16, :16]) for _ in range(3)]
    lengths = [float(row["path_length"]) for row in rows if "path_length" in row]
    assert len(lengths) == 2 and min(lengths) > 0
    first = 0.01 * lengths[0]
    assert float(state.path_mean) == pytest.approx(first + 0.01 * (lengths[1] - first), rel=1e-4)


@SLOW_ON_JAX
def test_the_mean_style_follows_one_pass_per_step():
    """That of the generator's half; the fakes of the discriminator's half do not change it."""
    state = tiny("stylegan", "model.resolution=16", "growing.start=null")
    mean = state.generator.get_layer("styles").mean
    for half, is_moved in ((train_discriminator, False), (train_generator, True)):
        compiled = backend.compile_step(lambda real, half=half: half(state, real), state.variables)
        compiled(batch(size=4)[:, :16, :16])
        assert np.any(np.asarray(mean)) == is_moved
