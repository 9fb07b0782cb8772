"""Whatever its format, mode and shape, an image becomes uint8 of the size asked for."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from anime_gan.data.decode import decode
from anime_gan.data.image_set import open_images
from tests.data.files import encoded, random_image


def read_one(tmp_path: Path, data: bytes, name: str, resolution=8, channels=3) -> np.ndarray:
    """Return what open_images makes of a single file."""
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    images = open_images(folder / name, resolution, channels, tmp_path / "cache").images
    assert images.shape == (1, resolution, resolution, channels)
    assert images[:].dtype == np.uint8
    return np.array(images[0])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_format_keeps_its_colour(tmp_path, kind, channels):
    """Protects each file format, extensions in capitals, and the order of the colours."""
    data = encoded(Image.new("RGB", (16, 16), (200, 30, 60)), kind)
    pixels = read_one(tmp_path, data, f"a.{kind}", channels=channels)
    expected = (200, 30, 60) if channels == 3 else (84,)
    assert np.abs(pixels.astype(int) - expected).max() <= 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
@pytest.mark.parametrize("size", [(8, 8), (30, 5), (3, 40)])
def test_every_mode_gives_a_full_image(tmp_path, mode, size):
    """Protects against a colour mode or an odd shape that stops the reading."""
    image = Image.new(mode, size) if mode == "I;16" else random_image(mode, size)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    read_one(tmp_path, encoded(image, kind), f"a.{kind}")


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "GIF"])
def test_transparency_becomes_white(tmp_path, mode):
    """Protects against black or garbage where an image is transparent."""
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 4, 8))
    if mode == "GIF":
        pixels = read_one(tmp_path, encoded(image, "GIF"), "a.gif")
    elif mode == "P":
        pixels = read_one(tmp_path, encoded(image.quantize()), "a.png")
    else:
        pixels = read_one(tmp_path, encoded(image.convert(mode)), "a.png")
    assert (pixels[:, :4] == 0).all() and (pixels[:, 4:] == 255).all()


def test_half_transparent_is_half_white_after_shrinking(tmp_path):
    """Protects the compositing: the colour of fully transparent pixels must not bleed in."""
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert (read_one(tmp_path, encoded(image), "a.png") == 255).all()
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    assert np.abs(read_one(tmp_path, encoded(image), "b.png").astype(int) - 127).max() <= 1


def test_sixteen_bit_grey_is_scaled(tmp_path):
    """Protects 16 bit images against being clipped to white."""
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    pixels = read_one(tmp_path, encoded(Image.fromarray(values)), "a.png", channels=1)
    assert np.array_equal(pixels[..., 0], np.round(values / 257).astype(np.uint8))


def test_one_bit_is_black_and_white(tmp_path):
    """Protects 1 bit images against values of 0 and 1."""
    image = Image.new("1", (8, 8))
    image.paste(1, (4, 0, 8, 8))
    assert set(np.unique(read_one(tmp_path, encoded(image), "a.png"))) == {0, 255}


def test_cmyk_colours(tmp_path):
    """Protects CMYK JPEGs against being read as inverted or as RGBA."""
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixel = read_one(tmp_path, encoded(image, "JPEG"), "a.jpg")[4, 4]
    assert pixel[0] > 230 and pixel[1] < 25 and pixel[2] < 25


def test_gif_gives_its_first_frame(tmp_path):
    """Protects against a later frame of an animation."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_one(tmp_path, data, "a.gif")[0, 0] == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_images_turned_by_exif_stand_upright(tmp_path, kind):
    """Protects photographs, which are stored lying with a note on how to turn them."""
    image = Image.new("RGB", (32, 32), "black")
    image.paste("white", (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    pixels = read_one(tmp_path, encoded(image, kind, exif=exif), f"a.{kind}")
    assert pixels[:3].max() < 60 and pixels[5:].min() > 195


def test_shrinking_is_antialiased_and_jpeg_draft_keeps_quality(tmp_path):
    """Protects against jagged small images, and the fast JPEG path against a loss of quality."""
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((1024, 1024), Image.Resampling.BICUBIC)
    data = encoded(image, "JPEG", quality=95)
    exact = Image.open(io.BytesIO(data)).resize((32, 32), Image.Resampling.LANCZOS)
    pixels = read_one(tmp_path, data, "a.jpg", resolution=32).astype(int)
    assert np.abs(pixels - np.asarray(exact)).mean() < 2
    assert pixels.std() < 25  # the noise is averaged away; picking single pixels would keep it


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]),
    resolution=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
)
def test_any_image_gives_the_shape(width, height, mode, resolution, channels):
    """Protects the promise of the decoder: whatever the image, uint8 of the shape asked for."""
    image = (
        Image.new(mode, (width, height)) if mode == "I;16" else random_image(mode, (width, height))
    )
    data = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    shape = (resolution, resolution, channels)
    pixels = decode(data, shape)
    assert pixels.shape == shape and pixels.dtype == np.uint8
