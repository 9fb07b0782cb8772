"""The page of every version is complete, and shows texts as texts."""

import base64
import gzip
import json
import re

import keras
import numpy as np
import onnxruntime
import pytest

from anime_gan.config.versions import VERSIONS
from anime_gan.generation.generator import Generator
from anime_gan.generation.pretrained import PRETRAINED
from anime_gan.studio.card import card_of
from anime_gan.studio.directions import Direction
from anime_gan.studio.page import FOLDER, studio_page
from tests.export.networks import tiny_generator
from tests.studio.conftest import HOSTILE


def parts_of(page):
    """Return what the page says of the network, and its parts as ONNX Runtime sessions."""
    spec = json.loads(re.search(r'id="spec">(.*?)</script>', page)[1])
    found = re.findall(r'data-part="(\w+)">(.*?)</script>', page)
    files = {name: gzip.decompress(base64.b64decode(text)) for name, text in found}
    return spec, {name: onnxruntime.InferenceSession(file) for name, file in files.items()}


@pytest.mark.parametrize(
    "version", ["v5", "stylegan", *(pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS)]
)
def test_every_version_has_a_page(version):
    """With directions, and with the parts of its network that the page's worker asks for."""
    generator = tiny_generator(version)
    spec, parts = parts_of(studio_page(generator, version, {"version": version}))
    assert len(spec["directions"]) == 7  # of 8 dimensions
    assert np.isfinite([x["vector"] for x in spec["directions"]]).all()
    z = generator.latents([3])
    if spec["hasStyles"]:
        (w,) = parts["mapping"].run(None, {"latent": z})
        w = np.repeat(w[:, None], spec["layers"], axis=1)
        (image,) = parts["synthesis"].run(None, {"w": w, "noise": np.ones((), "float32")})
    else:
        (image,) = parts["whole"].run(None, {"latent": z})
    pixels = np.clip(np.rint((image + 1) * 127.5), 0, 255)
    assert np.abs(pixels - generator.images_from_seeds([3])).max() <= 1


def test_gray_generators_have_a_page():
    """Of one channel."""
    z = keras.Input((4,))
    x = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(z))
    generator = Generator(keras.Model(z, keras.layers.UpSampling2D(4)(x)))
    spec, parts = parts_of(studio_page(generator, "gray", {}))
    assert spec["channels"] == 1 and spec["resolution"] == 16
    assert parts["whole"].run(None, {"latent": generator.latents([3])})[0].shape == (1, 16, 16, 1)


def test_directions_are_a_list():
    """Others than the principal components: each has a name, a vector and layers."""
    generator = tiny_generator("stylegan2")
    own = [Direction(HOSTILE, np.arange(8, dtype="float32"), (0, 1))]
    page = studio_page(generator, HOSTILE, {"run": HOSTILE}, [HOSTILE], own)
    spec, _ = parts_of(page)
    assert spec["directions"] == [{"name": HOSTILE, "vector": [*range(8)], "layers": [0, 1]}]
    assert spec["about"]["run"] == HOSTILE and "step" not in spec["about"]
    assert "<img" not in page and page.count("</script>") == page.count("<script")


def test_scripts_are_in_the_page_as_they_are(pages):
    """Also those of packages: nothing in them is taken for the template's own marks."""
    text = pages["r3gan"][0].read_text(encoding="utf-8")
    scripts = [*FOLDER.rglob("*.js"), *FOLDER.rglob("*.mjs")]
    assert len(scripts) > 15
    for path in scripts:
        script = path.read_text(encoding="utf-8").rstrip("\n")
        assert script in text and "</script" not in script, path


def test_the_license_of_the_generator_is_in_the_page():
    """That of the model card; for a run, that it depends on its images."""
    pretrained, drawn = (" ".join(card_of(path)) for path in PRETRAINED.values())
    assert "8,972 faces" in pretrained and "License: none is given" in pretrained
    assert "License: MIT." in drawn and "[" not in pretrained + drawn
    assert (
        "rights to the images that they"
        in card_of(PRETRAINED["pretrained"].with_name("x.keras"))[0]
    )
