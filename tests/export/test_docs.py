"""The code in docs/export.md runs, and gives the faces that `sample.py` gives."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anime_gan.export.file import export_file
from anime_gan.export.formats import FORMATS
from tests.conftest import ROOT
from tests.export.networks import tiny_generator
from tests.export.test_file import needs_tensorflow

pytestmark = needs_tensorflow
WEB = "onnxruntime-web"


def code_of(language: str) -> str:
    """Return the block of code in this language."""
    text = (ROOT / "docs/export.md").read_text()
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]


@pytest.fixture(scope="module", params=["r3gan", pytest.param("stylegan2", marks=pytest.mark.slow)])
def exported(request, tmp_path_factory):
    """A folder with face.onnx, and its generator."""
    folder, generator = tmp_path_factory.mktemp("docs"), tiny_generator(request.param)
    (folder / "weights").write_bytes(b"weights")
    export_file(generator, folder / "weights", FORMATS["onnx"], folder / "face.onnx")
    return folder, generator


def require_same(folder: Path, name: str, generator, seed: int) -> None:
    """Raise AssertionError if an image is not a seed's, to one of 255."""
    found = np.asarray(Image.open(folder / name), int)
    expected = generator.images_from_seeds([seed])[0]
    assert np.ptp(expected) > 50 and np.abs(found - expected).max() <= 1


def test_the_python_code_gives_a_seeds_face(exported):
    """In ten lines or so."""
    folder, generator = exported
    code = code_of("python")
    assert len([line for line in code.splitlines() if line]) <= 10
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    require_same(folder, "face.png", generator, 3)


def test_the_javascript_code_gives_a_seeds_face(exported):
    """With the numbers of a seed in place of random ones."""
    folder, generator = exported
    modules = [ROOT / "node_modules", *map(Path, os.environ.get("NODE_PATH", "").split(":"))]
    found = next((path for path in modules if (path / WEB).is_dir()), None)
    if not (shutil.which("node") and found):
        pytest.skip(f"no node with {WEB}: npm install {WEB}@1.30.0 in the clone, or set NODE_PATH")
    code = code_of("js")
    assert len([line for line in code.splitlines() if line]) <= 10
    numbers = json.dumps(generator.latents([3])[0].tolist())
    code, count = re.subn(r"Float32Array\.from\(.*normal\)", f"Float32Array.of(...{numbers})", code)
    assert count == 1
    if generator.has_styles:
        scalars = 'truncation: new ort.Tensor("float32", [1], []), '
        scalars += 'noise: new ort.Tensor("float32", [1], [])'
        code = code.replace("run({ latent })", f"run({{ latent, {scalars} }})")
    (folder / "face.mjs").write_text(code)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(found)
    subprocess.run(["node", "face.mjs"], cwd=folder, check=True)
    require_same(folder, "face.ppm", generator, 3)
