"""What is measured of generated images: distances, discriminator scores, copies, attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from anime_gan.config.scores import correct
from anime_gan.data.pixels import to_float, to_image
from anime_gan.features.network import RESIZE, FeatureNetwork
from anime_gan.metrics import demo_attributes, distances, memorization
from anime_gan.metrics.reference import ReferenceSet

if TYPE_CHECKING:
    import keras

    from anime_gan.config.scores import Scale

COARSE = 24
# Two views of the images: as they are, and shrunk to 24 pixels a side, where layout and color
# remain but no texture. Networks trained on photographs depend heavily on texture.
SIDES = {None: "whole", COARSE: "coarse"}
HELD_OUT = 1_000
PIXELS = 32  # pixels a side, for copies: noise counts less, and large faces fit into memory


def compare(
    generated: dict, reference: ReferenceSet, network: FeatureNetwork, bar: str | None = None
) -> dict:
    """Return the distances between generated images and the reference set, by view.

    Args:
        generated: for each of SIDES, the features (N, F), by `network`, of the generated images; as
            many are used as the reference set's sample has.

    Returns:
        The network's name, how images are resized, the count on each side, and for each view the
        distances with "real_vs_real", the same between two disjoint sets of real images.
    """
    count = len(reference.sample)
    result = {
        "network": network.name,
        "resize": {
            view: (f"box to {side}, " if side else "") + f"{RESIZE} to {network.size_for(side)}"
            for side, view in SIDES.items()
        },
        "count": count,
    }
    for side, view in SIDES.items():
        real = reference.features(network, reference.taken, side, bar)[:count]
        found = distances.compare(real, generated[side][:count])
        result[view] = found | {"real_vs_real": reference.real_vs_real(network, side)}
    return result


def discriminator_scores(
    discriminator: keras.Model, scale: Scale, fake: np.ndarray, real: np.ndarray, batch_size: int
) -> dict[str, float]:
    """Return a discriminator's mean scores, accuracy and binary cross-entropy.

    Args:
        discriminator: from images (B, H, W, C) in [-1, 1] to scores (B, 1); without dropout. One
            that takes labels gets unknown ones.
        scale: what the scores mean. A discriminator without a threshold, such as a critic, has
            mean scores only.
        fake, real: uint8 (N, H, W, C).
        batch_size: as in training, since scores can depend on the other images in a batch.
    """
    result, scores = {}, {}
    for kind, images in (("real", real), ("fake", fake)):
        batches = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
        parts = [discriminator.predict_on_batch(_judged(discriminator, x)) for x in batches]
        scores[kind] = np.concatenate([np.asarray(part, "float32") for part in parts])
        result[f"{kind}_score"] = float(scores[kind].mean())
    if scale.threshold is None:
        return result
    fake_correct, real_correct = correct(scale, scores["fake"], scores["real"])
    result |= {"real_accuracy": float(real_correct), "fake_accuracy": float(fake_correct)}
    for kind, own in scores.items():
        label = (kind == "real") == scale.real_is_high
        result[f"{kind}_cross_entropy"] = _cross_entropy(own, label, scale.probabilities)
    return result


def _judged(discriminator, images):
    """Return the inputs of a discriminator: of one that takes labels also the null label."""
    inputs, others = to_float(images), discriminator.inputs[1:]
    return (
        [inputs, *(np.zeros((len(images), x.shape[1]), "int32") for x in others)]
        if others
        else inputs
    )


def _cross_entropy(scores: np.ndarray, label: bool, probabilities: bool) -> float:
    logits = scores.astype("float64")
    if probabilities:
        clipped = np.clip(logits, 1e-7, 1 - 1e-7)
        logits = np.log(clipped) - np.log1p(-clipped)
    return float(np.logaddexp(0, -logits if label else logits).mean())


def copies(
    generated: np.ndarray, reference: ReferenceSet, network=None, bar: str | None = None
) -> tuple[np.ndarray, np.ndarray, memorization.Verdict]:
    """Return what `nearest` finds among all real images, and whether there are copies.

    Args:
        generated: features of `network` in the coarse view, which finds copies too and takes a
            fifth of the time; without a network, uint8 (N, H, W, C), compared at 32x32 pixels.
    """
    held_out = reference.order[:HELD_OUT]
    if network:
        real = reference.features(network, np.arange(len(reference.images)), COARSE, bar)
    else:
        generated, real = _shrunk(generated), _shrunk(reference.images)
    index, relative = memorization.nearest(generated, real)
    _, usual = memorization.nearest(real[held_out], real, held_out)
    return index, relative, memorization.verdict(relative, usual)


def _shrunk(images) -> np.ndarray:
    """Return uint8 images (N, H, W, C) at 32x32 pixels, by area averaging."""
    size = (PIXELS, PIXELS)
    return np.stack([np.asarray(to_image(x).resize(size, Image.Resampling.BOX)) for x in images])


def kinds(generated: np.ndarray, reference: ReferenceSet) -> dict:
    """Return which attributes generated images of the built-in faces show, and real vs real."""
    count = min(len(generated), len(reference.sample))
    real = reference.images[np.sort(reference.sample[:count])]
    other = reference.images[np.sort(reference.others)]
    return {
        "count": count,
        **demo_attributes.measure(generated[:count], other),
        "real_vs_real": demo_attributes.measure(real, other),
    }
