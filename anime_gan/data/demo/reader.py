"""Hair colour, eye colour and background, read back from a 64x64 image.

Every pixel of a region votes for the value with the nearest reference colour, and the value with
the most votes wins. Generated images are read too, so regions are used instead of single pixels,
and brightness counts less than hue.
"""

import numpy as np

from anime_gan.data.demo.canvas import mix
from anime_gan.data.demo.face import BACKGROUNDS, EYE_COLOURS, HAIR_COLOURS, INK, SKINS, WHITE

COMBINATIONS = len(HAIR_COLOURS) * len(EYE_COLOURS) * len(BACKGROUNDS)

_Y, _X = (np.mgrid[:64, :64] + 0.5) * 100 / 64  # units of the drawing


def read_attributes(images: np.ndarray) -> list[tuple[str, str, str]]:
    """Return (hair colour, eye colour, background) of each image, uint8 (N, 64, 64, 3)."""
    if images.shape[1:] != (64, 64, 3):
        raise ValueError(f"images must be (N, 64, 64, 3), not {images.shape}")
    return list(zip(*(_vote(images, *part) for part in (_HAIR, _EYES, _BACKGROUND)), strict=True))


def _perceived(colours: np.ndarray) -> np.ndarray:
    """Convert RGB (..., 3) to brightness at half weight and two colour differences."""
    red, green, blue = np.moveaxis(np.asarray(colours, "float32"), -1, 0)
    brightness = 0.3 * red + 0.6 * green + 0.1 * blue
    return np.stack([0.5 * brightness, red - brightness, blue - brightness], -1)


def _vote(images, region, references: dict, nuisances: list) -> list[str]:
    """Return, for each image, the name whose colours most pixels of the region are nearest to.

    nuisances: other colours that may be in the region, such as skin; their votes do not count.
    """
    names, groups = list(references), [*references.values(), nuisances]
    owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    table = _perceived(np.concatenate(groups))
    winners = []
    for image in images:
        pixels = _perceived(image[region])
        distance = ((pixels[:, None] - table) ** 2).sum(-1)
        votes = np.bincount(owners[distance.argmin(1)], minlength=len(groups))
        winners.append(names[votes[:-1].argmax()])
    return winners


_HAIR = (
    (_Y > 13) & (_Y < 34) & (abs(_X - 50) < 20 - abs(_Y - 26) / 3),
    {
        name: [base, mix(base, shade, 0.7), mix(base, light, 0.85)]
        for name, (base, shade, light) in HAIR_COLOURS.items()
    },
    [colours[0] for colours in SKINS.values()],
)
_EYES = (
    (((abs(_X - 50) - 13) / 6.2) ** 2 + ((_Y - 61) / 6.5) ** 2) < 1,
    {
        name: [middle, mix(deep, middle, 0.6), mix(middle, glow, 0.5)]
        for name, (deep, middle, glow) in EYE_COLOURS.items()
    },
    [INK, WHITE, *(colour for colours in SKINS.values() for colour in colours[:2])],
)
_BACKGROUND = (
    ((abs(_X - 50) > 44) & (_Y < 45)) | ((abs(_X - 50) > 36) & (_Y < 12)),
    {
        name: [top, mix(top, bottom, 0.25), mix(top, bottom, 0.5)]
        for name, (top, bottom, _) in BACKGROUNDS.items()
    },
    [colours[0] for colours in HAIR_COLOURS.values()],
)
