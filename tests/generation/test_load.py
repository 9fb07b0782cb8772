"""Which weights are drawn from."""

import os
from pathlib import Path

import numpy as np
import pytest

from anime_gan.config import from_dict
from anime_gan.errors import UserError
from anime_gan.generation.load import find_weights, load_generator, locate
from anime_gan.networks.build import build


def test_of_the_newest_run_the_newest_step_is_taken_whatever_the_clock_did(tmp_path, monkeypatch):
    """A clock that was set back makes later steps look older; of two runs only times can tell."""
    monkeypatch.chdir(tmp_path)
    for time, name in (
        (9, "a/generator_8.keras"),
        (5, "a/generator_10.keras"),
        (7, "b/mine.keras"),
    ):
        path = tmp_path / "weights" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (time, time))
    assert find_weights(None).name == find_weights("a").name == "generator_10.keras"
    assert find_weights("b").name == "mine.keras"
    with pytest.raises(UserError, match="the runs with weights are a"):
        find_weights("c")
    (tmp_path / "weights/b/mine.keras").rename(tmp_path / "weights/b/generator_mine.keras")
    os.utime(tmp_path / "weights/b/generator_mine.keras", (10, 10))
    assert find_weights(None).name == "generator_mine.keras"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two runs, in whose folder `notes/today` the user is."""
    for name, version, step in (("a", "v4", 5), ("Quick", "r3gan", 30)):
        folder = tmp_path / "weights" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(f"version: {version}\n")
        for number in (2, step):
            path = folder / f"generator_{number}.keras"
            path.touch()
            os.utime(path, (step, step))
        (tmp_path / "gan_images" / name).mkdir(parents=True)
    (tmp_path / "notes/today").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notes/today")
    return tmp_path


A, QUICK = "a/generator_5.keras", "Quick/generator_30.keras"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (None, QUICK),
        ("a", A),
        ("A", A),
        ("quick", QUICK),
        ("v4", A),
        ("R3GAN", QUICK),
        ("weights/a", A),
        ("weights/a/", A),
        ("./weights/a", A),
        ("gan_images/a", A),
        ("gan_images/a/", A),
        ("weights/", QUICK),
        ("weights/a/generator_2.keras", "a/generator_2.keras"),
    ],
)
def test_runs_are_found_by_what_users_type(project, monkeypatch, source, found):
    """Names and versions in any case, and what a shell completes; also absolute paths."""
    monkeypatch.chdir(project)
    assert find_weights(source) == Path("weights") / found
    if source and "/" in source:
        assert find_weights(str(project / source)).resolve() == project / "weights" / found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (None, QUICK),
        ("a", A),
        ("v4", A),
        ("../../weights/a", A),
        ("weights/a", A),
        ("../../gan_images/a/", A),
        ("../../weights/a/generator_2.keras", "a/generator_2.keras"),
    ],
)
def test_runs_are_found_from_a_folder_below(project, source, found):
    """As git finds its repository; the path leads from the current folder."""
    path = find_weights(source)
    assert not path.is_absolute() and path.resolve() == project / "weights" / found
    home, name = locate(source)
    assert home == project and (not name or "/" in name or name in ("a", "v4"))


def test_a_run_goes_before_a_folder_of_its_name_and_before_a_version(project, monkeypatch):
    """A folder that was copied from elsewhere is used if no run has its name."""
    monkeypatch.chdir(project)
    for name in ("a", "copied", "v4"):
        (project / name).mkdir()
        (project / name / "generator_9.keras").touch()
    assert find_weights("a") == Path("weights") / A
    assert find_weights("copied") == Path("copied/generator_9.keras")
    (project / "weights/Quick").rename(project / "weights/v4")
    assert find_weights("v4") == Path("weights/v4/generator_30.keras")


def test_a_missing_run_is_named_with_where_it_was_looked_for(
    project, tmp_path_factory, monkeypatch
):
    """In the sentence are the folder or the runs that there are."""
    for source, words in (
        ("nobody", "the runs with weights are Quick, a"),
        ("../../weights/nobody", "there is no run nobody .* Quick, a"),
        ("../../weights/a/generator_3.keras", "there is no weights file .*_3.keras; check"),
        ("weights/nobody", "there is no run nobody .* Quick, a"),
    ):
        with pytest.raises(UserError, match=words):
            find_weights(source)
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    with pytest.raises(UserError, match=f"neither in {empty} nor in a folder above"):
        find_weights("a")
    (empty / "notes.txt").touch()
    with pytest.raises(UserError, match=r"notes\.txt is not a generator"):
        find_weights("notes.txt")


@pytest.mark.backends
@pytest.mark.parametrize("version", ["r3gan", "stylegan2"])
def test_a_generator_computes_in_float32_whatever_it_was_trained_in(version, tmp_path):
    """Else a seed's face would differ by up to 28 of 255 where bfloat16 is computed otherwise."""
    width = {"width": 1 / 32, "resolution": 16}
    config = from_dict({"version": version, "model": width})
    images = []
    for precision in ("bfloat16", "float32"):
        network = build(config, precision).generator
        network.set_weights(
            [np.random.default_rng(0).normal(0, 0.1, w.shape) for w in network.weights]
        )
        network.save(tmp_path / f"{precision}.keras")
        images.append(
            load_generator(str(tmp_path / f"{precision}.keras")).images_from_seeds([1, 2])
        )
    np.testing.assert_array_equal(*images)
