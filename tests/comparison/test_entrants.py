"""Words become runs with the same budget, or are runs already; mistakes become sentences."""

from types import SimpleNamespace

import pytest

from anime_gan.comparison.entrants import (
    Budget,
    find_entrants,
    find_entries,
    require_same_data,
)
from anime_gan.config import from_dict, plain_yaml
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from tests.runs.test_checkpoint import FACTS


def entrants(words, overrides=(), budget=None, title="t"):
    """The entrants of a comparison."""
    return find_entrants(find_entries(words), [*overrides], budget, title)[0]


def shared(words, overrides=(), budget=None):
    """The config with what they share."""
    return find_entrants(find_entries(words), [*overrides], budget, "t")[1]


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """A function that makes a run with some settings, as a training leaves it at step 7."""
    monkeypatch.chdir(tmp_path)

    def make(name, step=7, **settings):
        folder = tmp_path / "weights" / name
        folder.mkdir(parents=True)
        config = from_dict({"run": name, "data": {"images": "demo"}} | settings)
        (folder / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
        (folder / f"generator_{step}.keras").write_bytes(b"")
        facts = FACTS | {"config": config.model_dump(), "data_key": "its key"}
        checkpoint.save(folder, step, {}, facts, 3)
        return folder

    return make


def test_versions_and_files_get_the_same_budget_and_runs_of_their_own(tmp_path):
    """Thousands of images become steps by each version's own batch and critic updates."""
    file = tmp_path / "my own.yaml"
    file.write_text("version: wgan\nmodel: {width: 0.1}\ntraining: {batch_size: 10}\n")
    found = entrants(["V5", str(file)], ["data.images=x.zip"], Budget(kimg=1), "title")
    assert [(e.name, e.config.run) for e in found] == [
        ("v5", "title-v5"),
        ("my own", "title-my_own"),
    ]
    assert found[0].config.training.steps == 16  # 1,000 / 64
    assert found[1].config.training.steps == 20  # 1,000 / (10 * 5)
    assert {e.config.data.images for e in found} == {"x.zip"}
    (timed,) = entrants(["v1"], [], Budget(minutes=2))
    assert timed.config.training.minutes == 2 and timed.config.training.steps is None
    assert len(entrants(["all"], [], Budget(steps=5))) == len(VERSIONS)


def test_the_command_line_goes_over_a_file_and_a_file_over_the_defaults(tmp_path):
    """As in train_gan.py: command line, file, defaults of a comparison, recipe of the version."""
    file = tmp_path / "own.yaml"
    file.write_text("model: {width: 0.1}\nmetrics: {share: 0.5}\ntraining: {batch_size: 10}\n")

    def values(*overrides):
        (found,) = entrants([str(file)], overrides, Budget(steps=1))
        config = found.config
        return config.model.width, config.metrics.share, config.metrics.count, found.arguments

    width, share, count, _ = values()
    assert (width, share, count) == (0.1, 0.5, 250)
    width, share, count, arguments = values("model.width=0.25", "metrics.count=30")
    assert (width, share, count) == (0.25, 0.5, 30)
    assert "model.width=0.25" in arguments, "train_gan.py trains something else"
    width, *_ = values("model={width: 0.3}")
    assert width == 0.3
    (recipe,) = entrants(["v5"], [], Budget(steps=1))
    assert recipe.config.training.batch_size == 64 and recipe.config.metrics.share == 0.05


def test_a_value_on_the_command_line_settles_what_files_differ_in(tmp_path):
    """The remedy that the error names works."""
    small = tmp_path / "small.yaml"
    small.write_text("model: {resolution: 32}")
    with pytest.raises(UserError, match=r"all with model\.resolution=64"):
        entrants(["v5", str(small)], [], Budget(steps=1))
    found = entrants(["v5", str(small)], ["model.resolution=64"], Budget(steps=1))
    assert {e.config.model.resolution for e in found} == {64}


def test_mistakes_are_found_before_anything_is_trained(tmp_path, monkeypatch):
    """Unknown names, two of one name, and images that could not be compared."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.yaml").write_text("version: v4")
    (tmp_path / "config.yaml").write_text("")
    for words, said in (
        (["dcgans"], "'dcgans' is not a version.*nearest is 'dcgan'"),
        (["v1", "v5", "V1"], "v1 and V1 are the same entry; leave one out"),
        (["v9"], "'v9' is not a version.* or a config file[.]"),
        ([".."], "'..' is not a version"),  # weights/../config.yaml is there
        (["none.yaml"], "no config file"),
        (["a/mine.yaml", "b/mine.yaml"], "the same name, mine"),
    ):
        with pytest.raises(UserError, match=said):
            entrants(words, [], Budget(steps=1))
    with pytest.raises(UserError, match="label_noise"):
        entrants(["wgan"], ["training.label_noise=0.1"], Budget(steps=1))


def test_a_run_that_was_trained_otherwise_is_not_taken_for_this(tmp_path, monkeypatch):
    """A larger budget resumes; other images, rates or a smaller budget need another name."""
    monkeypatch.chdir(tmp_path)
    (entrant,) = entrants(["v5"], [], Budget(steps=10))
    folder = tmp_path / "weights/t-v5"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(plain_yaml.write(entrant.config.model_dump()))
    for budget in (Budget(steps=10), Budget(steps=20)):
        assert len(entrants(["v5"], [], budget)) == 1
    for overrides, budget, words in (
        (["data.images=other.zip"], Budget(steps=10), "data.images=demo, but it is other.zip now"),
        (["generator.rate=1e-3"], Budget(steps=20), "generator.rate"),
        ([], Budget(steps=5), "training.steps=10, but it is 5 now"),
        ([], Budget(minutes=5), "training.steps=10, but it is None now"),
    ):
        with pytest.raises(UserError, match=words):
            entrants(["v5"], overrides, budget)
    assert entrants(["v5"], ["generator.rate=1e-3"], Budget(steps=10), "other")


@pytest.mark.parametrize("word", ["mine", "weights/mine", "weights/mine/", "gan_images/mine"])
def test_a_run_is_taken_as_it_is(make_run, word):
    """Nothing of its config changes, whatever is set for the others; it is not trained."""
    make_run("mine", model={"width": 0.3}, training={"seed": 5, "steps": 9})
    run, other = entrants([word, "v1"], ["model.width=0.1"], Budget(steps=2))
    assert (run.name, run.arguments) == ("mine", None)
    assert run.config.model.width == 0.3 and run.config.training.steps == 9
    assert other.config.model.width == 0.1 and other.config.training.seed == 0


def test_the_others_are_trained_on_the_images_of_the_run(make_run):
    """Unless the command line or a file names others: then its sentence says what differs."""
    make_run(
        "mine",
        data={"images": "there.zip", "resize": "bilinear"},
        model={"resolution": 32, "channels": 1},
        metrics={"count": 77},
    )
    _, other = entrants(["mine", "v1"], [], Budget(steps=2))
    assert other.config.data.images == "there.zip" and other.config.data.resize == "bilinear"
    assert (other.config.model.resolution, other.config.model.channels) == (32, 1)
    assert other.config.metrics.count == 77, "their curves could not be compared"
    assert shared(["mine", "v1"], ["data.images=x"], Budget(steps=2)).data.images == "x"
    words = "run mine was trained with model.resolution=32, but it is 64 for the others"
    with pytest.raises(UserError, match=words):
        entrants(["mine", "v1"], ["model.resolution=64"], Budget(steps=2))


def test_runs_alone_need_no_budget_and_take_only_what_matters(make_run, tmp_path):
    """The images are those of the first run whose images are here, or the user's."""
    make_run("far", data={"images": "/nowhere/faces.zip"})
    make_run("near")
    assert [e.arguments for e in entrants(["far", "near"])] == [None, None]
    assert shared(["far", "near"]).data.images == "demo"
    assert shared(["far", "near"], ["data.images=x", "metrics.count=30"]).metrics.count == 30
    with pytest.raises(UserError, match=r"model.width=0.5 has no effect.*data.images"):
        entrants(["far", "near"], ["model.width=0.5"])


def test_a_run_with_the_name_of_a_version(make_run):
    """The bare name is the version, as for train_gan.py; the path is the run."""
    make_run("v1")
    version, run = entrants(["v1", "weights/v1"], [], Budget(steps=2))
    assert (version.name, version.config.run) == ("v1", "t-v1")
    assert (run.name, run.config.run) == ("run v1", "v1")


def test_runs_that_cannot_be_measured(make_run, tmp_path):
    """Each is named with the way out."""
    make_run("untrained", step=0)
    make_run("without").joinpath("generator_7.keras").unlink()
    make_run("small", version="stylegan", growing={"start": 8})
    make_run("t-v1", version="v1")
    folder = tmp_path / "weights/empty"
    folder.mkdir()
    (folder / "config.yaml").write_text("version: v1")
    for name, words in (
        ("untrained", "no checkpoint of a trained step"),
        ("empty", "no checkpoint of a trained step"),
        ("without", "has no generator"),
        ("small", "grown only to 8x8 of 64x64"),
    ):
        with pytest.raises(UserError, match=words):
            entrants([name])
    with pytest.raises(UserError, match="the same name, t-v1"):
        entrants(["v1", "t-v1"], [], Budget(steps=2))


def test_other_images_of_the_same_name_are_an_error(make_run):
    """A run elsewhere, on the same images by content, is accepted; a changed folder is not."""
    images = SimpleNamespace(key="its key", source="faces")
    make_run("t-v1", data={"images": "/nowhere/faces.zip"})
    make_run("mine", data={"images": "/nowhere/faces.zip"})
    (run,) = entrants(["mine"])
    (trained,) = entrants(["v2"], [], Budget(steps=2))
    trained = type(trained)("v1", run.config.model_copy(update={"run": "t-v1"}), [])
    for entrant, words in ((run, "data.images=PATH"), (trained, "another name")):
        require_same_data(entrant, images, run.config)
        with pytest.raises(UserError, match=f"trained on other images.*{words}"):
            require_same_data(entrant, SimpleNamespace(key="x", source="faces"), run.config)


def test_a_growing_run_is_known_by_its_smaller_images(make_run, monkeypatch):
    """A comparison that was interrupted in an early stage goes on: the key is of that size."""
    make_run("t-stylegan", version="stylegan", growing={"start": 8})
    opened = []

    def open_data(config):
        opened.append((config.data.images, config.model.resolution))
        return SimpleNamespace(key="its key")

    monkeypatch.setattr("anime_gan.comparison.entrants.open_data", open_data)
    config = from_dict({"run": "t-stylegan", "version": "stylegan", "growing": {"start": 8}})
    (entrant,) = entrants(["v2"], [], Budget(steps=2))
    entrant = type(entrant)("stylegan", config, [])
    require_same_data(entrant, SimpleNamespace(key="of 64x64", source="demo"), config)
    assert opened == [("demo", 8)]


def test_augmentation_that_training_chose_is_no_difference(tmp_path, monkeypatch):
    """It does so for few images; another choice of the user's is a difference."""
    monkeypatch.chdir(tmp_path)
    given = [["v5"], ["training.start_from=pretrained"], Budget(steps=5)]
    (entrant,) = entrants(*given)
    entrant.run.weights.mkdir(parents=True)
    for p, is_refused in (("adaptive", False), (0.5, True)):
        config = entrant.config.updated(augment={"policy": ("cutout",), "p": p})
        entrant.run.config_file.write_text(plain_yaml.write(config.model_dump()))
        if is_refused:
            with pytest.raises(UserError, match=r"was trained with augment\.policy="):
                entrants(*given)
        else:
            assert entrants(*given) == [entrant]
