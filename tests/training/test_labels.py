"""Training with labels: what the networks get, the classifier's loss, and exact resuming."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from anime_gan import backend
from anime_gan.config import Config, load_config
from anime_gan.runs import checkpoint
from anime_gan.training.losses import label_loss
from anime_gan.training.resume import set_shares
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step, train_discriminator
from tests.conftest import SLOW_ON_JAX, size_of

VALUES = {"hair": ("black", "blue", "red"), "eyes": ("green", "red")}
# One without more, one with statistics, penalties between images, critics and EMA, one with a
# paired loss and micro-batches, one that reads labels, and a StyleGAN with path lengths.
RUNS = {
    "v5": [],
    "wgan_gp": ["training.n_critic=2", "training.ema_kimg=0.1", "augment.policy=[color,cutout]"],
    "r3gan": ["training.micro_batch=2"],
    "dragan": [],
    "stylegan2": ["objective.path_every=1"],
}


def tiny(version="v5", *overrides) -> TrainState:
    """Conditional networks of a few filters."""
    own = [
        "model.width=0.01",
        "model.latent_dim=8",
        "model.resolution=16" if version != "v5" else "model.resolution=32",
        f"version={version}",
        "model.labels=[hair,eyes]",
    ]
    config = load_config(None, [*own, "training.batch_size=4", *overrides])
    return TrainState(config.updated(model={"label_values": VALUES}))


def batches(state: TrainState, count: int):
    """Random images with labels, some of them unknown."""
    draw, size = np.random.default_rng(0), state.config.training.images_per_step
    side = state.config.model.resolution
    for _ in range(count):
        images = draw.uniform(-1, 1, (size, side, side, 3)).astype("float32")
        yield images, np.stack([draw.integers(0, n, size) for n in (4, 3)], 1).astype("int32")


@pytest.mark.backends
@pytest.mark.parametrize(
    "version", [pytest.param(v, marks=SLOW_ON_JAX if v == "stylegan2" else ()) for v in RUNS]
)
def test_a_run_with_labels_resumes_bit_exactly(tmp_path, version):
    """Labels, their dropping, embeddings, heads and shares are all in the checkpoint."""
    unbroken, stopped = tiny(version, *RUNS[version]), tiny(version, *RUNS[version])
    set_shares(stopped, np.array([[1, 2], [3, 0]]))
    set_shares(unbroken, np.array([[1, 2], [3, 0]]))
    steps = [*batches(unbroken, 4)]
    run = compile_step(unbroken)
    wanted = [{k: float(v) for k, v in run(*batch).items()} for batch in steps]
    run = compile_step(stopped)
    for batch in steps[:2]:
        run(*batch)
    facts = {"config": {}, "precision": "float32", "data_key": "k", "seconds": 1.0}
    checkpoint.save(tmp_path, 2, stopped.named_variables, facts, keep=1)
    resumed = tiny(version, *RUNS[version])
    checkpoint.restore(resumed.named_variables, checkpoint.newest(tmp_path)[1])
    run = compile_step(resumed)
    found = [{k: float(v) for k, v in run(*batch).items()} for batch in steps[2:]]
    assert found == wanted[2:] and all(np.isfinite([*one.values()]).all() for one in found)
    for name, variable in unbroken.named_variables.items():
        np.testing.assert_array_equal(variable, resumed.named_variables[name], err_msg=name)
    start = {
        name: keras.ops.convert_to_numpy(v).copy()
        for name, v in tiny(version, *RUNS[version]).named_variables.items()
    }
    moved = {
        name
        for name, v in unbroken.named_variables.items()
        if (keras.ops.convert_to_numpy(v).copy() != start[name]).any()
    }
    assert any(name.endswith("/table") for name in moved)
    heads = [
        v
        for v in unbroken.discriminator_weights
        if v.path.split("/")[-2] in ("projection", "classes")
    ]
    assert heads


class Watched:
    """A network that keeps the labels that it is called with."""

    def __init__(self, network):
        self.network, self.seen = network, []

    def __call__(self, inputs, **options):
        self.seen.append(inputs[1])
        return self.network(inputs, **options)

    def __getattr__(self, name):
        return getattr(self.network, name)


@pytest.mark.backends
def test_the_fakes_have_the_labels_of_the_real_images():
    """The generator gets the labels of the batch, and the discriminator those of both sides."""
    state = tiny("v5", "training.label_dropout=0")
    images, labels = next(batches(state, 1))
    variables, networks = state.variables, (state.generator, state.discriminator)

    def step(real, codes):
        state.generator, state.discriminator = map(Watched, networks)
        train_discriminator(state, real, labels=codes)
        return state.generator.seen[0], state.discriminator.seen[0]

    made, judged = backend.compile_step(step, variables)(images, labels)
    np.testing.assert_array_equal(made, labels)
    np.testing.assert_array_equal(judged, np.concatenate([labels, labels]))


@pytest.mark.backends
def test_some_labels_are_dropped():
    """In a share of the rows, from none to all of the labels; the others stay as they are."""
    state = tiny("v5", "training.label_dropout=0.5")
    labels = np.tile(np.array([[2, 1]], "int32"), (4000, 1))
    drop = backend.compile_step(lambda codes: state.drop_labels(codes), state.variables)
    dropped = np.asarray(drop(labels))
    assert dropped.dtype == np.int32
    kinds, counts = np.unique(dropped, axis=0, return_counts=True)
    np.testing.assert_array_equal(kinds, [[0, 0], [0, 1], [2, 0], [2, 1]])
    # Of the chosen half: all with probability 1/3, none with 1/3, each alone with 1/6.
    np.testing.assert_allclose(counts / 4000, [1 / 6, 1 / 12, 1 / 12, 2 / 3], atol=0.03)
    assert (np.asarray(drop(labels)) != dropped).any()
    assert tiny("v5").drop_labels(None) is None


@pytest.mark.backends
def test_the_classifiers_loss_against_numpy():
    """The mean cross-entropy of the known labels; without any it is 0."""
    draw = np.random.default_rng(0)
    logits, labels = draw.normal(size=(3, 5)).astype("float32"), np.array([[1, 0], [3, 2], [0, 0]])
    chances = [
        np.exp(part) / np.exp(part).sum(1, keepdims=True) for part in (logits[:, :3], logits[:, 3:])
    ]
    wanted = -np.mean(np.log([chances[0][0, 0], chances[0][1, 2], chances[1][1, 1]]))
    assert float(label_loss(logits, labels, (3, 2))) == pytest.approx(wanted, rel=1e-5)
    assert float(label_loss(logits, 0 * labels, (3, 2))) == 0


@pytest.mark.backends
def test_both_networks_learn_the_classifiers_loss():
    """Its weight changes both updates, and 0 leaves out its head."""
    after = {}
    for weight in (0, 5):
        state = tiny("dragan", f"objective.label_weight={weight}", "training.label_dropout=0")
        images, labels = next(batches(state, 1))
        head = state.classifier.get_layer("classes").kernel
        before = keras.ops.convert_to_numpy(head).copy()
        compile_step(state)(images, 1 + 0 * labels)
        after[weight] = (
            not np.array_equal(before, head),
            [keras.ops.convert_to_numpy(v).copy() for v in state.generator_weights],
        )
    assert (after[0][0], after[5][0]) == (False, True)
    pairs = zip(after[0][1], after[5][1], strict=True)
    assert any(not np.array_equal(a, b) for a, b in pairs)


@pytest.mark.backends
def test_a_probability_is_judged_by_its_logits():
    """On TensorFlow a sigmoid of score and labels keeps its logits, so no loss ends at 16.118."""
    state = tiny("v5")
    images, labels = next(batches(state, 1))
    for weight in state.discriminator.get_layer("projection").trainable_variables:
        weight.assign(np.full(weight.shape, 1000.0))
    scores = state.scores(images, {}, 1 + 0 * labels)
    losses = [
        float(ops.mean(ops.binary_crossentropy(ops.full_like(scores, t), scores))) for t in (0, 1)
    ]
    assert (max(losses) > 20) == (backend.name() == "tensorflow")


def trained(script, *overrides):
    """Train two steps on drawn faces with labels."""
    own = ["model.labels=[hair,eyes]", "training.steps=2", "run=named", *overrides]
    return script("train_gan.py", "v5", *script.tiny, *own)


def test_a_run_says_what_it_knows_and_notices_other_words(script, tmp_path, faces):
    """The config keeps the values; a set with other words is refused in a sentence, status 2."""
    first = trained(script)
    assert first.returncode == 0, first.stderr
    assert "Labels from labels.csv of" in first.stdout and "hair, 8 values" in first.stdout
    run = script.folder / "weights" / "named"
    config = Config.model_validate(_yaml(run / "config.yaml"))
    assert len(config.model.label_values["hair"]) == 8
    grid = script.folder / "gan_images" / "named" / "gan_2.png"
    from PIL import Image

    with Image.open(grid) as image:
        rows = image.info["rows"].split(", ")
    assert rows[0] == "hair=black" and len(rows) == 13 and size_of(grid)[1] > size_of(grid)[0]
    again = trained(script, "training.steps=3")
    assert again.returncode == 0 and "Continuing run named from step 2" in again.stdout
    words = tmp_path / "words.csv"
    words.write_text((faces / "labels.csv").read_text().replace("blonde", "gold"))
    other = trained(script, "training.steps=4", f"data.labels={words}")
    assert other.returncode == 2 and other.stderr.count("\n") == 1, other.stderr
    assert "run named cannot change these settings: model.label_values.hair" in other.stderr
    missing = trained(script, "model.labels=[hair,mouth]", "run=new")
    assert missing.returncode == 2 and "there is no attribute mouth in " in missing.stderr
    lines = (script.folder / "gan_images/named/losses.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3]


def _yaml(path):
    from anime_gan.config import read_yaml

    return read_yaml(path)


def test_growing_networks_keep_their_labels():
    """The next size begins with the embeddings and heads of the one before."""
    small, large = tiny("stylegan"), tiny("stylegan", "model.resolution=32")
    for variable in small.named_variables.values():
        if "float" in variable.dtype:
            variable.assign(variable + 0.5)
    large.grow_from(small)
    layers = [state.generator.get_layer("joined").variables for state in (large, small)]
    for own, other in zip(*layers, strict=True):
        np.testing.assert_array_equal(own, other)
    head = [state.discriminator.get_layer("projection").kernel for state in (small, large)]
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, head))
