"""What is measured: measures, and the words of a reader."""

import numpy as np
import pytest

from anime_gan.data.demo.dataset import draw_faces, face_of
from anime_gan.directions.reading import PLAIN, colors, drawn, joined
from anime_gan.errors import UserError
from anime_gan.features import colors as color_reader
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


def test_faces_of_another_size_are_refused():
    """The reader knows where the parts of a drawn face are at 64 pixels."""
    with pytest.raises(UserError, match=r"64x64 .* 16x16; leave the reader out\.$"):
        drawn(tiny_generator("r3gan"))
    with pytest.raises(UserError, match=r"but this generator's are gray and of 64x64; leave"):
        drawn(tiny_generator("r3gan", "model.resolution=64", "model.channels=1"))
