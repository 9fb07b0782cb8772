"""Readings: what is measured in the faces of a generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anime_gan.data.demo.face import BACKGROUNDS, EYE_COLOURS, HAIR_COLOURS
from anime_gan.data.demo.reader import read_attributes
from anime_gan.directions.measures import MEASURES, Measure, measure
from anime_gan.errors import UserError
from anime_gan.features import colors as color_reader
from anime_gan.features.network import open_network
from anime_gan.features.probe import LEAST, Readers, split, with_pixels
from anime_gan.generation.generator import Generator

MOST = 5_000  # labelled images of an attribute
RARE = 0.03  # share of the faces: of a word that is rarer, or all but as frequent, none is fitted


@dataclass(frozen=True)
class Reading:
    """Measures of faces, and how they are read.

    Attributes:
        measures: M measures.
        read: a function from uint8 images (N, H, W, C) to float32 (N, M).
    """

    measures: Sequence[Measure]
    read: Callable[[np.ndarray], np.ndarray]


PLAIN = Reading(MEASURES, measure)


def joined(readings: Sequence[Reading]) -> Reading:
    """Return several readings as one."""
    measures = [m for reading in readings for m in reading.measures]
    return Reading(
        measures, lambda images: np.concatenate([r.read(images) for r in readings], axis=1)
    )


def words(part: str, values: Sequence[str], read: Callable[[np.ndarray], np.ndarray]) -> Reading:
    """Return a reading of words, such as those for the color of the hair.

    Args:
        part: of the face, such as "hair".
        values: the words; each has a measure of its own, called hair-blue.
        read: a function from images to how sure each word is, 0 to 1, (N, len(values)).
    """
    return Reading(_measures(part, values), lambda images: read(images).astype("float32"))


def _measures(part: str, values: Sequence[str]) -> list[Measure]:
    return [Measure(f"{part}-{word}", part, "other", word, "word") for word in values]


def colors(generator: Generator) -> list[Reading]:
    """Return the reading of hair and eye color in words; none for gray images."""
    if generator.channels == 1:
        return []

    def read(images: np.ndarray) -> np.ndarray:
        found = color_reader.probabilities(images)
        return np.concatenate([found[part] for part in color_reader.ATTRIBUTES], axis=1)

    known = color_reader.words()
    measures = [m for part in color_reader.ATTRIBUTES for m in _measures(part, known[part])]
    return [Reading(measures, read)]


def of_labels(images, labels: Mapping[str, np.ndarray]) -> tuple[Reading, dict[str, float]]:
    """Return a reading of labels, by linear classifiers fitted to labelled images.

    They take Lite0's features and small pixels. An attribute of two values has one measure, of
    the second value. Of its images, at most MOST, three quarters fit a classifier.

    Args:
        images: uint8 (N, H, W, C), indexed like an array.
        labels: by attribute N texts; "" for an unknown one.

    Returns:
        The reading, and by attribute the accuracy on the other quarter.

    Raises:
        UserError: an attribute has too few labelled images, or a label the name of a measure.
    """
    order, chosen = np.random.default_rng(0).permutation(len(images)), {}
    for name, own in labels.items():
        known = order[own[order] != ""]
        if len(known) < LEAST:
            raise UserError(
                f"only {len(known)} images have a label for {name}, but at least {LEAST} are "
                "needed; label more, or take the attribute out of the table."
            )
        chosen[name] = np.sort(known[:MOST])
    every = np.unique(np.concatenate([*chosen.values()]))
    network = open_network("lite0")
    found = np.asarray(images[every])
    features = with_pixels(network.features(found, bar="labelled images"), found)
    readers, measures, accuracy = [], [], {}
    for name, places in chosen.items():
        own, places = labels[name][every], np.searchsorted(every, places)
        rows = split(len(places), seed=0)
        fit, judge = places[rows.training], places[rows.held_out]
        readers.append(Readers(features[fit], {name: own[fit]}))
        accuracy[name] = float(np.mean(readers[-1].read(features[judge])[name] == own[judge]))
        values = tuple(map(str, readers[-1].classes[name]))
        if len(values) == 2:
            measures.append(Measure(f"{name}-{values[1]}", name, *values, "word"))
        else:
            measures += _measures(name, values)
    if taken := {m.name for m in measures} & {m.name for m in MEASURES}:
        raise UserError(
            f"the label {min(taken).replace('-', '=', 1)} has the name of a measure, {min(taken)}; "
            "rename it in the table."
        )

    def read(found: np.ndarray) -> np.ndarray:
        own = with_pixels(network.features(found), found)
        scores = [score for reader in readers for score in reader.scores(own).values()]
        return np.concatenate([x[:, -1:] if x.shape[1] == 2 else x for x in scores], axis=1)

    return Reading(measures, read), accuracy


def drawn(generator: Generator) -> list[Reading]:
    """Return the reading of the words for the built-in faces, which the project draws.

    UserError if the generator's images have another size or are gray.
    """
    if (generator.resolution, generator.channels) != (64, 3):
        gray = "gray and " if generator.channels == 1 else ""
        raise UserError(
            "words can be read from drawn faces of 64x64 pixels in color, but this generator's are "
            f"{gray}of {generator.resolution}x{generator.resolution}; leave the reader out."
        )

    def reading(part: str, values: Sequence[str], column: int) -> Reading:
        def read(images: np.ndarray) -> np.ndarray:
            found = np.array([attributes[column] for attributes in read_attributes(images)])
            return found[:, None] == np.array(values)

        return words(part, values, read)

    return [
        reading("hair", tuple(HAIR_COLOURS), 0),
        reading("eyes", tuple(EYE_COLOURS), 1),
        reading("background", tuple(BACKGROUNDS), 2),
    ]
