"""Names and files become runs with the same budget, and mistakes become sentences."""

import pytest

from anime_gan.comparison.entrants import Budget, find_entrants, require_same_data
from anime_gan.config import plain_yaml
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from tests.runs.test_checkpoint import FACTS


def test_versions_and_files_get_the_same_budget_and_runs_of_their_own(tmp_path):
    """Thousands of images become steps by each version's own batch and critic updates."""
    file = tmp_path / "my own.yaml"
    file.write_text("version: wgan\nmodel: {width: 0.1}\ntraining: {batch_size: 10}\n")
    entrants = find_entrants(
        ["v5", str(file), "v5"], ["data.images=x.zip", "model.width=0.5"], Budget(kimg=1), "title"
    )
    assert [(e.name, e.config.run) for e in entrants] == [
        ("v5", "title-v5"),
        ("my own", "title-my_own"),
    ]
    assert entrants[0].config.training.steps == 16  # 1,000 / 64
    assert entrants[1].config.training.steps == 20  # 1,000 / (10 * 5)
    assert [e.config.model.width for e in entrants] == [0.5, 0.1]
    assert {e.config.data.images for e in entrants} == {"x.zip"}
    (timed,) = find_entrants(["v1"], [], Budget(minutes=2), "t")
    assert timed.config.training.minutes == 2 and timed.config.training.steps is None
    assert len(find_entrants(["all"], [], Budget(steps=5), "t")) == len(VERSIONS)


def test_mistakes_are_found_before_anything_is_trained(tmp_path):
    """Unknown names, two of one name, and images that could not be compared."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.yaml").write_text("version: v4")
    small = tmp_path / "small.yaml"
    small.write_text("model: {resolution: 32}")
    for names, words in (
        (["v9"], "version is 'v9'"),
        ([str(tmp_path / "none.yaml")], "no config file"),
        ([str(tmp_path / "a/mine.yaml"), str(tmp_path / "b/mine.yaml")], "the same name"),
        (["v5", str(small)], "model.resolution is 64 for v5 and 32 for small"),
    ):
        with pytest.raises(UserError, match=words):
            find_entrants(names, [], Budget(steps=1), "t")
    with pytest.raises(UserError, match="label_noise"):
        find_entrants(["wgan"], ["training.label_noise=0.1"], Budget(steps=1), "t")


def test_a_run_that_was_trained_otherwise_is_not_taken_for_this(tmp_path, monkeypatch):
    """A larger budget resumes; other images, rates or a smaller budget need another name."""
    monkeypatch.chdir(tmp_path)
    (entrant,) = find_entrants(["v5"], [], Budget(steps=10), "t")
    folder = tmp_path / "weights/t-v5"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(plain_yaml.write(entrant.config.model_dump()))
    for budget in (Budget(steps=10), Budget(steps=20)):
        assert len(find_entrants(["v5"], [], budget, "t")) == 1
    for overrides, budget, words in (
        (["data.images=other.zip"], Budget(steps=10), "data.images=demo, but it is other.zip now"),
        (["generator.rate=1e-3"], Budget(steps=20), "generator.rate"),
        ([], Budget(steps=5), "training.steps=10, but it is 5 now"),
        ([], Budget(minutes=5), "training.steps=10, but it is None now"),
    ):
        with pytest.raises(UserError, match=words):
            find_entrants(["v5"], overrides, budget, "t")
    assert find_entrants(["v5"], ["generator.rate=1e-3"], Budget(steps=10), "other")


def test_other_images_of_the_same_name_are_an_error(tmp_path, monkeypatch):
    """A folder that got more images is not what the first entrants were trained on."""
    monkeypatch.chdir(tmp_path)
    (entrant,) = find_entrants(["v5"], [], Budget(steps=10), "t")
    require_same_data(entrant, "new")
    (tmp_path / "weights/t-v5").mkdir(parents=True)
    checkpoint.save(tmp_path / "weights/t-v5", 1, {}, FACTS | {"data_key": "old"}, 3)
    require_same_data(entrant, "old")
    with pytest.raises(UserError, match="other images"):
        require_same_data(entrant, "new")
