"""What is measured of generated pictures, put together: distances, scores, copies, attributes."""

import numpy as np
from PIL import Image

from anime_gan.data.pixels import to_float, to_image
from anime_gan.features.network import RESIZE, FeatureNetwork
from anime_gan.metrics import demo_attributes, distances, memorisation
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.training.state import Gan

COARSE = 24
SIDES = {None: "whole", COARSE: "coarse"}
HELD_OUT = 1_000
PIXELS = 32  # a side, for copies: noise counts less, and large faces fit into memory


def compare(
    made: dict, reals: ReferenceSet, network: FeatureNetwork, bar: str | None = None
) -> dict:
    """Return the distances of generated pictures from the real ones, with their floors.

    made: by each of SIDES, the features (N, F) of the generated pictures; whole, and shrunk to 24
    pixels, which leaves layout and colour and none of the texture by which networks trained on
    photographs are led astray; as many are taken as there are real ones. A floor is the same number
    between two disjoint sets of real ones, as many on each side.
    """
    count = len(reals.sample)
    result = {
        "network": network.name,
        "resize": {name: _resize(network, side) for side, name in SIDES.items()},
        "count": count,
    }
    for side, name in SIDES.items():
        reals.features(network, reals.taken, side, bar)
        real = reals.features(network, reals.sample, side)
        found = distances.compare(real, made[side][:count])
        result[name] = found | {"floor": reals.floor(network, side)}
    return result


def _resize(network: FeatureNetwork, side: int | None) -> str:
    """Return how pictures come to the size that the network takes."""
    shrunk = f"box to {side}, " if side else ""
    return f"{shrunk}{RESIZE} to {network.size_for(side)}"


def discriminator_scores(gan: Gan, fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Return what the discriminator makes of uint8 pictures (N, H, W, C), real and generated.

    Mean scores, accuracy and binary cross-entropy of each (seeds 001 and 003 of the project). Of
    logits the probabilities are taken; a discriminator without a zero, such as a critic, has scores
    alone.
    """
    objective, result = gan.objective, {}
    # Scores are taken batch by batch as in training, in inference mode, compiled.
    size = gan.config.training.batch_size
    scores = {}
    for kind, pictures in (("real", real), ("fake", fake)):
        parts = [
            gan.discriminator.predict_on_batch(to_float(pictures[i : i + size]))
            for i in range(0, len(pictures), size)
        ]
        scores[kind] = np.concatenate([np.asarray(part, "float32") for part in parts])
        result[f"{kind}_score"] = float(scores[kind].mean())
    if objective.threshold is None:
        return result
    fake_right, real_right = objective.right(scores["fake"], scores["real"], 0.0)
    result |= {"real_accuracy": float(real_right), "fake_accuracy": float(fake_right)}
    for kind in ("real", "fake"):
        is_high = (kind == "real") == objective.real_is_high
        result[f"{kind}_cross_entropy"] = _cross_entropy(
            scores[kind], is_high, objective.probabilities
        )
    return result


def _cross_entropy(scores, label: bool, probabilities: bool) -> float:
    """Return the mean binary cross-entropy of scores that should all be `label`."""
    scores = scores.astype("float64")
    if probabilities:
        clipped = np.clip(scores, 1e-7, 1 - 1e-7)
        scores = np.log(clipped) - np.log1p(-clipped)
    return float(np.logaddexp(0, -scores if label else scores).mean())


def copies(made, reals: ReferenceSet, network: FeatureNetwork | None, bar: str | None = None):
    """Return (neighbours of the generated pictures, verdict) among all training pictures.

    made: the generated pictures' coarse features in the network; without one, uint8 pictures, of
    which 32x32 pixels are compared. A copy is one at 24 pixels too, and the whole training set is
    gone through in a fifth of the time.
    """
    held_out = reals.order[:HELD_OUT]
    if network:
        everything = reals.features(network, np.arange(len(reals.images)), COARSE, bar)
    else:
        made, everything = _shrunk(made), _shrunk(reals.images)
    found = memorisation.nearest(made, everything)
    usual = memorisation.nearest(everything[held_out], everything, held_out)
    return found, memorisation.judge(found, usual)


def _shrunk(pictures) -> np.ndarray:
    """Return uint8 pictures (N, H, W, C) as so many of PIXELS a side, by the mean of a box."""
    size = (PIXELS, PIXELS)
    return np.stack([np.asarray(to_image(p).resize(size, Image.Resampling.BOX)) for p in pictures])


def kinds(fake: np.ndarray, reals: ReferenceSet) -> dict:
    """Return what pictures of the built-in faces cover, beside as many real ones."""
    count = min(len(fake), len(reals.sample))
    real, other = (reals.images[np.sort(some)] for some in (reals.sample[:count], reals.others))
    return {
        "count": count,
        **demo_attributes.measure(fake[:count], other),
        "floor": demo_attributes.measure(real, other),
    }
