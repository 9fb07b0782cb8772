"""Drawing a face, from the background to the accessory, each part over the one before."""

from functools import cache

import numpy as np
from PIL import Image

from anime_gan.data.demo.canvas import SUPERSAMPLING, Canvas, mix, oval, shaded, shape
from anime_gan.data.demo.face import (
    BACKGROUNDS,
    EYE_COLOURS,
    HAIR_COLOURS,
    INK,
    OUTFITS,
    SKINS,
    WHITE,
    Colour,
    Face,
)


def draw_background(canvas: Canvas, face: Face) -> None:
    """Fill the image with a gradient and the pattern of the background."""
    top, bottom, pattern = shaded(BACKGROUNDS[face.background], face.background_shade)
    side = canvas.image.width
    bands = 24
    for band in range(bands):
        box = (0, side * band // bands, side, side * (band + 1) // bands)
        canvas.pen.rectangle(box, fill=mix(top, bottom, band / (bands - 1)))
    for points in BACKGROUND_PATTERNS[face.background]:
        canvas.still(points, pattern)


BACKGROUND_PATTERNS = {
    "sky": [
        oval(8, 62, 12, 5), oval(16, 57, 8, 6), oval(96, 46, 12, 5), oval(88, 42, 6, 5),
    ],
    "meadow": [shape("M0 74 Q20 60 46 72 Q76 60 100 70 L100 100 L0 100")],
    "sunset": [oval(50, 58, 47, 47)],
    "lilac": [oval(x, y, 3, 3) for x, y in ((6, 14), (14, 40), (5, 66), (94, 12), (87, 36), (95, 62), (84, 84), (16, 90))],
    "night": [oval(x, y, r, r) for x, y, r in ((8, 10, 1.2), (17, 27, 0.8), (6, 48, 1.1), (92, 8, 1.2), (85, 24, 0.8), (95, 40, 1.1), (90, 62, 0.9), (11, 70, 0.9))],
    "cream": [shape(f"M{x} 0 L{x + 7} 0 L{x - 43} 100 L{x - 50} 100") for x in range(0, 160, 22)],
}  # fmt: skip


SHOULDERS_LINE = "M6 112 Q8 95 28 91 Q42 89 44 86 L56 86 Q58 89 72 91 Q92 95 94 112"
SHOULDERS = "M8 112 Q10 96 29 92 Q42 90 44 87 L56 87 Q58 90 71 92 Q90 96 92 112"
NECK = "M43 70 L57 70 L57 88 Q60 90 61 91 L50 108 L39 91 Q40 90 43 88"
CHIN_SHADOW = "M43 70 L57 70 L57 86 Q52 92 43 87"
COLLAR = "M42.5 85 L37 89 Q30 96 27 106 L46 112 L50.5 104 Q43 96 42.5 85"
COLLAR_TRIM = "M38.5 90.5 Q33 97 31 108 L33.5 108 Q35 98 40 92.5"
BOW = "M50 101 L42 96 L40 106 L50 104 L60 106 L58 96"


def draw_body(canvas: Canvas, face: Face) -> None:
    """Draw shoulders, neck and collar."""
    skin, shade, line = shaded(SKINS[face.skin], face.skin_shade)
    cloth, collar, trim = OUTFITS[face.outfit]
    canvas.body(shape(SHOULDERS_LINE), mix(cloth, INK, 0.45))
    canvas.body(shape(SHOULDERS), cloth)
    canvas.lined(NECK, skin, line, width=0.7, fill=canvas.body)
    canvas.body(shape(CHIN_SHADOW), shade)
    for flip in (False, True):
        canvas.lined(COLLAR, collar, mix(collar, INK, 0.5), flip, 0.7, canvas.body)
        canvas.body(shape(COLLAR_TRIM, flip), mix(collar, trim, 0.6))
    canvas.lined(BOW, trim, mix(trim, INK, 0.5), width=0.5, fill=canvas.body)


# ---- head -------------------------------------------------------------------

FACE = "M25.5 40 L25.5 54 C25.5 66 30 72.4 37.5 77.6 C43 81 47 83.4 50 83.4 C53 83.4 57 81 62.5 77.6 C70 72.4 74.5 66 74.5 54 L74.5 40 Q74 20 50 20 Q26 20 25.5 40"
# Each mouth: its outline, filled with the colour of the skin's lines after so much ink is mixed in,
# and the outlines and colours of what is inside.
MOUTHS: dict[str, tuple[np.ndarray, float, list[tuple[np.ndarray, Colour]]]] = {
    "smile": (shape("M43 74.2 Q50 79.8 57 74.2 Q50 77 43 74.2", grow=0.3), 0.45, []),
    "open": (
        shape("M43.5 73.6 Q50 75 56.5 73.6 Q55 80.6 50 80.6 Q45 80.6 43.5 73.6", grow=0.5), 0.45,
        [
            (shape("M44.5 74.2 Q50 75.6 55.5 74.2 Q54 80 50 80 Q46 80 44.5 74.2"), (176, 44, 62)),
            (shape("M46.4 78.6 Q50 75.8 53.6 78.6 Q50 80.8 46.4 78.6"), (250, 138, 138)),
        ],
    ),
    "flat": (shape("M45 75.4 L55 75.1 L55 76.5 L45 76.8"), 0.45, []),
    "cat": (shape("M43.5 74.2 Q46.6 78.6 50 75.2 Q53.4 78.6 56.5 74.2 Q53.4 77 50 74.2 Q46.6 77 43.5 74.2"), 0, []),
    "pout": (oval(50, 76.2, 2.6, 2.2), 0.45, [(oval(50, 76.4, 1.5, 1.2), (214, 84, 92))]),
}  # fmt: skip


def draw_head(canvas: Canvas, face: Face) -> None:
    """Draw face, blush, nose and mouth, and the shadow of the fringe."""
    skin, shade, line = shaded(SKINS[face.skin], face.skin_shade)
    canvas.lined(FACE, skin, line)
    blush = mix(skin, (246, 84, 96), 0.36)
    for x in (33.5, 66.5):
        canvas.head(oval(x, 68.8, 5.4, 2.8), mix(skin, blush, 0.5))
        canvas.head(oval(x, 68.8, 4.0, 1.9), blush)
    canvas.head(fringe_shadow(face.hair_style), shade)
    canvas.head(shape("M49.4 68.4 L51.6 70.6 L49 70.8"), mix(shade, line, 0.5))
    outline, ink, inside = MOUTHS[face.mouth]
    canvas.head(outline, mix(line, INK, ink))
    for points, colour in inside:
        canvas.head(points, colour)


@cache
def fringe_shadow(hair_style: str) -> np.ndarray:
    """Return the outline of the fringe, lower and narrower so that it stays on the face."""
    fringe = (shape(FRINGES[hair_style]) - (50, 0)) * (0.9, 1) + (50, 3.6)
    return np.clip(fringe, (27, 0), (73, 52))


# ---- eyes -------------------------------------------------------------------

# Each eye shape, for the eye on the right of the image, around the middle of the iris: the open
# eye, the upper lash line, the height at which the lid cuts the iris, the brow.
EYES: dict[str, tuple[str, str, float, str]] = {
    "round": (
        "M-7.4 1 Q-7 -8 0.6 -8.6 Q8 -8 8.2 0 Q7 8.6 1 8.8 Q-6 8.6 -7.4 1",
        "M-8.4 -1.6 Q-6.4 -10.8 1 -11 Q8.6 -10.4 10.6 -2.4 Q9.4 -1.8 8.2 -1.4 Q6.8 -7.2 0.8 -7.4 Q-5.4 -7.2 -8.4 -1.6",
        -8.0,
        "M-6.6 -15.2 Q1 -19 8 -14.8 Q1 -16.8 -6.6 -13.8",
    ),
    "sharp": (
        "M-7.6 0 Q-5 -6.2 1 -7 Q7 -7.6 9 -4 Q8.4 6.6 1.4 8 Q-5 7.8 -7.6 0",
        "M-8.8 0.6 Q-6 -8 0.4 -9.2 Q7 -10 12 -8.6 Q10.6 -5 8.8 -1.6 Q7.8 -5.6 1 -5.6 Q-5 -5 -8.8 0.6",
        -6.0,
        "M-7 -12.8 Q1 -16.6 8.4 -16.4 Q1 -14.6 -6.8 -11.4",
    ),
    "sleepy": (
        "M-7.6 -0.6 Q-4 -4.6 1 -4.6 Q7 -4.4 8.4 -0.4 Q7.4 8.2 1 8.4 Q-6 8.2 -7.6 -0.6",
        "M-8.8 -1 Q-5 -6.8 1 -6.8 Q8 -6.4 10.4 0.8 Q9.4 1.4 8.2 1.6 Q7 -3 0.8 -3.2 Q-5 -3.2 -8.8 -1",
        -3.6,
        "M-7 -14.4 Q1 -16.4 8 -11.8 Q1 -14.4 -6.8 -12.8",
    ),
}  # fmt: skip
EYE_X, EYE_Y = 13.0, 58.5


@cache
def eye_part(points_of: str | tuple[float, ...], right: bool, lid: float = -99.0) -> np.ndarray:
    """Return a path or oval around the iris center, cut flat at `lid`, moved to one eye."""
    points = shape(points_of) if isinstance(points_of, str) else oval(*points_of)
    points = np.maximum(points, (-99, lid)) * (1 if right else -1, 1)
    return points + (50 + (EYE_X if right else -EYE_X), EYE_Y)


def draw_eyes(canvas: Canvas, face: Face) -> None:
    """Draw both eyes; the iris is lighter at the bottom."""
    white, lash, lid, _ = EYES[face.eye_shape]
    deep, middle, glow = shaded(EYE_COLOURS[face.eye_colour], face.eye_shade)
    skin, shade, _ = shaded(SKINS[face.skin], face.skin_shade)
    for right in (False, True):
        canvas.head(eye_part(white, right), mix(WHITE, skin, 0.12))
        canvas.head(eye_part((0.2, 0.4, 6.4, 8.6), right, lid), mix(deep, INK, 0.5))
        iris = (0.2, 0.4, 5.6, 7.8)
        for cut, colour in (
            (-9.0, deep),
            (-3.4, mix(deep, middle, 0.6)),
            (-1.0, middle),
            (3.0, mix(middle, glow, 0.35)),
            (5.2, mix(middle, glow, 0.7)),
        ):
            canvas.head(eye_part(iris, right, max(cut, lid)), colour)
        canvas.head(eye_part((0.2, -0.4, 2.3, 3.6), right, lid), mix(deep, INK, 0.7))
        canvas.head(eye_part(lash, right), INK)
        canvas.head(eye_part("M1 9.8 Q6 9.4 7.6 5.2 Q5.4 8.2 1 8.8", right), mix(INK, shade, 0.4))
        # The light comes from one side, so the highlights are not mirrored.
        x = 50 + (EYE_X if right else -EYE_X)
        canvas.head(oval(x - 2.5, EYE_Y + max(lid, -6.0) + 3.2, 2.3, 2.5), WHITE)
        canvas.head(oval(x + 2.6, EYE_Y + 4.6, 1.1, 1.2), WHITE)


def draw_brows(canvas: Canvas, face: Face) -> None:
    """Draw the brows over the fringe, as anime does."""
    colour = mix(HAIR_COLOURS[face.hair_colour][1], INK, 0.6)
    for right in (False, True):
        canvas.head(eye_part(EYES[face.eye_shape][3], right), colour)


# ---- hair -------------------------------------------------------------------

CAP = "C20 24 32 8.5 50 8.5 C68 8.5 80 24 "
FRINGES: dict[str, str] = {
    "bob": "M22.5 54 " + CAP + "77.5 54 Q74 48 72 41 Q70 45 69 47.5 Q65 47 62 47 Q61 43 60.6 40 Q60 45 59 47.5 Q53 48.5 47 48 Q46 44 46 41 Q44.6 45 43.6 48 Q38 48 33 47.5 Q31 45 29 41 Q27 48 22.5 54",
    "long": "M22.5 56 " + CAP + "77.5 56 Q74 50 72 42 Q71 46 67.4 49 Q63 42 62 37 Q60 44 55.4 49 Q51.6 43 51 36 Q48 44 42.4 49 Q40.6 44 41 38 Q37 46 32 49 Q30 46 28.6 42 Q27 50 22.5 56",
    "twin_tails": "M23 54 " + CAP + "77 54 Q74 47 72.4 38 Q69 44 67 50 Q63 44 61 35 Q57 40 54.5 47.5 Q50.6 42 50 34 Q48 42 45.5 47.5 Q41 40 39 35 Q37 44 33 50 Q31 44 27.6 38 Q26 47 23 54",
    "ponytail": "M23 52 " + CAP + "77 56 Q76 46 73 37 Q72 44 69 49 Q66 40 60 30 Q58 40 48 47 Q48 44 49 41 Q44 46 36 49.5 Q36 46 37 43 Q33 47 28 49 Q27 46 27 44 Q26 49 23 52",
    "spiky": "M21 56 Q20 50 19 45 Q14 47 9.5 45.5 Q15 40 16 33 Q11.5 31 8.5 26.5 Q15 25 19 20 Q18 14 18.5 8.5 Q25 11.5 31 11 Q36 5 43 1.5 Q44.6 5 47 7.6 Q54 3.4 62.5 4.4 Q62.6 7.4 64.4 10 Q72 9 80 12 Q79 16.4 79.6 21 Q86 23.4 90.5 28.5 Q85 31 83.4 35 Q85.6 42 90 47 Q84 47.6 80.4 46 Q79.6 52 79 56 Q74 48 73 41 Q71 46 67 50 Q64 44 62.6 37 Q60 43 55 49 Q53 44 53 39 Q49 46 42 50 Q42 46 42.6 41 Q38 46 33 50.5 Q31 46 29 41 Q28 49 21 56",
    "buns": "M23 54 " + CAP + "77 54 Q75 46 72 38 Q69 41 66 48.5 Q60 46 52 32 Q50 30 49 32 Q42 46 34 48.5 Q31 42 28 38 Q26 47 23 54",
}  # fmt: skip
# Outlines of each style that lie behind the head, and whether the other half mirrors them.
BACK_HAIR: dict[str, list[tuple[str, bool]]] = {
    "bob": [("M50 10 C26 10 17 28 17 50 C15 66 16 76 21 82 Q30 85 38 80 L50 78", True)],
    "long": [("M50 10 C26 10 18 28 18 50 C17 72 12 86 9 104 Q18 108 34 104 L50 78", True)],
    "twin_tails": [
        ("M50 12 Q22 14 22 50 Q22 60 26 67 L50 67", True),
        ("M24 20 C10 12 1 30 3 52 C4 70 9 82 4 98 C16 92 21 78 19 64 C18 48 20 38 28 30", True),
    ],
    "ponytail": [
        ("M50 12 Q22 14 22 50 Q22 60 26 67 L50 67", True),
        ("M64 12 C76 0 94 10 95 32 C96 52 88 62 96 82 C82 80 76 66 78 52 C80 38 76 28 66 24", False),
    ],
    "spiky": [("M50 12 Q20 14 21 50 L17.5 65 Q22 65.6 24 64 L24 72 Q28 70 30 66 L50 67", True)],
    "buns": [
        ("M50 12 Q22 14 22 50 Q22 60 26 67 L50 67", True),
        ("M38 16 C36 3 18 1 14 12 C11 22 20 31 30 27", True),
    ],
}  # fmt: skip
SIDE_LOCKS: dict[str, str] = {
    "bob": "M24 40 C20 52 19 66 23 79 C29 78 32 72 31 66 C28 60 28.4 50 30 42",
    "long": "M24 38 C20 54 20 72 17 92 C25 88 30 76 30 66 C28 58 28.4 50 30 42",
    "twin_tails": "M24 38 C21 52 22 64 25.6 76 C29 70 29.6 62 28.6 54 Q28.4 48 30 42",
    "ponytail": "M24 38 C21 50 22 60 24.6 70 C28.4 66 29 58 28.2 52 Q28.2 48 30 42",
    "spiky": "M23 40 C20 50 21 58 23 70 C28 64 29 58 28.2 52 Q28.4 48 30 42",
    "buns": "M24 38 C21 54 22 68 27 82 C30.6 72 30 62 28.6 54 Q28.4 48 30 42",
}  # fmt: skip
# Darker strands in what lies behind the head, mirrored as that is.
TAIL_STRANDS: dict[str, tuple[str, ...]] = {
    "twin_tails": (
        "M15 22 C5 36 10 62 8.4 84 C13 66 9.6 42 18 27",
        "M21 26 C15 38 16 56 14.6 74 C19 60 17.4 44 23 30",
    ),
    "ponytail": (
        "M82 12 C92 30 82 56 92 76 C85 60 88 36 78 16",
        "M76 16 C85 34 79 52 84 68 C81 52 82 36 73 20",
    ),
    "buns": ("M30 27 C20 29 12 21 14.6 11.6 C16 19 22 24 31 24",),
}
# Where each fringe parts: a dark gap runs up from there.
PARTINGS: dict[str, tuple[tuple[float, float], ...]] = {
    "bob": ((46.0, 41.4), (60.6, 40.4)),
    "long": ((41.0, 38.4), (51.0, 36.4), (62.0, 37.4)),
    "twin_tails": ((39.0, 35.4), (50.0, 34.4), (61.0, 35.4)),
    "ponytail": ((60.0, 30.4), (49.0, 41.4), (37.0, 43.4)),
    "spiky": ((42.6, 41.4), (53.0, 39.4), (62.6, 37.4)),
    "buns": ((50.0, 31.4),),
}
SHINE = (
    "M28.4 31.6 C32.4 24 41 20 51 19.6 Q56 19.4 57 20.6 Q57.4 24 56.4 28 Q54 26 53 23.6 Q51.4 27.6 49.6 31.4 Q47.6 28 46.4 24.8 Q43.6 29 41.6 31.4 Q40 29 39.4 27.2 Q36 30 34.4 34 Q33 32 32.6 30.4 Q30.4 31 28.4 31.6",
    "M60.6 21.2 C66 22.8 69.6 26 71.8 31.2 Q69.4 29.6 67.4 29.2 Q66.8 31.4 65.2 32.4 Q63.6 28 61.4 26.2 Q61.4 23.4 60.6 21.2",
)


def draw_back_hair(canvas: Canvas, face: Face) -> None:
    """Draw the hair behind the head."""
    base, shade, _ = shaded(HAIR_COLOURS[face.hair_colour], face.hair_shade)
    line = mix(shade, INK, 0.5)
    for number, (path, mirrored) in enumerate(BACK_HAIR[face.hair_style]):
        for flip in (False, True)[: 1 + mirrored]:
            # The first shape is the shadowed inside; tails and buns catch the light.
            canvas.lined(path, base if number else mix(shade, base, 0.1), line, flip)
            if number:
                for strand in TAIL_STRANDS[face.hair_style]:
                    canvas.head(shape(strand, flip), mix(base, shade, 0.7))


def draw_front_hair(canvas: Canvas, face: Face) -> None:
    """Draw side locks, fringe, strands and shine."""
    base, shade, light = shaded(HAIR_COLOURS[face.hair_colour], face.hair_shade)
    line = mix(shade, INK, 0.5)
    for flip in (False, True):
        canvas.lined(SIDE_LOCKS[face.hair_style], base, line, flip)
    canvas.lined(FRINGES[face.hair_style], base, line)
    for flip in (False, True):
        canvas.head(
            shape("M23 54 C20.4 32 28 16 42 10.4 C32 18 27 30 29 42 Q27 49 23 54", flip),
            mix(base, shade, 0.7),
        )
    for x, y in PARTINGS[face.hair_style]:
        crown = 50 + (x - 50) * 0.5
        gap = f"M{x - 0.6} {y} Q{x - 1.2} 26 {crown} 15 Q{x + 0.8} 26 {x + 0.6} {y}"
        canvas.head(shape(gap), mix(base, shade, 0.8))
    for highlight in SHINE:
        canvas.head(shape(highlight), mix(base, light, 0.85))


# ---- accessories ------------------------------------------------------------

BAND = "M21.6 37 C23.6 19 35 9 50 9 C65 9 76.4 19 78.4 37 C74 22 63.6 14.4 50 14.4 C36.4 14.4 26 22 21.6 37"
CAT_EAR = "M27 22 Q22 8 25 -1 Q37 4 44 12 Q34 14 27 22"
RED, GOLD, ROSE = (214, 44, 62), (250, 204, 92), (255, 150, 178)


def draw_accessory(canvas: Canvas, face: Face) -> None:
    """Draw what is worn, leaving hair, eyes and background visible for `reader`."""
    if face.accessory == "glasses":
        for x in (37.0, 63.0):
            canvas.head_line(oval(x, 59.5, 11.2, 10.6), INK)
        canvas.head_line(np.array([(48.2, 58.0), (51.8, 58.0)]), INK)
    elif face.accessory == "ribbon":
        for flip in (False, True):
            canvas.lined("M50 10 Q40 -1 33 3 Q31 11 34 18 Q42 18 50 13", RED, INK, flip)
            canvas.head(shape("M48 11.4 Q42 8 37 8.4 Q42 12.6 48 12.4", flip), mix(RED, INK, 0.35))
        canvas.head(oval(50, 11.4, 3.4, 3.4), mix(RED, INK, 0.5))
        canvas.head(oval(50, 11.0, 2.6, 2.6), RED)
    elif face.accessory == "hairpin":
        for y in (36.0, 40.5):
            bar = np.array([(26.0, y + 2), (36.5, y - 2), (37.3, y + 0.4), (26.8, y + 4.4)])
            canvas.head(bar + (0, 0.7), INK)
            canvas.head(bar, GOLD)
    elif face.accessory == "headband":
        canvas.lined(BAND, WHITE, INK)
    elif face.accessory == "flower":
        for radius, colour in ((4.2, mix(ROSE, INK, 0.5)), (3.5, ROSE)):
            for angle in np.arange(5) * 2 * np.pi / 5:
                x, y = 71 + 4.6 * np.sin(angle), 27 - 4.6 * np.cos(angle)
                canvas.head(oval(x, y, radius, radius), colour)
        canvas.head(oval(71, 27, 2.6, 2.6), GOLD)
    elif face.accessory == "cat_ears":
        base, shade, _ = shaded(HAIR_COLOURS[face.hair_colour], face.hair_shade)
        for flip in (False, True):
            canvas.lined(CAT_EAR, base, mix(shade, INK, 0.5), flip)
            canvas.head(shape("M28.6 15 Q26 8 27.4 3.6 Q34 7 38 12 Q32 12.6 28.6 15", flip), ROSE)


def draw_face(face: Face, size: int = 64) -> Image.Image:
    """Return the RGB image (size x size) of a face; the same face always gives the same image."""
    canvas = Canvas(face, size)
    draw_background(canvas, face)
    draw_back_hair(canvas, face)
    draw_body(canvas, face)
    draw_head(canvas, face)
    draw_eyes(canvas, face)
    draw_front_hair(canvas, face)
    draw_brows(canvas, face)
    draw_accessory(canvas, face)
    return canvas.image.reduce(SUPERSAMPLING)
