"""What is measured: measures, and the words of a reader."""

import numpy as np
import pytest

from anime_gan.data.demo.dataset import draw_faces, face_of
from anime_gan.directions import reading
from anime_gan.directions.reading import PLAIN, colors, drawn, joined, of_labels
from anime_gan.errors import UserError
from anime_gan.features import colors as color_reader
from anime_gan.features.network import FeatureNetwork
from tests.export.networks import tiny_generator


def test_the_words_of_drawn_faces_are_read():
    """Of hair, eyes and background, each 0 or 1; beside the measures."""
    generator = tiny_generator("r3gan", "model.resolution=64")
    reading = joined([PLAIN, *drawn(generator)])
    images = draw_faces(20, seed=6)
    values = reading.read(images)
    names = [m.name for m in reading.measures]
    assert values.shape == (20, len(names)) and len(set(names)) == len(names)
    np.testing.assert_array_equal(values[:, : len(PLAIN.measures)], PLAIN.read(images))
    hair = [names.index(f"hair-{face_of(6, number).hair_colour}") for number in range(20)]
    assert (values[np.arange(20), hair] == 1).mean() > 0.9
    words = values[:, len(PLAIN.measures) :]
    np.testing.assert_array_equal(words.sum(axis=1), 3)


def test_the_words_of_colors_are_read_once(monkeypatch):
    """Of hair and eyes together, which takes half of the time; gray faces have none."""
    generator, calls = tiny_generator("r3gan"), []
    images = draw_faces(5, seed=6)
    found = color_reader.probabilities(images)
    monkeypatch.setattr(color_reader, "probabilities", lambda x: calls.append(x) or found)
    reading = joined(colors(generator))
    values, names = reading.read(images), [m.name for m in reading.measures]
    assert len(calls) == 1 and values.shape == (5, len(names))
    for part, known in color_reader.words().items():
        own = [names.index(f"{part}-{word}") for word in known]
        np.testing.assert_array_equal(values[:, own], found[part])
    assert colors(tiny_generator("r3gan", "model.channels=1")) == []


@pytest.fixture
def pixels(monkeypatch):
    """Features that are the pixels of the image at 8x8, in place of Lite0's."""
    network = FeatureNetwork("pixels", 8, 0, 1, lambda images: images.reshape(len(images), -1))
    monkeypatch.setattr(reading, "open_network", lambda name: network)


def test_labels_are_read_by_what_is_fitted_to_their_images(pixels):
    """A measure for each value, one for two values; unknown labels fit nothing."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (300, 2, 2, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    hair = np.array(["dark", "middle", "pale"])[images[:, 0, 0, 0].astype(int) // 86]
    glasses = np.where(images[:, 4, 4, 1] > 127, "yes", "no")
    hair[:50] = glasses[40:60] = ""
    found, accuracy = of_labels(images, {"hair": hair, "glasses": glasses})
    names = ["hair-dark", "hair-middle", "hair-pale", "glasses-yes"]
    assert [m.name for m in found.measures] == names
    assert found.measures[3].change() == "glasses: no to yes"
    assert accuracy["glasses"] > 0.9 and accuracy["hair"] > 0.6
    values = found.read(images)
    assert values.shape == (300, 4)
    right = (values[:, 3] > 0.5) == (images[:, 4, 4, 1] > 127)
    assert right.mean() > 0.9
    assert values[hair == "dark", 0].mean() > values[hair == "pale", 0].mean() + 0.1


def test_labels_that_cannot_be_read_are_refused(pixels, monkeypatch):
    """Too few of them, and one with the name of a measure, each in a sentence."""
    images = draw_faces(40, 16)
    monkeypatch.setattr(reading, "MOST", 30)  # enough for each, also if few of them have another
    sparse = np.array(["yes", "no"] * 10 + [""] * 20)
    assert of_labels(images, {"hair": np.array(["a", "b"] * 20), "smile": sparse})
    few = np.array(["yes", "no"] * 5 + [""] * 30)
    with pytest.raises(UserError, match=r"^only 10 images have a label for smile, but at least 20"):
        of_labels(images, {"smile": few})
    with pytest.raises(UserError, match=r"^the label hair=redder has the name of a measure"):
        of_labels(images, {"hair": np.array(["green", "redder"] * 20)})


def test_faces_of_another_size_are_refused():
    """The reader knows where the parts of a drawn face are at 64 pixels."""
    with pytest.raises(UserError, match=r"64x64 .* 16x16; leave the reader out\.$"):
        drawn(tiny_generator("r3gan"))
    with pytest.raises(UserError, match=r"but this generator's are gray and of 64x64; leave"):
        drawn(tiny_generator("r3gan", "model.resolution=64", "model.channels=1"))
