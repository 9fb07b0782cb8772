"""studio.py finds a generator as sample.py does, writes its studio, and opens it."""

import importlib.util
import webbrowser

import numpy as np
import pytest

from anime_gan.generation.latent_file import write_latent
from anime_gan.studio.page import FOLDER
from tests.test_export import run_of


def test_the_pretrained_studio_from_one_command(script):
    """Where there is no run, without options but for the browser; small enough to share."""
    done = script("studio.py", "--no-open")
    assert done.returncode == 0, done.stderr
    page = script.folder / "gan_images/pretrained/studio.html"
    size = page.stat().st_size
    assert f"gan_images/pretrained/studio.html from pretrained, {size / 1e6:.1f} MB" in done.stdout
    assert "studio of the pretrained generator" in done.stdout
    assert 6e6 < size < 10e6
    assert sum(path.stat().st_size for path in (FOLDER / "vendor").iterdir()) < 4e6


def test_a_run_has_its_studio_among_its_images(script, call, monkeypatch):
    """It is opened in the browser, by the address of the file; an earlier one is replaced."""
    run_of(script.folder, "r", "v5")
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert call("studio.py", "r") == (0, "")
    page = script.folder / "gan_images/r/studio.html"
    assert opened == [page.as_uri()] and "Studio: r<" in page.read_text()
    said = []
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    monkeypatch.setattr("builtins.print", lambda *words, **options: said.extend(words))
    assert call("studio.py", "v5", "--out", "own.html") == (0, "")
    assert "Studio: r<" in (script.folder / "own.html").read_text()
    assert "own.html from weights/r/generator_7.keras" in said[0] and "No browser" in said[1]


def test_a_face_of_another_generator_is_one_sentence(script, call):
    """And no page is written."""
    weights = run_of(script.folder, "r", "v5")
    write_latent(script.folder / "me.npz", np.zeros((1, 7), "float32"), "z", weights, {})
    status, errors = call("studio.py", "r", "--no-open", "--faces", "me.npz")
    assert status == 2 and "of another kind" in errors
    assert not (script.folder / "gan_images/r/studio.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no run nowhere"),
        (["pretrained", "--out", "page.txt"], "must be a file ending in .html"),
        (["pretrained", "--out", "missing.html/page.html"], "is a file and not a folder"),
        (["pretrained", "--size", "3"], "unrecognized arguments"),
        (["pretrained", "--faces", "me.npz"], "me.npz"),
        (["--faces", "me.npz", "pretrained"], "a run is named before --faces"),
    ],
)
def test_mistakes_are_one_sentence(script, call, arguments, message):
    """Before Keras is imported."""
    (script.folder / "missing.html").touch()
    status, errors = call("studio.py", *arguments)
    assert status == 2 and message in errors and errors.count("\n") == 1


def test_a_missing_package_is_one_sentence(call, monkeypatch):
    """As where only JAX is installed; with both, TensorFlow is taken."""
    found = importlib.util.find_spec

    def without(name, *more):
        return None if name == "tensorflow" else found(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    status, errors = call("studio.py", "pretrained")
    assert status == 2 and "studio needs tensorflow" in errors and errors.count("\n") == 1


@pytest.mark.slow
def test_both_backends_give_a_studio(script):
    """JAX, where it is chosen, has no exporter for all versions."""
    if not importlib.util.find_spec("tensorflow"):
        pytest.skip("TensorFlow is not installed")
    done = script("studio.py", "pretrained", "--no-open", env={"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stderr
