"""directions.py keeps directions beside weights; sample.py edit and the studio take them."""

import json
import re

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from anime_gan.data.demo.face import BACKGROUNDS
from anime_gan.directions import reading
from anime_gan.directions.direction import load_directions, path_beside
from anime_gan.directions.edit import moved
from anime_gan.features.network import FeatureNetwork
from anime_gan.generation import pretrained
from anime_gan.generation.latent_file import write_latent
from anime_gan.generation.load import load_generator
from tests.conftest import size_of


@pytest.fixture
def trained(script, call):
    """A script runner in whose folder a run `r` lies, which has no directions yet."""
    status, errors = call("train_gan.py", *script.tiny, "run=r", "training.steps=1")
    assert status == 0, errors
    return script


def test_directions_end_to_end(trained, call, monkeypatch):
    """Found, printed and shown; then faces, strips, films and the studio's sliders."""
    folder = trained.folder
    weights = folder / "weights/r/generator_1.keras"
    done = trained("directions.py", "--faces", "100", "--seeds", "3")
    assert done.returncode == 0, done.stderr
    found = load_directions(weights)
    assert all(re.search(rf"^\| {x.name} ", done.stdout, re.MULTILINE) for x in found.directions)
    assert "weights/r/directions_generator_1.npz of weights/r/generator_1.keras" in done.stdout
    sheet = size_of(folder / "gan_images/r/directions.webp")
    assert sheet[0] > 5 * 128 and sheet[1] > len(found.directions) * 128

    one, other = found.directions[0].name, found.directions[1].name
    for arguments in (
        ("--seeds", "3,4", "--set", f"{one}=+2,{other}=-1", "--size", "32", "--out", "pair.png"),
        ("r", "--seeds", "3", "--strip", one, "--set", f"{other}=1", "--out", "strip.png"),
        ("--seeds", "3-5", "--set", f"{one}=2", "--frames", "3", "--out", "film.gif"),
        ("--strip", one, "--frames", "3", "--fps", "24", "--size", "64", "--out", "film.MP4"),
    ):
        assert call("sample.py", "edit", *arguments) == (0, "")
    generator = load_generator(str(weights))
    write_latent(folder / "face.npz", generator.w([3]), "z", weights, {})
    same = ("--set", f"{one}=+2", "--set", f"{other}=-1", "--size", "32", "--out", "same.png")
    assert call("sample.py", "edit", "--seeds", "face.npz,4", *same) == (0, "")
    steps = [(found.directions[0], 2), (found.directions[1], -1)]
    w = generator.w([3, 4])
    with Image.open(folder / "pair.png") as image:
        recipe, pixels = image.text, np.asarray(image)
    assert recipe["set"] == f"{one}=+2,{other}=-1" and recipe["seeds"] == "3-4"
    for latents, column in ((w, 0), (moved(w, steps, generator.layers), 1)):
        for row, face in enumerate(generator.images(latents)):
            top, left = (4 + 36 * place for place in (row, column))
            left += pixels.shape[1] - 4 - 2 * 36
            assert np.array_equal(pixels[top : top + 32, left : left + 32], face)
    with Image.open(folder / "same.png") as image:
        assert np.array_equal(np.asarray(image)[:, -72:], pixels[:, -72:])
        assert image.text["seeds"] == "face.npz,4"
    with Image.open(folder / "strip.png") as image:
        assert image.text["strip"] == one and image.width > 7 * 128
    assert imageio.imread(folder / "film.gif", index=None).shape == (6, 512, 512, 3)
    assert imageio.imread(folder / "film.MP4", index=None).shape == (6, 128, 128, 3)

    assert call("studio.py", "--no-open") == (0, "")
    page = (folder / "gan_images/r/studio.html").read_text()
    spec = json.loads(re.search(r'id="spec">(.*?)</script>', page)[1])
    assert [x["label"] for x in spec["directions"]] == [x.label for x in found.directions]


def test_directions_of_ones_own_labels(trained, call, faces, tmp_path, monkeypatch):
    """Found from a set with labels; a set without them is one sentence, before Keras."""
    pixels = FeatureNetwork("pixels", 8, 0, 1, lambda images: images.reshape(len(images), -1))
    monkeypatch.setattr(reading, "open_network", lambda name: pixels)
    assert call("directions.py", "r", "--faces", "100", "--images", str(faces)) == (0, "")
    found = load_directions(trained.folder / "weights/r/generator_1.keras")
    words = {name for name in found.measures if name.startswith("background-")}
    assert words and words <= {f"background-{word}" for word in BACKGROUNDS}
    (tmp_path / "plain").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "plain/a.png")
    for arguments, words in (
        (["--images", str(tmp_path / "plain")], "there is no labels.csv in "),
        (["--images", str(tmp_path / "none.zip")], "none.zip"),
        (["--images", str(faces), "--reader", "drawn"], "--reader"),
    ):
        done = trained("directions.py", "r", *arguments)
        assert done.returncode == 2 and words in done.stderr and "Importing" not in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr


def test_mistakes_are_one_sentence_before_keras_is_imported(trained, call):
    """No directions yet, a name that is none, a step that is none, and no direction at all."""
    call("directions.py", "r", "--faces", "100")
    names = [
        x.name for x in load_directions(trained.folder / "weights/r/generator_1.keras").directions
    ]
    for arguments, words in (
        (["--set", "hiar=2"], ["no direction hiar", *names]),
        (["--strip", "hiar"], ["no direction hiar", *names]),
        (["--set", "hair"], ["'hair'", "hair=+2,pose=-1"]),
        (["--set", "hair=99"], ["from -10 to 10"]),
        (["--set", "hair=1", "--set", "hair=2"], ["hair twice"]),
        ([], ["--set", "--strip"]),
        (["--strip", names[0], "--fps", "3"], ["--fps", "films"]),
    ):
        status, errors = call("sample.py", "edit", "r", *arguments)
        assert status == 2 and errors.startswith("error: ") and errors.count("\n") == 1, errors
        assert all(word in errors for word in words), errors
    (trained.folder / "weights/r/directions_generator_1.npz").unlink()
    done = trained("sample.py", "edit", "r", "--set", "hair=2")
    assert done.returncode == 2 and done.stderr.startswith("error: "), done.stderr
    assert done.stderr.endswith("run python directions.py r.\n")
    assert "Importing" not in done.stderr


@pytest.mark.parametrize(
    "source, wanted",
    [
        ("pretrained", ("hair", "eyes", "pose")),
        ("pretrained-drawn", ("hair", "pose", "brightness")),
    ],
)
def test_the_pretrained_generators_have_directions(source, wanted):
    """Of these very weights; small; what each changes rises in nearly all faces."""
    weights = pretrained.PRETRAINED[source]
    found = load_directions(weights)
    assert found, f"the weights are new: run python directions.py {source}"
    assert path_beside(weights).stat().st_size < 100_000
    names = [x.name for x in found.directions]
    assert {*wanted} <= set(names)
    for name in wanted:
        effects = dict(zip(found.measures, found.effects[names.index(name)], strict=True))
        assert effects[name] > 0.4 and found.agreement[names.index(name)] > 0.9
