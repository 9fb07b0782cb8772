"""Where in a picture the faces are."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, log, radians, sin
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from anime_gan.errors import UserError
from anime_gan.preparation.judge import SIDE, Judge

# A pass over a picture: the longer side that it is brought to, the angle that it is turned by, and
# what is done to it first. animeface finds faces of 43 pixels and more that look straight out of
# flat colours: small sides blur brushwork and shading away, turning finds tilted heads, equalising
# those in the dark and sharpening the pale ones.
PASSES = (
    *((side, angle, "plain") for side in (240, 340, 490, 580) for angle in (0, -15, 15, -30, 30)),
    *((side, 0, "plain") for side in (700, 1000)),
    *((side, angle, "equalised") for side in (240, 340) for angle in (0, -15, 15)),
    *((side, angle, "sharpened") for side in (240, 340) for angle in (0, -15, 15)),
)
QUICK_PASSES = ((340, 0, "plain"), (680, 0, "plain"))
_TREATMENTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda image: image,
    "equalised": ImageOps.equalize,
    "sharpened": lambda image: image.filter(ImageFilter.UnsharpMask(2, 150, 0)),
}
# What was found is looked at again from near, upright: at these sides of the face in pixels, turned
# a little more, mirrored; and the judge sees these shares of its surroundings.
_NEAR_SIDES, _NEAR_ANGLES, _NEAR = (56, 80, 112), (-10, 0, 10), 2.2
_FRAMED = 1.7  # sides of a face that a ready crop, hair and all, is wide
_JUDGED = (1.4, _FRAMED, 2.0)
# A face's evidence is _OPINION times what the judge says, plus the logarithm of the number of
# passes that agree, weighed by how sure animeface is from near. Both and the limit were set on the
# pictures of docs/faces.md, so its counts are a little kind.
_OPINION, _HALF, _NONE = 4.0, 0.97, 0.1
# The judge also looks by itself, at windows of its own size all over the picture at these longer
# sides: it knows painted faces that animeface does not. A window must convince it more than a face
# that animeface saw.
_WINDOWS, _STRIDE, _PROMISING, _CONVINCING = (120, 170, 240, 340), 12, 0.5, 0.6


class Face(NamedTuple):
    """A face: the middle of its box (x, y) and the box's side in pixels, and 0 to 1 how sure."""

    x: float
    y: float
    side: float
    likelihood: float


Detector = Callable[[Image.Image], list[Face]]


class _Hit(NamedTuple):
    """What one pass found, in pixels of the picture; angle, treatment: those of the pass."""

    likelihood: float
    x: float
    y: float
    side: float
    angle: int
    treatment: str


def open_detector(name: str, quick: bool = False) -> Detector:
    """Return a function from an RGB picture to its faces, likeliest first.

    name: "animeface", or the path of a cascade of OpenCV, as .xml. quick: two passes of animeface
    in place of 34, no second look and no windows, in a twentieth of the time; docs/faces.md says
    what either finds. UserError if a package is not installed or the cascade can't be read.
    """
    if name == "animeface":
        return _animeface(quick)
    return _cascade(Path(name).expanduser())


def _animeface(quick: bool) -> Detector:
    try:
        import animeface
    except ImportError as error:
        raise UserError(
            f"animeface can't be started ({error}): pip install -r requirements-faces.txt."
        ) from error
    judge = Judge()

    def look(image: Image.Image) -> list[tuple[float, float, float, float]]:
        """Return (likelihood, middle x, middle y, side) of what one pass sees."""
        boxes = ((face.likelihood, face.face.pos) for face in animeface.detect(image))
        return [(p, b.x + b.width / 2, b.y + b.height / 2, b.width) for p, b in boxes]

    def find(image: Image.Image) -> list[Face]:
        passes = QUICK_PASSES if quick else PASSES
        faces = []
        for group in _groups([hit for one in passes for hit in _hits(image, look, *one)]):
            best = max(group)
            sure = best.likelihood
            if not quick:
                shown = {_TREATMENTS[name] for name in ("plain", best.treatment)}
                sure = max(_near_look(treat(image), best, look) for treat in shown)
            evidence = _OPINION * _opinion(image, best, judge) + log(len(group) * sure + _NONE)
            x, y, side = np.median([(hit.x, hit.y, hit.side) for hit in group], axis=0)
            likelihood = 1 / (1 + exp(_HALF - evidence))
            faces.append(Face(float(x), float(y), float(side), likelihood))
        faces = _apart(faces)
        return faces if quick else _apart(faces + _others(image, judge, faces))

    return find


def _others(image: Image.Image, judge: Judge, faces: list[Face]) -> list[Face]:
    """Return faces that only the judge sees, away from those that are likely ones already."""
    likely = [face for face in faces if face.likelihood >= 0.5]
    found = []
    for group in _groups(_windows(image, judge)):
        best = max(group)
        frame = best.side * _FRAMED / 2
        if not any(max(abs(f.x - best.x), abs(f.y - best.y)) < frame for f in likely):
            likelihood = 1 / (1 + exp(_OPINION * (_CONVINCING - _opinion(image, best, judge))))
            found.append(Face(best.x, best.y, best.side, likelihood))
    return found


def _windows(image: Image.Image, judge: Judge) -> list[_Hit]:
    """Return the windows of a picture that the judge takes for a face."""
    hits = []
    for side in _WINDOWS:
        scale = side / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        around = SIDE // 4  # so that faces at the border come to a window's middle
        small = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
        small = np.pad(small, ((around, around), (around, around), (0, 0)), mode="edge")
        corners = [
            (x, y)
            for y in range(0, small.shape[0] - SIDE + 1, _STRIDE)
            for x in range(0, small.shape[1] - SIDE + 1, _STRIDE)
        ]
        crops = [Image.fromarray(small[y : y + SIDE, x : x + SIDE]) for x, y in corners]
        for (x, y), opinion in zip(corners, judge(crops), strict=True):
            if opinion > _PROMISING:
                # A face lies a little below the middle of its hair.
                middle = x + SIDE / 2 - around, y + SIDE * 0.53 - around
                place = [value / scale for value in (*middle, SIDE / _FRAMED)]
                hits.append(_Hit(float(opinion), *place, 0, "plain"))
    return hits


def _hits(image: Image.Image, look: Callable, side: int, angle: int, treatment: str) -> list[_Hit]:
    """Return what one pass finds."""
    scale = side / max(image.size)
    size = max(8, round(image.width * scale)), max(8, round(image.height * scale))
    small = _TREATMENTS[treatment](image.resize(size, Image.Resampling.LANCZOS))
    turned = small
    if angle:
        turned = small.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    hits = []
    for likelihood, x, y, width in look(turned):
        x, y = _turned_back(x, y, angle, turned.size, small.size)
        hits.append(_Hit(likelihood, x / scale, y / scale, width / scale, angle, treatment))
    return hits


def _cascade(path: Path) -> Detector:
    try:
        import cv2
    except ImportError as error:
        raise UserError(
            f"OpenCV can't be started ({error}): pip install -r requirements-faces.txt."
        ) from error
    if not path.is_file():
        raise UserError(f"{path} does not exist: name animeface, or the .xml file of a cascade.")
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError):  # the second is how it tells of a file that it can't parse
        cascade = None
    if cascade is None or cascade.empty():
        raise UserError(f"{path} is not a cascade of OpenCV: name its .xml file, or animeface.")
    cv2.setNumThreads(1)  # there is a process for each core already

    def find(image: Image.Image) -> list[Face]:
        grey = cv2.equalizeHist(np.asarray(image.convert("L")))
        boxes = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(24, 24))
        # A cascade says yes or no.
        return [Face(x + w / 2, y + h / 2, float(max(w, h)), 1.0) for x, y, w, h in boxes]

    return find


def _near_look(image: Image.Image, hit: _Hit, look: Callable) -> float:
    """Return how sure a detector is of a face on average, when it sees it upright and near."""
    likelihoods = []
    for near in _upright(image, hit, _NEAR):
        for side in _NEAR_SIDES:
            shown = near.resize((round(side * _NEAR),) * 2, Image.Resampling.LANCZOS)
            middle = shown.width / 2
            seen = [
                likelihood
                for likelihood, x, y, width in look(shown)
                if max(abs(x - middle), abs(y - middle)) < 0.35 * side and 0.6 < width / side < 1.6
            ]
            likelihoods.append(max(seen, default=0.0))
    return float(np.mean(likelihoods))


def _opinion(image: Image.Image, hit: _Hit, judge: Judge) -> float:
    """Return what the judge says of a face on average, seen upright in more or less of a frame."""
    return float(judge([crop for share in _JUDGED for crop in _upright(image, hit, share)]).mean())


def _upright(image: Image.Image, hit: _Hit, share: float) -> list[Image.Image]:
    """Return a face with `share` of its side around, turned upright and a little more, mirrored."""
    half = max(1.0, hit.side * share / 2)
    wide = half * 1.5  # so that turning brings no corners in
    whole = Image.new("RGB", (round(2 * wide),) * 2, "white")
    whole.paste(image, (round(wide - hit.x), round(wide - hit.y)))
    box = [round(wide + d) for d in (-half, -half, half, half)]
    turned = [
        whole.rotate(hit.angle + angle, Image.Resampling.BICUBIC, fillcolor="white").crop(box)
        for angle in _NEAR_ANGLES
    ]
    return [*turned, *map(ImageOps.mirror, turned)]


def _turned_back(
    x: float, y: float, angle: int, turned: tuple[int, int], size: tuple[int, int]
) -> tuple[float, float]:
    """Return where in a picture of `size` the point of the turned one is."""
    x, y = x - turned[0] / 2, y - turned[1] / 2
    c, s = cos(radians(angle)), sin(radians(angle))
    return x * c - y * s + size[0] / 2, x * s + y * c + size[1] / 2


def _groups(hits: list[_Hit]) -> list[list[_Hit]]:
    """Return the hits of one face together, the likeliest first."""
    groups: list[list[_Hit]] = []
    for hit in sorted(hits, reverse=True):
        for group in groups:
            if _same(hit, group[0]):
                group.append(hit)
                break
        else:
            groups.append([hit])
    return groups


def _apart(faces: list[Face]) -> list[Face]:
    """Return the faces, likeliest first, without those that lie on a likelier one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.likelihood, reverse=True):
        if not any(_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _same(one: Face | _Hit, other: Face | _Hit) -> bool:
    """Say whether two boxes are of one face: their middles nearer than half of the larger one."""
    apart = max(abs(one.x - other.x), abs(one.y - other.y))
    return apart < 0.5 * max(one.side, other.side)
