"""An exported file says whose images the network knows, and nothing in the text is markup."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from anime_gan.export import card
from anime_gan.export.network import export_network
from anime_gan.generation import pretrained
from tests.conftest import ROOT
from tests.export.networks import tiny_generator


def test_the_card_of_a_run(tmp_path, monkeypatch):
    """Run, version, step, shapes, the SHA-256 of the weights, and the mean of w."""
    monkeypatch.chdir(tmp_path)
    weights = Path("weights/faces/generator_7.keras")
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    (weights.parent / "config.yaml").write_text("version: stylegan2\n")
    generator = tiny_generator("stylegan2")
    found = card.model_card(generator, export_network(generator), weights, "whole", False)
    expected = {
        "run": "faces",
        "version": "stylegan2",
        "step": "7",
        "weights": "generator_7.keras",
        "weights_sha256": hashlib.sha256(b"weights").hexdigest(),
        "weights_precision": "float32",
        "resolution": "16",
        "channels": "3",
        "inputs": "latent (batch, 8); truncation; noise",
        "outputs": "image (batch, 16, 16, 3)",
    }
    assert expected.items() <= found.items()
    assert np.array_equal(np.float32(json.loads(found["mean_w"])), generator.mean_w)
    assert "depends on the rights to those images" in found["license"]


@pytest.mark.parametrize(
    ("name", "license", "owner"),
    [
        ("pretrained", "none is given, since the images are not ours", "who were not asked"),
        ("pretrained-drawn", "MIT", "this project's"),
    ],
)
def test_the_card_of_a_pretrained_generator(name, license, owner):
    """It repeats what the model card in anime_gan/pretrained says."""
    generator = tiny_generator("v2")
    weights = pretrained.PRETRAINED[name]
    found = card.model_card(generator, export_network(generator), weights, "whole", True)
    assert found["license"].startswith(license) and owner in found["whose they are"]
    assert (found["run"], found["version"]) == (name, "r3gan_patch")
    assert "](" not in found["license"] and found["weights_precision"] == "float16"


def test_no_value_is_markup():
    """A run's name may be any text; in the card every line of it is indented as code."""
    run = '<img src=x onerror="alert(1)">\n# heading\n\n[link](javascript:alert(1))\r<script>'
    text = card.as_text({"run": run, "software": "anime-gan 1"})
    lines = text.splitlines()
    for words in ("<img", "# heading", "[link]", "<script>"):
        (line,) = (line for line in lines if words in line)
        assert line.startswith("    ")


def test_the_license_is_found_in_a_clone_and_installed(tmp_path, monkeypatch):
    """Installed, it is in the package's metadata, not beside the package."""
    own = (ROOT / "LICENSE").read_text()
    assert card.license_of_code() == own
    folder = tmp_path / "anime_gan-1.dist-info"
    (folder / "licenses").mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.4\nName: anime-gan\nVersion: 1\n")
    (folder / "licenses/LICENSE").write_text("as installed")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(card, "__file__", str(tmp_path / "site/anime_gan/export/card.py"))
    assert card.license_of_code() == "as installed"
