"""Each fault of a face has its number, and a sound face has none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from anime_gan.data import demo
from anime_gan.preparation.quality import GREY, Limits, fault, measure

FACE = Image.fromarray(demo.draw_faces(1, 64)[0])


def judged(image, limits=None, offset=(0, 0)):
    quality = measure(image, np.asarray(image.convert("L")), offset)
    return fault(quality, limits or Limits())


def coded(image, quality):
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    return Image.open(packed).convert("RGB")


@pytest.mark.parametrize(
    ("said", "spoil"),
    [
        (None, lambda image: image),
        ("of one colour", lambda image: Image.new("RGB", image.size, (240, 200, 200))),
        ("too dark", lambda image: image.point(lambda v: v // 5)),
        ("washed out", lambda image: image.point(lambda v: 200 + v // 6)),
        ("blurred", lambda image: image.filter(ImageFilter.GaussianBlur(3))),
        ("too compressed", lambda image: coded(image, 4)),
    ],
)
def test_a_fault_is_named(said, spoil):
    """The drawn face, spoiled in one way at a time."""
    assert judged(spoil(FACE)) == said


@pytest.mark.parametrize("side", [64, 128, 256, 512])
def test_sharp_and_blurred_stay_apart_at_every_side(side):
    """A large face has more pixels beside its lines, and is not called blurred for it."""
    face = Image.fromarray(demo.draw_faces(1, side)[0])
    assert judged(face) is None
    assert judged(face.resize((16, 16)).resize((side, side))) == "blurred"


def test_grey_is_a_fault_only_by_option():
    """Many sets are meant to be grey."""
    grey = FACE.convert("L").convert("RGB")
    assert judged(grey) is None
    assert judged(grey, Limits(greyscale=GREY)) == "greyscale"


def test_blocks_are_seen_where_the_file_has_them():
    """In a crop they begin in the middle of a block."""
    bad = coded(FACE, 4)
    crop = bad.crop((3, 5, 59, 61))
    pixels = np.asarray(crop.convert("L"))
    assert measure(crop, pixels, (3, 5)).blocks > 1.8 > measure(crop, pixels, (0, 0)).blocks
