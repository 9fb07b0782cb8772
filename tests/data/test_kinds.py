"""What is no image is named, with what to do."""

import pytest
from PIL import Image

from anime_gan.data.batches import require_batch
from anime_gan.data.kinds import HEIC, counted, kind_of, plural, size_text
from anime_gan.errors import UserError
from tests.data.files import encoded, random_image


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a.jpg", HEIC),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a.mp4", "video"),
        (b"\x1aE\xdf\xa3\x01", "a.webm", "video"),
        (b"PK\x03\x04\x14\0", "a.png", "zip file"),
        (b"7z\xbc\xaf\x27\x1c", "a", "7z file"),
        (b"Rar!\x1a\x07\x01\0", "a", "RAR file"),
        (b"\x89HDF\r\n\x1a\n", "a", "HDF5"),
        (bytes(16) + b"\xde\xc0\xef\xbe", "data.mdb", "LMDB"),
        (b"\x80\x04\x95", "a.pkl", "pickle"),
        (b"\x10\x20\0\0\0\0\0\0", "faces-r06.tfrecords", "TFRecord"),
        (b"\x10\x20\0\0\0\0\0\0", "train.tfrecord-00000-of-00010", "TFRecord"),
        (b"\0\0\0\x14ftypqt  ", "a.mov", "video"),
        (b"8BPS\0\x01", "a.psd", "Photoshop"),
        (b"# Faces\n", "README.md", "Markdown file"),
        ("かお\n".encode(), "a.txt", "text file"),
        ("かお\n".encode("shift_jis"), "a.txt", "text file"),
        ("a,b\n".encode("utf-16"), "a.csv", "table of text"),
        (b"not found\n", "a.png", "text file"),
        (b"{}", "a.json", "JSON"),
        (b"\n<!DOCTYPE html><html>", "a.jpg", "web page"),
        (b"<?xml version='1.0'?><svg>", "a.svg", "SVG"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a.png", "Git LFS"),
    ],
)
def test_a_kind_is_known_by_its_content(head, name, kind):
    """Protects the user from hearing only that a file is no image."""
    assert kind_of(head, name).startswith(kind)


def test_a_letter_that_is_cut_off_is_still_text():
    """Protects long texts, of which only the first bytes are seen."""
    text = ("あ" * 400).encode()
    for size in range(1021, 1025):
        assert kind_of(text[:size], "a") == "text file"


def test_images_and_damaged_ones_have_no_kind():
    """Protects images from being called something else."""
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "TGA"):
        assert kind_of(encoded(random_image(), kind)[:1024], "a") is None, kind
    assert kind_of(encoded(Image.new("RGB", (9, 9)), "AVIF"), "a.avif") is None
    assert kind_of(b"\x89PNG\r\n\x1a\n damaged", "a.png") is None
    assert kind_of(b"", "a.png") is None


def test_reasons_are_counted():
    """Protects the order, most frequent first, and the length of the line."""
    assert counted(["b", "a", "a"]) == "2 x a, 1 x b"
    assert counted("aabcd", limit=2) == "2 x a, 1 x b, 2 x other reasons"


def test_one_is_singular_and_small_sizes_are_not_0():
    """Protects the counts and sizes in sentences."""
    counts = {0: "0 images", 1: "1 image", 2000: "2,000 images"}
    assert {count: plural(count, "image") for count in counts} == counts
    sizes = {0: "0.0 kB", 61_440: "61.4 kB", 2_500_000: "2.5 MB", 3.2e9: "3.2 GB"}
    assert {size: size_text(size) for size in sizes} == sizes
    with pytest.raises(UserError, match="there is only 1 image for batches of 2"):
        require_batch(1, 2)
