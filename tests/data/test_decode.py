"""Whatever its format, mode and shape, an image becomes uint8 of the size asked for."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from anime_gan.data.decode import decode, whole_image
from anime_gan.data.entries import Unreadable
from anime_gan.data.image_set import open_images
from anime_gan.errors import UserError
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
    image.putpixel((63, 63), (255, 255, 255, 255))
    assert (read_one(tmp_path, encoded(image), "a.png") == 255).all()
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    assert np.abs(read_one(tmp_path, encoded(image), "b.png").astype(int) - 127).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "palette", "gray"])
@pytest.mark.parametrize("color", [(0, 0, 0, 0), (200, 30, 60, 0)])
def test_fully_transparent_images_are_left_out(kind, color):
    """Protects against white training images; one visible pixel makes an image."""
    image = Image.new("RGBA", (8, 8), color)
    image = {"palette": image.quantize(), "gray": image.convert("LA")}.get(kind, image)
    data = encoded(image, {"palette": "PNG", "gray": "PNG"}.get(kind, kind))
    for read in (lambda: decode(data, (8, 8, 3)), lambda: whole_image(data)):
        with pytest.raises(Unreadable, match="fully transparent image"):
            read()
    image = Image.new("RGBA", (8, 8), color)
    image.putpixel((3, 3), (0, 0, 0, 255))
    assert decode(encoded(image), (8, 8, 3)).min() == 0


def test_transparent_images_of_an_array_are_counted(tmp_path):
    """Protects the count and the reason where the images are an array."""
    images = np.zeros((2, 8, 8, 4), np.uint8)
    images[1] = 255
    np.save(tmp_path / "a.npy", images)
    found = open_images(tmp_path / "a.npy", 8, cache=tmp_path / "cache")
    assert found.skipped == [("000000", "fully transparent image")]
    assert (found.images[:] == 255).all()


def test_a_tiff_that_pillow_cannot_decode_is_not_called_truncated():
    """Protects the user from downloading again what is whole."""
    data = encoded(random_image().convert("YCbCr"), "TIFF")
    with pytest.raises(Unreadable, match="cannot be decoded here: convert it to PNG"):
        decode(data, (8, 8, 3))
    jpeg = encoded(random_image(), "TIFF", compression="jpeg")
    assert decode(jpeg, (8, 8, 3)).shape == (8, 8, 3)


def test_sixteen_bit_grey_is_scaled(tmp_path):
    """Protects 16 bit images against being clipped to white."""
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    pixels = read_one(tmp_path, encoded(Image.fromarray(values)), "a.png", channels=1)
    assert np.array_equal(pixels[..., 0], np.round(values / 257).astype(np.uint8))


@pytest.mark.parametrize(("bits", "kind"), [(8, "PNG"), (10, "TIFF"), (12, "PNG")])
def test_sixteen_bit_grey_that_holds_fewer_bits_is_not_black(tmp_path, bits, kind):
    """Protects scans and drawings whose program stores 8, 10 or 12 bits in 16."""
    values = np.linspace(0, 2**bits - 1, 64).astype(np.uint16).reshape(8, 8)
    pixels = read_one(tmp_path, encoded(Image.fromarray(values), kind), f"a.{kind}", channels=1)
    assert np.abs(pixels[..., 0] - values * (255 / (2**bits - 1))).max() <= 0.5


@pytest.mark.parametrize("white", [1, 255])
def test_floats_are_scaled(tmp_path, white):
    """Protects float images from 0 to 1 against being black."""
    values = np.linspace(0, white, 64, dtype=np.float32).reshape(8, 8)
    pixels = read_one(tmp_path, encoded(Image.fromarray(values), "TIFF"), "a.tif", channels=1)
    assert np.abs(pixels[..., 0] - values * (255 / white)).max() <= 0.5


def png_of(width: int, height: int, bits: int, color: int, rows: bytes, *chunks: bytes) -> bytes:
    """Return a PNG of raw rows, with more chunks before its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    more = b"".join(chunk(one[:4], one[4:]) for one in chunks)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("color", [2, 6])
def test_sixteen_bit_color_that_holds_eight_is_not_black(color):
    """Protects the same in color, of which Pillow keeps only the upper bits."""
    channels = 3 if color == 2 else 4
    row = b"\0" + b"".join(struct.pack(">H", v) for v in [200, 30, 60, 255][:channels]) * 2
    pixels = decode(png_of(2, 2, 16, color, row * 2), (2, 2, 3))
    assert (pixels == (200, 30, 60)).all()
    row = b"\0" + bytes(2 * channels * 2)
    if color == 2:  # black stays black
        assert (decode(png_of(2, 2, 16, color, row * 2), (2, 2, 3)) == 0).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [None, "zlib"])
def test_sixteen_bit_color_tiffs(order, packed):
    """Protects the same in TIFF files of either byte order, and those that use all bits."""
    tifffile = pytest.importorskip("tifffile")
    for value, bits in ((200, 8), (200 * 257, 16)):
        file = io.BytesIO()
        values = np.full((4, 4, 3), value, np.uint16)
        values[..., 1:] //= 2
        tifffile.imwrite(file, values, byteorder=order, compression=packed, photometric="rgb")
        pixels = decode(file.getvalue(), (4, 4, 3))
        assert (pixels == (200, 100, 100)).all(), bits


def test_transparency_of_sixteen_bit_grey_is_kept():
    """Protects the one gray value that a PNG may name as transparent."""
    row = b"\0" + struct.pack(">HH", 1234, 0)
    data = png_of(2, 2, 16, 0, row * 2, b"tRNS" + struct.pack(">H", 1234))
    pixels = decode(data, (2, 2, 3))
    assert (pixels[:, 0] == 255).all() and (pixels[:, 1] == 0).all()


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP"])
def test_long_texts_are_passed_over(kind):
    """Protects images of generators and painting programs, which store megabytes of text."""
    text = b"a" * 3_000_000
    chunk = {
        b"tEXt": b"tEXtworkflow\0" + text,
        b"zTXt": b"zTXtworkflow\0\0" + zlib.compress(text),
        b"iTXt": b"iTXtworkflow\0\1\0\0\0" + zlib.compress(text),
        b"iCCP": b"iCCPicc\0\0" + zlib.compress(text),
    }[kind]
    pixels = decode(png_of(2, 2, 8, 2, (b"\0" + bytes([9, 8, 7]) * 2) * 2, chunk), (2, 2, 3))
    assert (pixels == (9, 8, 7)).all()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_001, 14_000])  # Pillow refuses the second by itself
def test_a_huge_image_is_named_so(side):
    """Protects the reason, which is not that the file is damaged."""
    with pytest.raises(Unreadable, match="over the limit of 100 megapixels: make it smaller"):
        decode(png_of(side, side, 8, 2, b""), (8, 8, 3))


@pytest.mark.parametrize("kind", ["TIFF", "TGA", "PPM", "ICO", "JPEG2000", "AVIF", "DIB", "PCX"])
@pytest.mark.parametrize("name", ["right", "a.png.1"])
def test_formats_are_known_by_content(tmp_path, kind, name):
    """Protects images of every format and ending, such as .jfif; TGA has no signature."""
    data = encoded(Image.new("RGB", (16, 16), (200, 30, 60)), kind)
    ending = {"JPEG2000": "jp2"}.get(kind, kind.lower())
    if kind == "TGA" and name != "right":
        with pytest.raises(UserError, match="holds no images"):
            read_one(tmp_path, data, name)
        return
    pixels = read_one(tmp_path, data, f"a.{ending}" if name == "right" else name)
    assert np.abs(pixels.astype(int) - (200, 30, 60)).max() <= 6


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("first", ["white", "black", (0, 0, 0, 0)])
def test_a_blank_first_frame_is_passed_over(kind, first):
    """Protects against white training images from animations that fade in."""
    frames = [Image.new("RGBA", (8, 8), first), Image.new("RGBA", (8, 8), "red")]
    frames[1].paste("blue", (0, 0, 8, 4))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    pixels = decode(data, (8, 8, 3)).astype(int)
    assert np.abs(pixels[:4] - (0, 0, 255)).max() < 9 > np.abs(pixels[4:] - (255, 0, 0)).max()


def test_an_animation_of_blank_frames_is_its_first(tmp_path):
    """Protects the choice where no frame is better."""
    frames = [Image.new("RGB", (8, 8), color) for color in ("white", "red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (decode(data, (8, 8, 3)) == 255).all()


def test_images_far_from_square_are_counted(tmp_path):
    """Protects the user from not knowing that images are squeezed; 5:4 is near enough."""
    for number, size in enumerate([(64, 64), (50, 40), (40, 50), (64, 48), (20, 1000)]):
        random_image(size=size).save(tmp_path / f"{number}.png")
    for _ in ("cold", "warm"):
        found = open_images(tmp_path, 8, cache=tmp_path / "cache")
        assert found.stretched == 2
        assert "Far from square, and stretched to squares: 2 (prepare_faces" in found.summary()


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
