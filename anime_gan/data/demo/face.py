"""The attributes of a drawn face, their values and their colours."""

from collections import namedtuple

import numpy as np

Colour = tuple[int, int, int]

# Each hair colour: base, shade, light.
HAIR_COLOURS: dict[str, tuple[Colour, Colour, Colour]] = {
    "black": ((50, 46, 64), (26, 23, 38), (112, 110, 150)),
    "brown": ((126, 78, 52), (84, 47, 38), (190, 132, 90)),
    "blonde": ((244, 206, 108), (202, 146, 70), (255, 242, 184)),
    "red": ((206, 52, 48), (142, 28, 44), (252, 128, 100)),
    "pink": ((250, 158, 192), (212, 102, 154), (255, 212, 226)),
    "blue": ((68, 114, 222), (40, 66, 158), (140, 188, 255)),
    "green": ((70, 172, 118), (34, 114, 90), (150, 228, 166)),
    "silver": ((208, 212, 228), (150, 154, 188), (248, 250, 255)),
}
# Each eye colour: deep (top of the iris), middle, glow (bottom of the iris).
EYE_COLOURS: dict[str, tuple[Colour, Colour, Colour]] = {
    "blue": ((18, 44, 130), (40, 112, 232), (130, 220, 255)),
    "green": ((6, 70, 52), (24, 160, 84), (160, 245, 140)),
    "amber": ((120, 48, 6), (240, 150, 10), (255, 232, 90)),
    "violet": ((56, 16, 116), (138, 62, 220), (228, 170, 255)),
    "crimson": ((96, 4, 26), (216, 24, 46), (255, 130, 110)),
}
# Each skin tone: base, shade, line.
SKINS: dict[str, tuple[Colour, Colour, Colour]] = {
    "porcelain": ((255, 235, 224), (243, 194, 188), (186, 112, 112)),
    "peach": ((253, 218, 192), (232, 170, 150), (168, 92, 84)),
    "tan": ((228, 174, 134), (190, 128, 100), (128, 70, 58)),
    "brown": ((168, 112, 82), (126, 77, 63), (78, 42, 40)),
}
# Each background: colour at the top, colour at the bottom, colour of the pattern.
BACKGROUNDS: dict[str, tuple[Colour, Colour, Colour]] = {
    "sky": ((120, 190, 248), (206, 234, 255), (240, 249, 255)),
    "meadow": ((158, 222, 160), (206, 240, 186), (122, 200, 132)),
    "sunset": ((250, 142, 96), (255, 206, 150), (255, 226, 172)),
    "lilac": ((186, 156, 236), (222, 204, 250), (202, 178, 244)),
    "night": ((30, 32, 76), (72, 66, 128), (250, 244, 200)),
    "cream": ((250, 236, 168), (255, 247, 214), (246, 222, 132)),
}
# Each outfit: cloth, collar, trim.
OUTFITS: dict[str, tuple[Colour, Colour, Colour]] = {
    "navy": ((246, 246, 252), (48, 62, 120), (214, 52, 66)),
    "black": ((62, 60, 76), (244, 244, 250), (196, 40, 60)),
    "teal": ((250, 248, 240), (32, 132, 136), (244, 176, 60)),
    "plum": ((122, 62, 112), (250, 236, 240), (250, 196, 80)),
}
INK: Colour = (46, 26, 40)
WHITE: Colour = (255, 255, 255)

CHOICES: dict[str, tuple[str, ...]] = {
    "hair_colour": tuple(HAIR_COLOURS),
    "hair_style": ("bob", "long", "twin_tails", "ponytail", "spiky", "buns"),
    "eye_colour": tuple(EYE_COLOURS),
    "eye_shape": ("round", "sharp", "sleepy"),
    "mouth": ("smile", "open", "flat", "cat", "pout"),
    "skin": tuple(SKINS),
    "accessory": ("none", "glasses", "ribbon", "hairpin", "headband", "flower", "cat_ears"),
    "background": tuple(BACKGROUNDS),
    "outfit": tuple(OUTFITS),
}
# Each number is drawn from -limit to limit.
LIMITS: dict[str, float] = {
    "tilt": 6.0,
    "shift_x": 0.03,
    "shift_y": 0.03,
    "hair_shade": 1.0,
    "eye_shade": 1.0,
    "skin_shade": 1.0,
    "background_shade": 1.0,
}
# All attributes, which determine the image; the names are the columns of attributes.csv.
Face = namedtuple("Face", [*CHOICES, *LIMITS])


def random_face(rng: np.random.Generator) -> Face:
    """Return a face with every attribute drawn uniformly and independently."""
    picks = {name: values[rng.integers(len(values))] for name, values in CHOICES.items()}
    numbers = {name: float(rng.uniform(-limit, limit)) for name, limit in LIMITS.items()}
    return Face(**picks, **numbers)
