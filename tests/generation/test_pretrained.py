"""The generators that come with the project are found by their names, and without any run."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anime_gan.generation import pretrained
from anime_gan.generation.load import find_weights, output_folder, require_loadable
from tests.conftest import ROOT
from tests.generation.test_load import project as project


def test_the_pretrained_generators_have_names(project, tmp_path_factory, monkeypatch):
    """Each is found from every folder; the first is what is drawn from where no run is."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for folder in (project, elsewhere):
        monkeypatch.chdir(folder)
        for name, file in pretrained.PRETRAINED.items():
            found = find_weights(name)
            require_loadable(found)
            assert found.resolve() == file.resolve()
            assert output_folder(found) == Path("gan_images") / name
            beside = found.with_name(f"discriminator_{name}.keras")
            assert beside.is_file() and output_folder(beside) == Path("gan_images") / name
    assert pretrained.name_of(find_weights(None)) == "pretrained"
    monkeypatch.chdir(project)
    assert pretrained.name_of(find_weights(None)) is None


def test_a_run_may_have_the_name_of_a_pretrained_generator(project, monkeypatch):
    """The user's own comes first."""
    monkeypatch.chdir(project)
    own = project / "weights/pretrained"
    own.mkdir()
    (own / "config.yaml").touch()
    (own / "generator_5.keras").touch()
    assert find_weights("pretrained") == Path("weights/pretrained/generator_5.keras")


def test_faces_of_the_pretrained_generator_beside_runs_are_no_run(project, monkeypatch):
    """gan_images/pretrained does not hide the generator that made what lies there."""
    monkeypatch.chdir(project)
    for name, file in pretrained.PRETRAINED.items():
        (project / "gan_images" / name).mkdir(parents=True)
        assert find_weights(name).resolve() == file.resolve()


def test_the_pretrained_networks_are_small():
    """Both generators with their discriminators, and the upscaler, in every clone."""
    sizes = {path.name: path.stat().st_size for path in pretrained.FOLDER.glob("*.keras")}
    assert len(sizes) == 5 and max(sizes.values()) < 6e6 and sum(sizes.values()) < 12e6


def test_without_a_run_the_pretrained_generator_is_drawn_from(script, call):
    """As a first call after the installation; a film needs a run."""
    done = script("sample.py", "--seeds", "0-24")
    assert done.returncode == 0, done.stderr
    assert "faces are those of the pretrained generator" in done.stdout
    path = script.folder / "gan_images/pretrained/sample_generator_pretrained.png"
    assert f"{path.relative_to(script.folder)} from pretrained, seeds 0-24" in done.stdout
    assert np.asarray(Image.open(path)).std() > 40
    assert call("sample.py", "film") == (
        2,
        "error: pretrained is no run, and has no grids of its training; name a run.\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", pretrained.PRETRAINED)
def test_a_run_starts_from_all_of_a_pretrained_generator(script, faces, name):
    """With the config that its card names; few images turn augmentation on."""
    recipe = pretrained.card(name)["recipe"]
    config = str(ROOT / re.search(r"configs/\w+\.yaml", recipe)[0])
    short = [f"data.images={faces}", "training.steps=1", "training.minutes=null", "run=r"]
    done = script("train_gan.py", config, *short, f"training.start_from={name}")
    assert done.returncode == 0, done.stderr
    assert "all layers of the generator; all layers of the discriminator" in done.stdout
    assert "Augmentation is adaptive" in done.stdout
    again = script("train_gan.py", "r", "training.steps=2")
    assert again.returncode == 0 and "from step 1" in again.stdout, again.stderr
