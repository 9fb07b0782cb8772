"""A face's picture, from the background to the accessory, each part drawn over the one before."""

from functools import cache

import numpy as np
from PIL import Image

from drawn.canvas import SUPERSAMPLING, Canvas, mix, oval, shaded, shape
from drawn.face import (
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
    """Fill the picture: a gradient, and the background's own pattern."""
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


def draw_body(canvas: Canvas, face: Face) -> None:
    """Draw shoulders, neck and collar."""
    skin, shade, line = shaded(SKINS[face.skin], face.skin_shade)
    cloth, collar, trim = OUTFITS[face.outfit]
    canvas.body(
        shape("M6 112 Q8 95 28 91 Q42 89 44 86 L56 86 Q58 89 72 91 Q92 95 94 112"),
        mix(cloth, INK, 0.45),
    )
    canvas.body(shape("M8 112 Q10 96 29 92 Q42 90 44 87 L56 87 Q58 90 71 92 Q90 96 92 112"), cloth)
    canvas.body(
        shape("M43 70 L57 70 L57 88 Q60 90 61 91 L50 108 L39 91 Q40 90 43 88", grow=0.7), line
    )
    canvas.body(shape("M43 70 L57 70 L57 88 Q60 90 61 91 L50 108 L39 91 Q40 90 43 88"), skin)
    # The chin throws its shadow on the neck.
    canvas.body(shape("M43 70 L57 70 L57 86 Q52 92 43 87"), shade)
    for flip in (False, True):
        canvas.body(
            shape("M42.5 85 L37 89 Q30 96 27 106 L46 112 L50.5 104 Q43 96 42.5 85", flip, 0.7),
            mix(collar, INK, 0.5),
        )
        canvas.body(
            shape("M42.5 85 L37 89 Q30 96 27 106 L46 112 L50.5 104 Q43 96 42.5 85", flip), collar
        )
        canvas.body(
            shape("M38.5 90.5 Q33 97 31 108 L33.5 108 Q35 98 40 92.5", flip), mix(collar, trim, 0.6)
        )
    canvas.body(
        shape("M50 101 L42 96 L40 106 L50 104 L60 106 L58 96", grow=0.5), mix(trim, INK, 0.5)
    )
    canvas.body(shape("M50 101 L42 96 L40 106 L50 104 L60 106 L58 96"), trim)


# ---- head -------------------------------------------------------------------

FACE = "M25.5 40 L25.5 54 C25.5 66 32 72 39 77 C44 80.5 47 83 50 83 C53 83 56 80.5 61 77 C68 72 74.5 66 74.5 54 L74.5 40 Q74 20 50 20 Q26 20 25.5 40"
EAR = "M27 52 Q21 48 21.5 56 Q22.5 64 28 65"


def draw_head(canvas: Canvas, face: Face) -> None:
    """Draw ears, face, blush, nose and mouth, and the shadow that the fringe throws."""
    skin, shade, line = shaded(SKINS[face.skin], face.skin_shade)
    for flip in (False, True):
        canvas.lined(EAR, skin, line, flip)
        canvas.head(shape("M26.5 54 Q23 52 23.6 57 Q24.5 61 27 62", flip), shade)
    canvas.lined(FACE, skin, line)
    blush = mix(skin, (246, 84, 96), 0.26)
    for x in (33.5, 66.5):
        canvas.head(oval(x, 68.5, 5.2, 2.5), mix(skin, blush, 0.5))
        canvas.head(oval(x, 68.5, 3.9, 1.7), blush)
    # The fringe throws its own outline as a shadow, drawn in so that it stays on the face.
    fringe = shape(FRINGES[face.hair_style])
    canvas.head(np.minimum((fringe - (50, 0)) * (0.9, 1) + (50, 3.6), (100, 52)), shade)
    canvas.head(shape("M49.4 68.4 L51.6 70.6 L49 70.8"), mix(shade, line, 0.5))
    draw_mouth(canvas, face.mouth, line)


def draw_mouth(canvas: Canvas, mouth: str, line: Colour) -> None:
    """Draw one of the mouths in the colour of the skin's lines."""
    dark = mix(line, INK, 0.45)
    if mouth == "smile":
        canvas.head(shape("M43.5 74.4 Q50 79.4 56.5 74.4 Q50 77 43.5 74.4", grow=0.3), dark)
    elif mouth == "open":
        canvas.head(
            shape("M43.5 73.6 Q50 75 56.5 73.6 Q55 80.6 50 80.6 Q45 80.6 43.5 73.6", grow=0.5), dark
        )
        canvas.head(
            shape("M44.5 74.2 Q50 75.6 55.5 74.2 Q54 80 50 80 Q46 80 44.5 74.2"), (176, 44, 62)
        )
        canvas.head(shape("M46.4 78.6 Q50 75.8 53.6 78.6 Q50 80.8 46.4 78.6"), (250, 138, 138))
    elif mouth == "flat":
        canvas.head(shape("M45 75.4 L55 75.1 L55 76.5 L45 76.8"), dark)
    elif mouth == "cat":
        canvas.head(
            shape(
                "M43.5 74.2 Q46.6 78.6 50 75.2 Q53.4 78.6 56.5 74.2 Q53.4 77 50 74.2 Q46.6 77 43.5 74.2"
            ),
            line,
        )
    else:
        canvas.head(oval(50, 76.2, 2.6, 2.2), dark)
        canvas.head(oval(50, 76.4, 1.5, 1.2), (214, 84, 92))


# ---- eyes -------------------------------------------------------------------

# Each eye shape, for the eye on the right of the picture, around the middle of the iris: the open
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
        "M-7.6 -11.8 Q1 -16.6 8.6 -17.6 Q2 -14.6 -7.2 -10.2",
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
    """A path or an oval around the middle of the iris, cut flat at `lid`, put where that eye is."""
    points = shape(points_of) if isinstance(points_of, str) else oval(*points_of)
    points = np.maximum(points, (-99, lid)) * (1 if right else -1, 1)
    return points + (50 + (EYE_X if right else -EYE_X), EYE_Y)


def draw_eyes(canvas: Canvas, face: Face) -> None:
    """Draw both eyes, with an iris that is lit from below."""
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
    """Draw the brows over the fringe, as is the custom."""
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
    "spiky": "M21 56 Q21 48 20 44 Q18 44 14.5 46 Q17 38 18 32 Q15 31 12.5 32 Q18 24 23 20 Q22 16 20 14 Q27 14 32 12 Q34 8 34 4.5 Q40 7 45 8 Q49 5 54 2.5 Q55 6 58 8.5 Q64 7 70 8 Q69 11 72 15 Q77 17 83 18 Q80 22 81 27 Q84 31 88 33 Q84 35 82.5 39 Q84 44 86 48 Q82 47 80 47 Q79 52 79 56 Q74 48 73 41 Q71 46 67 50 Q64 44 62.6 37 Q60 43 55 49 Q53 44 53 39 Q49 46 42 50 Q42 46 42.6 41 Q38 46 33 50.5 Q31 46 29 41 Q28 49 21 56",
    "buns": "M23 54 " + CAP + "77 54 Q75 46 72 38 Q69 41 66 48.5 Q60 46 52 32 Q50 30 49 32 Q42 46 34 48.5 Q31 42 28 38 Q26 47 23 54",
}  # fmt: skip
# Outlines of each style that lie behind the head, and whether the other half mirrors them.
BACK_HAIR: dict[str, list[tuple[str, bool]]] = {
    "bob": [("M50 10 C26 10 17 28 17 50 C15 66 16 76 21 82 Q30 85 38 80 L50 78", True)],
    "long": [("M50 10 C26 10 18 28 18 50 C17 72 12 86 9 104 Q18 108 34 104 L50 78", True)],
    "twin_tails": [
        ("M50 12 Q22 14 22 50 Q24 66 36 76 L50 76", True),
        ("M24 20 C10 12 1 30 3 52 C4 70 9 82 4 98 C16 92 21 78 19 64 C18 48 20 38 28 30", True),
    ],
    "ponytail": [
        ("M50 12 Q22 14 22 50 Q24 66 36 76 L50 76", True),
        ("M64 12 C76 0 94 10 95 32 C96 52 88 62 96 82 C82 80 76 66 78 52 C80 38 76 28 66 24", False),
    ],
    "spiky": [("M50 12 Q20 14 21 50 L19 66 L26 64 L27 74 L35 70 L50 76", True)],
    "buns": [
        ("M50 12 Q22 14 22 50 Q24 68 34 78 L50 76", True),
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
STRANDS = (
    "M41 38 Q41 26 47 14 Q43 26 42.4 38",
    "M62 37 Q61 26 56 15 Q59.6 26 60.4 37",
    "M51 36 Q51.4 28 51 20 Q50 28 49.8 36",
)
SHINE = "M27 33 C31 24.5 40 20.5 50 20.5 C60 20.5 69 24.5 73 33 L70 31.4 L67.6 35 L64 29.6 L60.6 31.6 L57 26.6 L53 29.4 L49 25.6 L45 29.6 L41 27 L37.6 32 L34.6 29.8 L31.6 35.4 L30 31.6"


def draw_back_hair(canvas: Canvas, face: Face) -> None:
    """Draw what lies behind the head."""
    base, shade, _ = shaded(HAIR_COLOURS[face.hair_colour], face.hair_shade)
    line = mix(shade, INK, 0.5)
    for number, (path, mirrored) in enumerate(BACK_HAIR[face.hair_style]):
        for flip in (False, True)[: 1 + mirrored]:
            # The first shape is the shadowed inside; tails and buns catch the light.
            canvas.lined(path, mix(shade, base, 0.75 if number else 0.1), line, flip)


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
    for strand in STRANDS:
        canvas.head(shape(strand), mix(base, shade, 0.7))
    canvas.head(shape(SHINE), mix(base, light, 0.85))


# ---- accessories ------------------------------------------------------------

BAND = "M20.5 40 C22 20 34 8 50 8 C66 8 78 20 79.5 40 L75.4 40 C74 25 64 14.4 50 14.4 C36 14.4 26 25 24.6 40"
CAT_EAR = "M27 22 Q22 8 25 -1 Q37 4 44 12 Q34 14 27 22"
RED, GOLD, ROSE = (214, 44, 62), (250, 204, 92), (255, 150, 178)


def draw_accessory(canvas: Canvas, face: Face) -> None:
    """Draw what is worn; it leaves hair, eyes and background readable."""
    if face.accessory == "glasses":
        for x in (37.0, 63.0):
            canvas.head_line(oval(x, 59.5, 11.2, 10.6), INK)
        canvas.head_line(np.array([(48.2, 58.0), (51.8, 58.0)]), INK)
    elif face.accessory == "ribbon":
        for flip in (False, True):
            wing = shape("M50 10 Q40 -1 33 3 Q31 11 34 18 Q42 18 50 13", flip)
            canvas.head(shape("M50 10 Q40 -1 33 3 Q31 11 34 18 Q42 18 50 13", flip, 0.8), INK)
            canvas.head(wing, RED)
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
        for angle in np.arange(5) * 2 * np.pi / 5:
            x, y = 71 + 4.6 * np.sin(angle), 27 - 4.6 * np.cos(angle)
            canvas.head(oval(x, y, 4.2, 4.2), mix(ROSE, INK, 0.5))
        for angle in np.arange(5) * 2 * np.pi / 5:
            x, y = 71 + 4.6 * np.sin(angle), 27 - 4.6 * np.cos(angle)
            canvas.head(oval(x, y, 3.5, 3.5), ROSE)
        canvas.head(oval(71, 27, 2.6, 2.6), GOLD)
    elif face.accessory == "cat_ears":
        base, shade, _ = shaded(HAIR_COLOURS[face.hair_colour], face.hair_shade)
        for flip in (False, True):
            canvas.lined(CAT_EAR, base, mix(shade, INK, 0.5), flip)
            canvas.head(shape("M28.6 15 Q26 8 27.4 3.6 Q34 7 38 12 Q32 12.6 28.6 15", flip), ROSE)


def draw_face(face: Face, size: int = 64) -> Image.Image:
    """Return the RGB picture (size x size) of a face; a face has one picture at each size."""
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
