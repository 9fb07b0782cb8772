"""Augmentation of real and generated images for the discriminator, differentiable twice.

Zhao et al. 2020 (DiffAugment, arXiv 2006.10738): translation by up to an eighth of the size, a
cutout of half the size, and color; each with a probability p, as in Karras et al. 2020 (ADA, arXiv
2006.06676). Gaussian noise on all pixels may follow (Sønderby et al. 2016, arXiv 1610.04490).

Penalties need second-order gradients, so every operation is a product or a sum in keras.ops. `draw`
and `apply` are two functions, because an image's score and its gradient must use the same
augmentation.
"""

from keras import ops, random

from anime_gan.backend import Tensor
from anime_gan.config.schema import Augment


def draw(
    config: Augment, images: Tensor, p: Tensor, seed: random.SeedGenerator, noise: Tensor = 0.0
) -> dict:
    """Return random parameters for augmenting images (B, H, W, C): tensors of B rows, by name.

    Args:
        p: the probability of each policy, a scalar.
        noise: the standard deviation of the noise, in units of the images, a scalar. The number 0
            draws none.
    """
    count, size = ops.shape(images)[0], images.shape[1]

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
        # Half as strong as DiffAugment's: the color of hair and eyes distinguishes faces.
        colored = chosen()
        drawn["brightness"] = uniform(-0.25, 0.25) * colored
        drawn["saturation"] = 1 + uniform(-0.5, 0.5) * colored
        drawn["contrast"] = 1 + uniform(-0.25, 0.25) * colored
    if ops.is_tensor(noise) or noise:
        drawn["noise"] = noise * random.normal(ops.shape(images), seed=seed)
    return drawn


def apply(images: Tensor, drawn: dict) -> Tensor:
    """Return images (B, H, W, C) in [-1, 1], augmented as drawn; empty pixels are 0, gray.

    The noise comes last, so that it is on all pixels, and the result is not clipped.
    """
    if "brightness" in drawn:
        images = _change_color(images, drawn)
    if "shift" in drawn:
        images = _translate(images, drawn["shift"])
    if "hole" in drawn:
        images = images * _mask(drawn["hole"], drawn["cut"], images.shape[1])
    return images + drawn["noise"] if "noise" in drawn else images


def _change_color(images, drawn):
    """Return images with brightness added, then saturation and contrast multiplied."""
    brightness, saturation, contrast = (
        drawn[key][:, :, None, None] for key in ("brightness", "saturation", "contrast")
    )
    images = images + brightness
    gray = ops.mean(images, axis=3, keepdims=True)
    images = gray + (images - gray) * saturation
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * contrast


def _translate(images, shift):
    """Return images moved by shift (B, 2), whole pixels down and right.

    A row of the 0/1 matrices has one 1, or none if its source pixel is outside the image.
    """
    places = ops.arange(images.shape[1], dtype="float32")
    source = places[None, :, None] - places[None, None, :]
    rows, columns = (ops.cast(source == shift[:, i, None, None], "float32") for i in (0, 1))
    moved = ops.einsum("brs,bswc->brwc", rows, images)
    return ops.einsum("bcw,brwk->brck", columns, moved)


def _mask(hole, cut, size: int):
    """Return (B, size, size, 1): 0 in a square of half the size around hole (B, 2), else 1."""
    places = ops.arange(size, dtype="float32")
    inside = [
        ops.cast(ops.abs(places[None] - hole[:, i, None]) < size / 4, "float32") for i in (0, 1)
    ]
    square = inside[0][:, :, None] * inside[1][:, None, :] * cut[:, :, None]
    return 1 - square[..., None]


def adapted(config: Augment, p: Tensor, real_accuracy: Tensor, images: int) -> Tensor:
    """Return the probability after a batch; before it, it was `p` (ADA, 3.1 and appendix B).

    Overfitting is measured by r_t, the mean sign of the scores of real images, which is
    2 * (share of real images classified as real) - 1. If r_t is above `target`, the probability
    rises, else it falls, by 1 in `kimg` thousand images.
    """
    sign = 2 * real_accuracy - 1
    change = ops.sign(sign - config.target) * images / (1000 * config.kimg)
    return ops.clip(p + change, 0.0, 1.0)
