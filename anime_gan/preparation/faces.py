"""Face detection in whole images."""

from collections.abc import Callable
from math import cos, exp, log, radians, sin
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from anime_gan.errors import UserError
from anime_gan.preparation.crop import fit
from anime_gan.preparation.face_classifier import SIDE, Classifier, open_classifier

# A pass of animeface over an image: the length of the longer side, the angle of rotation, and the
# filter. animeface finds upright faces of 43 pixels or more in flat colors. Small sides remove
# brushwork and shading, rotation finds tilted heads, equalizing finds faces in dark images and
# sharpening those in pale ones.
PASSES = (
    *((side, angle, "plain") for side in (240, 340, 490, 580) for angle in (0, -15, 15, -30, 30)),
    *((side, 0, "plain") for side in (700, 1000)),
    *((side, angle, "equalized") for side in (240, 340) for angle in (0, -15, 15)),
    *((side, angle, "sharpened") for side in (240, 340) for angle in (0, -15, 15)),
)
QUICK_PASSES = ((340, 0, "plain"), (680, 0, "plain"))
_FILTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda image: image,
    "equalized": ImageOps.equalize,
    "sharpened": lambda image: image.filter(ImageFilter.UnsharpMask(2, 150, 0)),
}
# Each detection is examined again in upright close-ups: with the face at these sides in pixels,
# at these additional angles, and mirrored. A close-up is so many times as wide as the face.
_CLOSE_SIDES, _CLOSE_ANGLES, _CLOSE_WIDTH = (56, 80, 112), (-10, 0, 10), 2.2
_CROP_WIDTH = 1.7  # the same for the crops with hair that the classifier was trained on
_CLASSIFIED_WIDTHS = (1.4, _CROP_WIDTH, 2.0)  # and for the crops that it gets
# The logit of a face's likelihood is _SCORE_WEIGHT * the classifier's score + log(number of
# detections * animeface's confidence in the close-ups + _NO_CONFIDENCE) - _BIAS. These weights were
# set on the images of docs/faces.md, so its counts are slightly optimistic.
_SCORE_WEIGHT, _BIAS, _NO_CONFIDENCE = 4.0, 0.97, 0.1
# The classifier also searches by itself, in sliding windows over the image at these longer sides:
# it knows painted faces that animeface misses. Windows with a score above _CANDIDATE are examined,
# and the likelihood of one whose crops score _ACCEPTED is 0.5.
_WINDOW_SIDES, _STRIDE, _CANDIDATE, _ACCEPTED = (120, 170, 240, 340), 12, 0.5, 0.6


class Face(NamedTuple):
    """A face: the confidence, 0 to 1, and the center and the side of its box in pixels.

    angle, filter: of the pass that found it.
    """

    likelihood: float
    x: float
    y: float
    side: float
    angle: int = 0
    filter: str = "plain"


Detector = Callable[[Image.Image], list[Face]]


def open_detector(name: str, quick: bool = False) -> Detector:
    """Return a function from an RGB image to its faces, the most likely first.

    Args:
        name: "animeface", or the path of an OpenCV cascade (.xml).
        quick: two passes of animeface instead of 34, no close-ups and no windows: ten times
            faster. docs/faces.md has what either finds.

    Raises:
        UserError: a package is not installed, or the cascade can't be read.
    """
    return _animeface(quick) if name == "animeface" else _cascade(Path(name).expanduser())


def _animeface(quick: bool) -> Detector:
    try:
        import animeface
    except ImportError as error:
        raise _not_installed("animeface", error) from error
    classifier = open_classifier()

    def detect(image: Image.Image) -> list[tuple[float, float, float, float]]:
        """Return (likelihood, center x, center y, side) of each face in one pass."""
        boxes = ((face.likelihood, face.face.pos) for face in animeface.detect(image))
        return [(p, b.x + b.width / 2, b.y + b.height / 2, b.width) for p, b in boxes]

    def find(image: Image.Image) -> list[Face]:
        passes = QUICK_PASSES if quick else PASSES
        faces = []
        for group in _groups([face for one in passes for face in _detections(image, detect, *one)]):
            best = max(group)
            confidence = best.likelihood
            if not quick:
                filters = {_FILTERS[name] for name in ("plain", best.filter)}
                confidence = max(_close_up(change(image), best, detect) for change in filters)
            evidence = log(len(group) * confidence + _NO_CONFIDENCE) - _BIAS
            logit = _SCORE_WEIGHT * _score(image, best, classifier) + evidence
            box = np.median([(face.x, face.y, face.side) for face in group], axis=0)
            faces.append(Face(_sigmoid(logit), *map(float, box)))
        faces = _without_overlaps(faces)
        if quick:
            return faces
        return _without_overlaps(faces + _window_faces(image, classifier, faces))

    return find


def _window_faces(image: Image.Image, classifier: Classifier, faces: list[Face]) -> list[Face]:
    """Return faces that only the classifier finds, apart from those that are likely already."""
    likely, found = [face for face in faces if face.likelihood >= 0.5], []
    for group in _groups(_windows(image, classifier)):
        best = max(group)
        half = best.side * _CROP_WIDTH / 2
        if not any(max(abs(f.x - best.x), abs(f.y - best.y)) < half for f in likely):
            logit = _SCORE_WEIGHT * (_score(image, best, classifier) - _ACCEPTED)
            found.append(best._replace(likelihood=_sigmoid(logit)))
    return found


def _windows(image: Image.Image, classifier: Classifier) -> list[Face]:
    """Return the windows of an image that the classifier scores as faces."""
    faces = []
    for side in _WINDOW_SIDES:
        small, scale = fit(image, side)
        around = SIDE // 4  # so that a face at the border is at the center of a window
        pixels = np.pad(np.asarray(small), ((around, around), (around, around), (0, 0)), "edge")
        corners = [
            (x, y)
            for y in range(0, pixels.shape[0] - SIDE + 1, _STRIDE)
            for x in range(0, pixels.shape[1] - SIDE + 1, _STRIDE)
        ]
        crops = [Image.fromarray(pixels[y : y + SIDE, x : x + SIDE]) for x, y in corners]
        for (x, y), score in zip(corners, classifier(crops), strict=True):
            if score > _CANDIDATE:
                # With the hair included, a face lies a little below the center.
                center = x + SIDE / 2 - around, y + SIDE * 0.53 - around
                box = [value / scale for value in (*center, SIDE / _CROP_WIDTH)]
                faces.append(Face(float(score), *box))
    return faces


def _detections(
    image: Image.Image, detect: Callable, side: int, angle: int, filter: str
) -> list[Face]:
    """Return the detections of one pass."""
    small, scale = fit(image, side, smallest=8)
    rotated = small = _FILTERS[filter](small)
    if angle:
        rotated = small.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    faces = []
    for likelihood, x, y, width in detect(rotated):
        x, y = _rotated_back(x, y, angle, rotated.size, small.size)
        faces.append(Face(likelihood, x / scale, y / scale, width / scale, angle, filter))
    return faces


def _cascade(path: Path) -> Detector:
    try:
        import cv2
    except ImportError as error:
        raise _not_installed("OpenCV", error) from error
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError):  # the second is raised for a file that is no XML
        cascade = None
    if cascade is None or cascade.empty():
        raise UserError(f"{path} is not an OpenCV cascade: name its .xml file, or animeface.")
    cv2.setNumThreads(1)  # there is a process per core already

    def find(image: Image.Image) -> list[Face]:
        gray = cv2.equalizeHist(np.asarray(image.convert("L")))
        boxes = cascade.detectMultiScale(gray, scaleFactor=1.1, minNeighbors=5, minSize=(24, 24))
        # A cascade gives no confidence.
        return [Face(1.0, x + w / 2, y + h / 2, float(max(w, h))) for x, y, w, h in boxes]

    return find


def _not_installed(name: str, error: ImportError) -> UserError:
    return UserError(f'{name} can\'t be started ({error}): pip install ".[faces]".')


def _close_up(image: Image.Image, face: Face, detect: Callable) -> float:
    """Return a detector's mean confidence in a face over upright close-ups of it."""
    likelihoods = []
    for near in _upright_crops(image, face, _CLOSE_WIDTH):
        for side in _CLOSE_SIDES:
            crop = near.resize((round(side * _CLOSE_WIDTH),) * 2, Image.Resampling.LANCZOS)
            center = crop.width / 2
            same = [
                likelihood
                for likelihood, x, y, width in detect(crop)
                if max(abs(x - center), abs(y - center)) < 0.35 * side and 0.6 < width / side < 1.6
            ]
            likelihoods.append(max(same, default=0.0))
    return float(np.mean(likelihoods))


def _score(image: Image.Image, face: Face, classifier: Classifier) -> float:
    """Return the classifier's mean score over upright crops of a face of several widths."""
    crops = [crop for width in _CLASSIFIED_WIDTHS for crop in _upright_crops(image, face, width)]
    return float(classifier(crops).mean())


def _upright_crops(image: Image.Image, face: Face, width: float) -> list[Image.Image]:
    """Return six crops `width` times as wide as a face: at three angles, plain and mirrored."""
    half = max(1.0, face.side * width / 2)
    wide = half * 1.5  # so that rotation shows no corners
    whole = Image.new("RGB", (round(2 * wide),) * 2, "white")
    whole.paste(image, (round(wide - face.x), round(wide - face.y)))
    box = [round(wide + d) for d in (-half, -half, half, half)]
    rotated = [
        whole.rotate(face.angle + angle, Image.Resampling.BICUBIC, fillcolor="white").crop(box)
        for angle in _CLOSE_ANGLES
    ]
    return [*rotated, *map(ImageOps.mirror, rotated)]


def _rotated_back(
    x: float, y: float, angle: int, rotated: tuple[int, int], size: tuple[int, int]
) -> tuple[float, float]:
    """Return where a point of a rotated image lies in the original, given the size of each."""
    x, y = x - rotated[0] / 2, y - rotated[1] / 2
    c, s = cos(radians(angle)), sin(radians(angle))
    return x * c - y * s + size[0] / 2, x * s + y * c + size[1] / 2


def _sigmoid(logit: float) -> float:
    return 1 / (1 + exp(-logit))


def _groups(faces: list[Face]) -> list[list[Face]]:
    """Return the detections grouped by face, the most likely first."""
    groups: list[list[Face]] = []
    for face in sorted(faces, reverse=True):
        for group in groups:
            # Of one face: the centers are within half of the larger side.
            apart = max(abs(face.x - group[0].x), abs(face.y - group[0].y))
            if apart < 0.5 * max(face.side, group[0].side):
                group.append(face)
                break
        else:
            groups.append([face])
    return groups


def _without_overlaps(faces: list[Face]) -> list[Face]:
    """Return the faces, the most likely first, without those that overlap a more likely one."""
    return [group[0] for group in _groups(faces)]
