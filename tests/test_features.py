"""features.py: the file of a run's features, the table of what they know, and mistakes."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT


@pytest.fixture
def trained(script, call):
    """The fixture `script`, with a run `r` of one step in its folder."""
    own = ["version=v2", "run=r", "training.steps=1", "model.width=0.1"]
    status, errors = call("train_gan.py", *script.tiny, *own)
    assert status == 0, errors
    return script


@pytest.fixture
def colors(script):
    """A folder of 100 noisy images, red or blue, with their colors in labels.csv."""
    folder, rng = script.folder / "a set", np.random.default_rng(0)
    (folder / "inner").mkdir(parents=True)
    rows = ["file,hair,eyes"]
    for number in range(100):
        pixels = rng.integers(0, 160, (32, 32, 3), "uint8")
        pixels[..., 2 * (number % 2)] += 60
        name = f"inner/{number}.png"
        Image.fromarray(pixels).save(folder / name)
        rows.append(f"{name},{['red', 'blue'][number % 2] if number < 90 else ''},{number % 3}")
    (script.folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_the_features_of_a_run(trained, faces):
    """Of its training images by default, in its folder, under a name of their own; in a process."""
    done = trained("features.py")
    assert done.returncode == 0, done.stderr
    assert "maps_15x15" in done.stdout and "gan_images/r/features_1.npz" in done.stdout
    with np.load(trained.folder / "gan_images/r/features_1.npz") as file:
        assert file["layers"].tolist() == ["maps_15x15", "maps_6x6"]
        assert file["maps_6x6"].shape == (24, 96) and np.ptp(file["maps_6x6"]) > 0
        assert sorted(file["files"]) == sorted(path.name for path in faces.glob("*.png"))


def test_where_the_file_goes(trained, colors, call, monkeypatch):
    """A name that exists gets a number; --out is replaced; both also from a folder below."""
    images = trained.folder / "gan_images/r"
    for _ in range(2):
        assert call("features.py", "r") == (0, "")
    assert sorted(path.name for path in images.glob("*.npz")) == [
        "features_1.npz",
        "features_1_002.npz",
    ]
    below = trained.folder / "below"
    below.mkdir()
    monkeypatch.setattr(trained, "folder", below)
    for _ in range(2):
        status, errors = call("features.py", "r", "--images", "../a set", "--out", "mine")
        assert status == 0, errors
    with np.load(below / "mine.npz") as file:
        assert len(file["files"]) == 100 and "inner/7.png" in file["files"]


def test_the_pretrained_discriminator(script, colors, call):
    """Where there is no run; its training images are unknown."""
    assert call("features.py", "--images", "a set", "--out", "a.npz") == (0, "")
    with np.load(script.folder / "a.npz") as file:
        assert file["vector_256"].shape == (100, 256)
    status, errors = call("features.py")
    assert status == 2 and "training images are unknown" in errors


def test_what_two_runs_know(trained, colors, capfd, monkeypatch):
    """The color is read from pixels and from each layer, and what is in no pixel is not."""
    import features

    monkeypatch.chdir(trained.folder)
    shutil.move("labels.csv", colors)  # where it is found
    labels = ["--images", "a set", "--probe", "hair", "--probe", "eyes"]
    monkeypatch.setattr(sys, "argv", ["features.py", "r", "pretrained", *labels, "--seed", "1"])
    assert features.main() is None
    said = capfd.readouterr().out
    assert "90 images with labels, seed 1: 68 to fit and 22 held out" in said
    assert "hair: 2 classes" in said and "eyes: 3 classes" in said
    lines = said.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("features"))
    assert lines[head].split()[-4:] == ["hair", "untrained", "eyes", "untrained"]
    rows = [line for line in lines[head + 1 :] if "%" in line]
    of = ["pixels", "EfficientNet", "r, step 1", "", "", "pretrained", *[""] * 5]
    for row, start in zip(rows, of, strict=True):
        assert row.startswith(start or " ")
        found = [float(word[:-1]) for word in row.split() if word.endswith("%")]
        of_no_gan = start in of[:2]
        assert len(found) == (2 if of_no_gan else 4)
        if start != "EfficientNet":
            assert found[0] > 85, row
            assert found[len(found) // 2] < 75, row
    assert "all together" in rows[4] and "all together" in rows[-1]
    assert "15x15x6 " in rows[2] and "32x32x32 " in rows[5]  # each at its network's resolution


@pytest.mark.parametrize(
    "given, words",
    [
        (["nobody"], "there is no run nobody"),
        (["r", "--images", "none"], "none does not exist"),
        (["r", "--out", "a.txt"], "must be a file ending in .npz"),
        (["r", "r"], "name one, or add --probe"),
        (["r", "--labels", "labels.csv"], "--labels is for --probe"),
        (["r", "--probe", "hair"], "--probe needs --images"),
        (["r", "--images", "a set", "--probe", "hair"], "there is no labels.csv in a set"),
        (["r", "--images", "a set", *2 * ["--probe", "hair"]], "names an attribute twice"),
        (["r", "--images", "a set", "--labels", "none.csv", "--probe", "hair"], "none.csv"),
        (["r", "--images", "a set", "--labels", "labels.csv", "--probe", "mood"], "mood"),
        (["r", "--images", "a set", "--labels", "few.csv", "--probe", "hair"], "only 2 images"),
        (["old"], "there is no discriminator_3.keras beside weights/old/generator_3.keras"),
    ],
)
def test_mistakes_are_one_sentence(trained, colors, call, given, words):
    """Each names its thing and the way out."""
    (trained.folder / "few.csv").write_text("file,hair\ninner/1.png,red\ninner/2.png,blue\n")
    old = trained.folder / "weights/old"
    old.mkdir()
    shutil.copy(trained.folder / "weights/r/generator_1.keras", old / "generator_3.keras")
    status, errors = call("features.py", *given)
    assert status == 2 and errors.splitlines()[-1].startswith("error: ")
    assert words in errors and not list(trained.folder.rglob("*features*"))


def test_mistakes_need_no_keras(trained, colors):
    """They are answered before anything slow is imported."""
    code = (
        "import sys, features\n"
        "for line in ('nobody', 'r --images none', 'r --probe hair', 'r --out a.txt',\n"
        "    'r --images labels.csv --labels labels.csv --probe mood'):\n"
        "    sys.argv[1:] = line.split()\n"
        "    try: features.main()\n"
        "    except SystemExit as ended: assert ended.code == 2, line\n"
        "assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=trained.folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error: ") == 5
