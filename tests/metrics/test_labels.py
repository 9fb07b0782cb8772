"""Labels read back, and distances within classes, against counts by hand."""

import numpy as np
import pytest

from anime_gan.data import demo
from anime_gan.data.image_set import open_images
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import demo_attributes, distances
from anime_gan.metrics.labels import (
    Asked,
    classified,
    codes_of_real,
    color_reader,
    read_back,
    within_classes,
)
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.metrics.table import table

VALUES = {"hair": ("black", "blue"), "mouth": ("open", "smile")}


def reader(images):
    """Read hair from the first value of each image; eyes are no label here."""
    words = ["blue" if image.flat[0] else "black" for image in images]
    return {"hair": words, "eyes": ["red"] * len(images)}


def images_of(values):
    """Return images that the reader reads as these."""
    return np.array(values, "uint8")[:, None, None, None] * np.ones((1, 4, 4, 3), "uint8")


def test_shares_that_are_read_back():
    """Unknown labels do not count; attributes that one side does not know are left out."""
    generated = np.array([[1, 1], [2, 1], [2, 2], [0, 1], [1, 0]])
    real = np.array([[1, 0], [2, 0], [0, 0], [2, 0]])
    found = read_back(
        Asked(VALUES, generated, real),
        reader(images_of([0, 1, 0, 1, 0])),
        (np.array([0, 1, 3]), reader(images_of([0, 0, 1]))),
    )
    assert found == {
        "hair": {"count": 4, "share": 0.75, "chance": 0.5, "real": pytest.approx(2 / 3)}
    }
    assert read_back(Asked(VALUES, generated), reader(images_of([0] * 5)))["hair"]["real"] is None


def test_other_labels_are_read_by_a_classifier_of_real_images(tmp_path):
    """It reads what the features hold; an attribute that few real images have is left out."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (400, 4, 4, 3), dtype=np.uint8)
    network = FeatureNetwork("pixels", 4, 0, 1, lambda x: x.reshape(len(x), -1))
    reference = ReferenceSet(images, "key", tmp_path, 200)
    mouth = 1 + (images[:, 0, 0, 0] > 127)
    made = draw.integers(0, 256, (300, 4, 4, 3), dtype=np.uint8)
    made[:, 0, 0, 0] = np.where(np.arange(300) % 2, 30, 230)
    real = np.stack([np.where(np.arange(400) < 10, 1, 0), mouth], 1)
    features = made.reshape(300, 48) / np.float32(255)
    codes = np.stack([draw.integers(1, 3, 300), 1 + (made[:, 0, 0, 0] > 127)], 1)
    asked = Asked(VALUES, codes, real)
    words, of_real = classified(asked, [*VALUES], made, features, reference, network)
    found = read_back(asked, words, of_real)
    assert [*found] == ["mouth"] and found["mouth"]["count"] == 300
    assert found["mouth"]["share"] > 0.9 and 0.85 < found["mouth"]["real"] < 1
    one = Asked(VALUES, codes, np.ones((400, 2), int))  # all images are of one class
    assert classified(one, [*VALUES], made, features, reference, network)[0] == {}
    unlabelled = Asked(VALUES, codes)
    assert classified(unlabelled, [*VALUES], made, features, reference, network)[0] == {}
    told = {name: x | {"classifier": "pixels"} for name, x in found.items()}
    lines = _lines({"read_back": told, "not_read": ["hair"]})
    assert "mouth is read back (by a classifier of pixels's features and pixels, fitted" in lines
    assert "Labels: hair cannot be read back" in lines


def test_drawn_faces_are_read_at_any_size():
    """Nearly all attributes of drawn faces come back, also at twice the size."""
    for size in (64, 128):
        images = demo.draw_faces(40, size)
        read, faces = demo_attributes.read(images), [demo.dataset.face_of(0, n) for n in range(40)]
        for name, field in demo.dataset.WORDS.items():
            right = [
                word == getattr(face, field) for word, face in zip(read[name], faces, strict=True)
            ]
            assert np.mean(right) > 0.9, (name, size)


def test_colors_of_faces_are_read_where_labels_are_its_words():
    """Hair and eyes by the reader of colors, but not where it lacks a word of an attribute."""
    read = color_reader({"hair": ("blue", "red"), "eyes": ("blue", "crimson")})
    found = read(demo.draw_faces(2))
    assert [*found] == ["hair"] and len(found["hair"]) == 2
    assert color_reader({"mouth": ("open", "closed")}) is None


def test_distances_within_classes_are_those_of_their_images(tmp_path):
    """As many of each side as the smallest has; too few are said, and not compared."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (400, 4, 4, 3), dtype=np.uint8)
    network = FeatureNetwork("pixels", 4, 0, 1, lambda x: x.reshape(len(x), -1))
    reference = ReferenceSet(images, "key", tmp_path, 200)
    real = np.stack([draw.integers(1, 3, 400), np.where(np.arange(400) < 20, 1, 2)], 1)
    asked = Asked(VALUES, draw.integers(1, 3, (200, 2)), real)
    features = draw.normal(size=(200, 48)).astype("float32")
    found = within_classes(asked, features, reference, network)
    black = found["hair"]["black"]
    sample = reference.sample[real[reference.sample, 0] == 1]
    assert black["generated"] == (asked.generated[:, 0] == 1).sum() and black["real"] == len(sample)
    count = black["compared"]
    own = features[asked.generated[:, 0] == 1][:count]
    wanted = distances.frechet(reference.features(network, sample[:count]), own)
    assert black["distances"]["frechet"] == pytest.approx(wanted)
    assert found["mouth"]["open"]["distances"] is None and found["mouth"]["open"]["real"] <= 20
    result = {
        "comparisons": [],
        "within_classes": found,
        "read_back": read_back(asked, reader(images_of([0] * 200))),
    }
    lines = _lines(result)
    assert "Within each hair:" in lines and "needs 50." in lines
    assert "Labels: hair is read back from" in lines


def _lines(result) -> str:
    """Return the lines of a table on labels."""
    network = {"network": "pixels", "resize": {"whole": "", "coarse": ""}, "count": 200}
    numbers = dict.fromkeys(
        ("frechet", "kernel", "kernel_error", "precision", "recall", "density", "coverage"), 0.0
    )
    view = numbers | {"real_vs_real": numbers}
    comparison = network | {"whole": view, "coarse": view}
    text = table(result | {"generated": "g", "real": "r", "comparisons": [comparison]})
    return text.replace("\n", " ")


def test_labels_of_real_images_in_a_generators_codes(faces, tmp_path):
    """By their words; those that the generator does not know are unknown."""
    images = open_images(faces, 64, cache=tmp_path)
    labels = images.labels(["hair"])
    known = labels.attributes["hair"][::-1][:2]
    codes = codes_of_real(images, {"hair": known})
    for code, own in zip(codes[:, 0], labels.codes[:, 0], strict=True):
        word = labels.attributes["hair"][own - 1]
        assert code == (known.index(word) + 1 if word in known else 0)
    assert codes_of_real(images, {"wings": ("large", "small")}) is None
