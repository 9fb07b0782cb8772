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
from anime_gan.directions.direction import Direction
from anime_gan.export.check import largest_difference
from anime_gan.generation import pretrained
from anime_gan.generation.generator import Generator
from anime_gan.studio.page import FOLDER, open_file, paragraphs, studio_page, write
from tests.export.networks import tiny_generator
from tests.generation.test_labels import conditional
from tests.studio.conftest import HOSTILE


def parts_of(page):
    """Return what the page says of the network, and its parts as ONNX Runtime sessions."""
    spec = json.loads(re.search(r'id="spec">(.*?)</script>', page)[1])
    found = re.findall(r'data-part="(\w+)">(.*?)</script>', page)
    files = {name: gzip.decompress(base64.b64decode(text)) for name, text in found}
    return spec, {name: onnxruntime.InferenceSession(file) for name, file in files.items()}


@pytest.mark.parametrize(
    "version", ["v5", *(pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS if v != "v5")]
)
def test_every_version_has_a_page(version):
    """With directions, and with the parts of its network that the page's worker asks for."""
    generator = tiny_generator(version)
    spec, parts = parts_of(studio_page(generator, version, {"version": version}))
    assert len(spec["directions"]) == (3 if version == "v2" else 7)  # of 4 maps' values, of 8 of z
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
    generator = tiny_generator("v2")
    own = [Direction(HOSTILE, np.arange(8, dtype="float32"), (0, 1))]
    page = studio_page(generator, HOSTILE, {"run": HOSTILE}, [HOSTILE], own)
    spec, _ = parts_of(page)
    row = {"name": HOSTILE, "label": HOSTILE, "vector": [*range(8)], "layers": [0, 1]}
    assert spec["directions"] == [row]
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
    """That of the model card."""
    told, drawn = (" ".join(paragraphs(pretrained.card(name))) for name in pretrained.PRETRAINED)
    assert "8,972 faces" in told and "License: none is given" in told
    assert "License: MIT." in drawn and "[" not in told + drawn


@pytest.mark.parametrize("version", ["r3gan", "stylegan2"])
def test_the_networks_in_a_page_are_compared_with_keras(pages, version):
    """As those of every exported file."""
    path, generator = pages[version]
    assert largest_difference(open_file(path), generator) < 1e-4
    if version == "r3gan":
        other = tiny_generator("r3gan")
        other.network.set_weights([w + 0.1 for w in other.network.get_weights()])
        assert largest_difference(open_file(path), other) > 0.06


def test_a_page_in_half_precision(pages, tmp_path):
    """It is smaller, and close; its card is in it."""
    path, generator = pages["r3gan"]
    card = {"run": HOSTILE, "weights": "generator_3.keras", "license": "none."}
    write(generator, None, True, card, half := tmp_path / "studio.html")
    assert 1e-4 < largest_difference(open_file(half), generator) < 0.06
    page = half.read_text(encoding="utf-8")
    assert "License: none." in page and "<img" not in page
    assert len(page) < path.stat().st_size


@pytest.mark.parametrize("version", ["dcgan", "stylegan2"])
def test_a_page_with_labels_is_compared_with_keras(version, tmp_path):
    """The networks take latents that are joined with the vectors of labels."""
    generator = Generator(conditional(version))
    path = tmp_path / "studio.html"
    path.write_text(studio_page(generator, "words", {}), encoding="utf-8")
    assert largest_difference(open_file(path), generator) < 1e-4
    spec, _ = parts_of(path.read_text(encoding="utf-8"))
    assert [one["values"] for one in spec["labels"]] == [["black", "blue", "red"], ["green", "red"]]
