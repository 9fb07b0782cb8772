"""What is measured of conditional generators: labels read back, and distances within classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anime_gan.data.image_set import ImageSet
from anime_gan.errors import UserError
from anime_gan.features import probe
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import distances
from anime_gan.metrics.reference import ReferenceSet

Words = Mapping[str, Sequence[str]]  # by attribute one for each image
Reader = Callable[[np.ndarray], Words]  # from images, uint8 (N, H, W, 3)
LEAST_IN_CLASS = 50  # images on each side: of fewer, a distance says nothing


@dataclass(frozen=True)
class Asked:
    """The labels of generated images, and of the real ones they are compared with.

    Attributes:
        attributes: the values of each attribute.
        generated: codes (N, A) of the generated images; 0 for none in particular.
        real: codes (M, A) of all real images; None if they have no such labels.
    """

    attributes: Mapping[str, Sequence[str]]
    generated: np.ndarray
    real: np.ndarray | None = None


def codes_of_real(images: ImageSet, attributes: Mapping[str, Sequence[str]]) -> np.ndarray | None:
    """Return the labels of real images in the codes of a generator; None if they have none.

    Values that the generator does not know are 0.
    """
    try:
        labels = images.labels([*attributes])
    except UserError:
        return None
    codes = np.zeros_like(labels.codes)
    for column, (name, values) in enumerate(attributes.items()):
        known = {value: code for code, value in enumerate(values, 1)}
        table = [0, *(known.get(value, 0) for value in labels.attributes[name])]
        codes[:, column] = np.array(table)[labels.codes[:, column]]
    return codes


def color_reader(attributes: Mapping[str, Sequence[str]]) -> Reader | None:
    """Return what reads hair and eye color from faces, where it knows all words for them.

    None if there is no such attribute.
    """
    from anime_gan.features import colors

    names = [
        name
        for name, known in colors.words().items()
        if name in attributes and {*attributes[name]} <= {*known}
    ]

    def read(images: np.ndarray) -> dict[str, list[str]]:
        found = colors.read(images)
        return {name: found[name] for name in names}

    return read if names else None


def classified(
    asked: Asked,
    names: Sequence[str],
    generated: np.ndarray,
    features: np.ndarray,
    reference: ReferenceSet,
    network: FeatureNetwork,
) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Read attributes with linear classifiers that are fitted to one half of the real images.

    Args:
        names: of the attributes.
        generated: images, uint8 (N, H, W, C).
        features: of them, (N, F), by `network` at full resolution.

    Returns:
        What `read_back` takes: N words by attribute; and the indices of the other half of the real
        images, with their words. Attributes with too few labels are left out.
    """
    if asked.real is None or not names:
        return {}, (np.zeros(0, int), {})
    fitted, judged = (
        probe.with_pixels(reference.features(network, half), reference.images[half])
        for half in (reference.others, reference.sample)
    )
    features, made, real = probe.with_pixels(features, generated), {}, {}
    for name in names:
        column = [*asked.attributes].index(name)
        codes = asked.real[reference.others, column]
        if np.count_nonzero(codes) >= probe.LEAST and len(np.unique(codes[codes > 0])) > 1:
            words = np.array(("", *asked.attributes[name]))[codes]
            reader = probe.Readers(fitted[codes > 0], {name: words[codes > 0]})
            made |= reader.read(features)
            real |= reader.read(judged)
    return made, (reference.sample, real)


def read_back(asked: Asked, words: Words, real: tuple[np.ndarray, Words] | None = None) -> dict:
    """Return for each attribute how many labels are read back from images.

    Args:
        words: by attribute what is read from each of the N generated images.
        real: indices of real images, and what is read from them, which tells the reader's error.

    Returns:
        By attribute: count, of images whose label was asked for; share, of these, that are read
        back; chance, the share if labels were read at random, as often as they are asked for; and
        real, the share of real images whose label is read, None without their labels.
    """
    found = {}
    of_real = {} if real is None or asked.real is None else real[1]
    for name, read in words.items():
        if name not in asked.attributes:
            continue
        column = [*asked.attributes].index(name)
        codes = asked.generated[:, column]
        share = _share(asked.attributes[name], codes, read)
        _, counts = np.unique(codes[codes > 0], return_counts=True)
        chance = float(np.square(counts / counts.sum()).sum()) if len(counts) else None
        found[name] = {"count": int((codes > 0).sum()), "share": share, "chance": chance}
        own = asked.real[real[0], column] if name in of_real else np.zeros(0, int)
        found[name]["real"] = _share(asked.attributes[name], own, of_real.get(name, ()))
    return found


def _share(values: Sequence[str], codes: np.ndarray, words: Sequence[str]) -> float | None:
    """Return the share of known labels that equal the words, None if no label is known."""
    pairs = [(values[c - 1], word) for c, word in zip(codes, words, strict=True) if c]
    return float(np.mean([label == word for label, word in pairs])) if pairs else None


def within_classes(
    asked: Asked, features: np.ndarray, reference: ReferenceSet, network: FeatureNetwork
) -> dict:
    """Return the distances between generated and real images of the same label.

    Args:
        features: of the generated images, (N, F), by `network` at full resolution.

    Returns:
        By attribute and value: counts of both sides, `distances.compare` of as many of each, and
        "real_vs_real", the Fréchet and kernel distances between as many of the reference set's two
        halves; None where a side has fewer than LEAST_IN_CLASS images.
    """
    halves = [reference.sample, reference.others]
    real = [reference.features(network, half) for half in halves]
    found: dict = {}
    for column, (name, values) in enumerate(asked.attributes.items()):
        found[name] = {}
        for code, value in enumerate(values, 1):
            sides = [features[asked.generated[: len(features), column] == code]]
            sides += [
                own[asked.real[half, column] == code]
                for half, own in zip(halves, real, strict=True)
            ]
            counts = {"generated": len(sides[0]), "real": len(sides[1])}
            least = min(map(len, sides))
            found[name][value] = counts | {"distances": None}
            if least >= LEAST_IN_CLASS:
                made, first, second = (side[:least] for side in sides)
                own = distances.compare(first, made)
                own["real_vs_real"] = distances.compare(first, second)
                found[name][value] |= {"compared": least, "distances": own}
    return found
