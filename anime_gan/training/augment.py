"""Augmentation of what the discriminator sees, real and fake, that gradients pass through.

Zhao et al. 2020 (DiffAugment, arXiv 2006.10738): translation by up to an eighth of the size, a
cutout of half the size, and colour; with a probability p for each, as in Karras et al. 2020 (ADA,
arXiv 2006.06676). Everything is a product or a sum in keras.ops, so that it can be differentiated
twice, as penalties need it. Drawing and applying are two functions: a picture whose score and whose
slope are both wanted must be treated the same in both.
"""

from keras import ops, random


def draw(config, pictures, p, seed) -> dict:
    """Return what is done to each of `pictures` (B, H, W, C): tensors of B rows, by name.

    config: the config's section `augment`. p: the probability of each of its policies, a scalar.
    seed: a keras.random.SeedGenerator. Nothing is drawn for an empty policy.
    """
    count, size = ops.shape(pictures)[0], pictures.shape[1]

    def uniform(low, high, columns=1):
        return random.uniform((count, columns), low, high, seed=seed)

    def chosen():
        return ops.cast(uniform(0.0, 1.0) < p, "float32")

    drawn = {}
    if "translation" in config.policy:
        reach = size // 8 + 0.5
        drawn["shift"] = ops.round(uniform(-reach, reach, 2) * chosen())
    if "cutout" in config.policy:
        drawn["hole"] = ops.floor(uniform(0.0, size, 2))
        drawn["cut"] = chosen()
    if "colour" in config.policy:
        # Half as strong as DiffAugment's: the colour of hair and eyes is what a face is known by.
        coloured = chosen()
        drawn["brightness"] = uniform(-0.25, 0.25) * coloured
        drawn["saturation"] = 1 + uniform(-0.5, 0.5) * coloured
        drawn["contrast"] = 1 + uniform(-0.25, 0.25) * coloured
    return drawn


def apply(pictures, drawn: dict):
    """Return pictures (B, H, W, C) in [-1, 1], augmented as drawn. Moved-in pixels are 0, grey."""
    if "brightness" in drawn:
        pictures = _colour(pictures, drawn)
    if "shift" in drawn:
        pictures = _translate(pictures, drawn["shift"])
    if "hole" in drawn:
        pictures = pictures * _mask(drawn["hole"], drawn["cut"], pictures.shape[1])
    return pictures


def _colour(pictures, drawn):
    """Return pictures with brightness added, then saturation and contrast multiplied."""
    brightness, saturation, contrast = (
        drawn[key][:, :, None, None] for key in ("brightness", "saturation", "contrast")
    )
    pictures = pictures + brightness
    grey = ops.mean(pictures, axis=3, keepdims=True)
    pictures = grey + (pictures - grey) * saturation
    middle = ops.mean(pictures, axis=(1, 2, 3), keepdims=True)
    return middle + (pictures - middle) * contrast


def _translate(pictures, shift):
    """Return pictures moved by shift (B, 2), whole pixels down and right.

    A move is a product with a matrix of one 1 a row, and none where a row comes from outside.
    """
    size = pictures.shape[1]
    places = ops.arange(size, dtype="float32")
    source = places[None, :, None] - places[None, None, :]
    rows, columns = (ops.cast(source == shift[:, i, None, None], "float32") for i in (0, 1))
    moved = ops.einsum("brs,bswc->brwc", rows, pictures)
    return ops.einsum("bcw,brwk->brck", columns, moved)


def _mask(hole, cut, size: int):
    """Return (B, size, size, 1): 0 in a square of half the size about hole (B, 2), else 1."""
    places = ops.arange(size, dtype="float32")
    inside = [
        ops.cast(ops.abs(places[None] - hole[:, i, None]) < size / 4, "float32") for i in (0, 1)
    ]
    square = inside[0][:, :, None] * inside[1][:, None, :] * cut[:, :, None]
    return 1 - square[..., None]


def adapted(config, p, real_share_right, pictures: int):
    """Return the probability that follows `p` after a batch (ADA, section 3.1 and appendix B).

    The sign of overfitting is r_t, the mean sign of the scores of real pictures, which is twice
    the share that is taken for real, less 1: above `target` the probability rises, below it falls,
    by a whole in `kimg` thousand pictures.
    """
    sign = 2 * real_share_right - 1
    change = ops.sign(sign - config.target) * pictures / (1000 * config.kimg)
    return ops.clip(p + change, 0.0, 1.0)
