"""Which values of arrays and of gray files of many bits are black and white."""

import numpy as np
import pytest
from PIL import Image

from anime_gan.data.decode import decode
from anime_gan.data.entries import Unreadable
from anime_gan.data.ranges import black_and_white
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from tests.data.files import assert_one_sentence, encoded, open_in

RAMP = np.arange(256, dtype=np.float64).reshape(4, 8, 8)  # 4 gray images


def read(tmp_path, array) -> np.ndarray:
    """Return gray images (N, 8, 8) as they are read from a .npy file."""
    np.save(tmp_path / "a.npy", array)
    return open_in(tmp_path, tmp_path / "a.npy", channels=1).images[:][..., 0].astype(int)


@pytest.mark.parametrize(
    "array",
    [
        RAMP * (1023 / 255),
        (RAMP * (1023 / 255)).round().astype(np.uint16),
        (RAMP - 128).astype(np.int8),
        (RAMP - 128).astype(np.int16),
        (RAMP.astype(np.int64) << 16).astype(np.int32),
        RAMP.astype(np.uint32) << 24,
        RAMP.astype(np.int16),
        RAMP.astype(np.float16),
        RAMP / 255 - 0.5,
    ],
)
def test_values_are_scaled_by_what_they_are(tmp_path, array):
    """Protects against black or clipped images from arrays of other ranges."""
    assert np.abs(read(tmp_path, array) - RAMP).max() <= 1


@pytest.mark.parametrize(
    "array",
    [
        (RAMP / 127.5 - 1) * 1.03,
        (RAMP / 255 - 0.5) * 1.06 + 0.5,
        (RAMP - 127.5) * 1.03 + 127.5,
        ((RAMP - 127.5) * 1.03 + 127.5).astype(np.int16),
    ],
)
def test_an_overshoot_is_clipped(tmp_path, array):
    """Protects against taking the overshoot of a resampling for a range of its own."""
    found = read(tmp_path, array)
    assert np.abs(found - RAMP).max() <= 9
    assert found.min() == 0 and found.max() == 255


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_zeros_and_ones_are_black_and_white(tmp_path, dtype):
    """Protects drawings of two values in any type."""
    assert set(np.unique(read(tmp_path, (RAMP % 2).astype(dtype)))) == {0, 255}


@pytest.mark.parametrize(
    "array",
    [
        (RAMP - RAMP.mean()) / RAMP.std(),
        RAMP / 60,
        RAMP / 255 / 255,
        (RAMP % 10).astype(np.uint8),
        RAMP * 1e9,
        RAMP / 255 - 1.5,
    ],
)
def test_unclear_values_are_refused(tmp_path, array):
    """Protects against training on black images without a word."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "a.npy")
    low, high = f"{array.min():.4g}", f"{array.max():.4g}"
    assert_one_sentence(error, "a.npy", f"from {low} to {high}", "from 0 to 1 or -1 to 1")


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("scale", [1, 1 / 255])
def test_images_with_nan_or_inf_are_left_out(tmp_path, value, scale):
    """Protects the other images, which one value made black."""
    array = RAMP * scale
    array[1, 2, 3] = value
    np.save(tmp_path / "a.npy", array)
    opened = open_in(tmp_path, tmp_path / "a.npy", channels=1)
    assert opened.skipped == [("000001", "image with NaN or infinite values")]
    assert np.array_equal(opened.images[:][..., 0], RAMP[[0, 2, 3]])
    np.save(tmp_path / "b.npy", array[1:2])
    with pytest.raises(UserError, match="1 x image with NaN or infinite values"):
        open_in(tmp_path, tmp_path / "b.npy")
    with pytest.raises(Unreadable, match="NaN or infinite"):
        decode(encoded(Image.fromarray(array[1].astype(np.float32)), "TIFF"), (8, 8, 1))


def test_the_images_of_a_file_are_treated_alike(tmp_path):
    """Protects a dark image among bright ones, also where each is an array of its own."""
    images = np.stack([RAMP[0], RAMP[3] * 257]).astype(np.uint16)[..., None]
    np.savez(tmp_path / "a.npz", a=images[0], b=images[1])
    opened = open_in(tmp_path, tmp_path / "a.npz", channels=1).images[:][..., 0]
    assert opened[0].max() == 0 and np.array_equal(opened[1], RAMP[3])


@pytest.mark.parametrize(
    ("low", "high"), [(-1, 1), (-0.98, 0.97), (-1.05, 1.04), (0, 255), (0, 1023), (0, 1)]
)
def test_float_files_are_scaled_by_their_values(low, high):
    """Protects float TIFF files of other ranges against being cut or black."""
    ramp = np.linspace(0, 1, 64).reshape(8, 8)
    values = (low + ramp * (high - low)).astype(np.float32)
    found = decode(encoded(Image.fromarray(values), "TIFF"), (8, 8, 1))[..., 0]
    assert np.abs(found - ramp * 255).max() <= 7


def test_other_gray_files():
    """Protects 8 bits in the upper ones of 32, and counts what does not tell its range."""
    ramp = np.arange(0, 256, 4).reshape(8, 8)
    for shift in (16, 23):
        image = Image.fromarray((ramp << shift).astype(np.int32))
        assert np.abs(decode(encoded(image, "TIFF"), (8, 8, 1))[..., 0] - ramp).max() <= 3
    for high in (4.25, 0.004):
        image = Image.fromarray((ramp * (high / 252)).astype(np.float32))
        with pytest.raises(Unreadable, match="do not tell black and white: save"):
            decode(encoded(image, "TIFF"), (8, 8, 1))


def test_dark_and_unknown_extremes():
    """Protects the borders between the ranges."""
    assert black_and_white("i", -1, 1) == (-1, 1) and black_and_white("f", 0, 0) == (0, 1)
    assert black_and_white("u", 0, 20) == (0, 255) and black_and_white("u", 0, 9) is None
    assert black_and_white("i", -32768, 32767) == (-32768, 32767)
    assert black_and_white("f", -2.1, 2.6) is None
