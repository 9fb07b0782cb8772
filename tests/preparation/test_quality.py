"""Each fault of a face is measured, and a good face has none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from anime_gan.data import demo
from anime_gan.preparation.quality import fault, measure
from anime_gan.preparation.settings import GREY, Limits

FACE = Image.fromarray(demo.draw_faces(1, 64)[0])


def fault_of(image, limits=None):
    quality = measure(image, np.asarray(image.convert("L")), (0, 0))
    return fault(quality, limits or Limits())


def as_jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        (None, lambda image: image),
        ("of one colour", lambda image: Image.new("RGB", image.size, (240, 200, 200))),
        ("too dark", lambda image: image.point(lambda v: v // 5)),
        ("washed out", lambda image: image.point(lambda v: 200 + v // 6)),
        ("blurred", lambda image: image.filter(ImageFilter.GaussianBlur(3))),
        ("too compressed", lambda image: as_jpeg(image, 4)),
    ],
)
def test_a_fault_is_named(reason, spoil):
    """A demo face, spoiled in one way at a time."""
    assert fault_of(spoil(FACE)) == reason


@pytest.mark.parametrize("side", [64, 128, 256, 512])
def test_sharpness_does_not_depend_on_the_side(side):
    """A large face has more pixels beside its lines, and is not blurred for that."""
    face = Image.fromarray(demo.draw_faces(1, side)[0])
    assert fault_of(face) is None
    assert fault_of(face.resize((16, 16)).resize((side, side))) == "blurred"


def test_gray_is_a_fault_only_by_option():
    """Some sets are gray on purpose."""
    gray = FACE.convert("L").convert("RGB")
    assert fault_of(gray) is None
    assert fault_of(gray, Limits(greyscale=GREY)) == "greyscale"


def test_blocks_are_measured_where_the_file_has_them():
    """A crop begins in the middle of a block."""
    bad = as_jpeg(FACE, 4)
    crop = bad.crop((3, 5, 59, 61))
    pixels = np.asarray(crop.convert("L"))
    right, wrong = (measure(crop, pixels, offset)["blocks"] for offset in ((3, 5), (0, 0)))
    assert right > 1.8 > wrong
