"""Tests of data_loader: reading pictures of every kind, the cache, and the batches."""

import io
import os
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import data_loader
import pictures.cache
import pictures.decode
import pictures.sources
from data_loader import Batches, open_pictures
from errors import UserError

ROOT = Path(data_loader.__file__).parent


def draw(mode="RGB", size=(20, 14), seed=0) -> Image.Image:
    """A picture of random pixels in any 8 bit mode."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    return Image.fromarray(pixels, "RGBA").convert("RGB").convert(mode)


def encoded(image: Image.Image, kind="PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def fill(folder: Path, count: int, size=(8, 8)) -> Path:
    """Write `count` random PNGs into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        draw(size=size, seed=number).save(folder / f"{number:04d}.png")
    return folder


def read_one(tmp_path: Path, data: bytes, name: str, resolution=8, channels=3) -> np.ndarray:
    """What open_pictures makes of a single file."""
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    pictures = open_pictures(folder / name, resolution, channels, tmp_path / "cache").pictures
    assert pictures.shape == (1, resolution, resolution, channels)
    assert pictures.dtype == np.uint8
    return np.array(pictures[0])


def open_in(tmp_path: Path, images, **options):
    return open_pictures(images, options.pop("resolution", 8), cache=tmp_path / "cache", **options)


def assert_one_sentence(error: pytest.ExceptionInfo, *mentions: str) -> None:
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and ". " not in text
    for mention in mentions:
        assert mention in text


# Formats and modes


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
def test_every_mode_gives_a_full_picture(tmp_path, mode, size):
    """Protects against a colour mode or an odd shape that stops the reading."""
    image = Image.new(mode, size) if mode == "I;16" else draw(mode, size)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    read_one(tmp_path, encoded(image, kind), f"a.{kind}")


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "GIF"])
def test_transparency_becomes_white(tmp_path, mode):
    """Protects against black or garbage where a picture is transparent."""
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
    """Protects 16 bit pictures against being clipped to white."""
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    pixels = read_one(tmp_path, encoded(Image.fromarray(values)), "a.png", channels=1)
    assert np.array_equal(pixels[..., 0], np.round(values / 257).astype(np.uint8))


def test_one_bit_is_black_and_white(tmp_path):
    """Protects 1 bit pictures against values of 0 and 1."""
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
def test_exif_turned_pictures_stand_upright(tmp_path, kind):
    """Protects camera pictures, which are stored lying with a note on how to turn them."""
    image = Image.new("RGB", (32, 32), "black")
    image.paste("white", (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    pixels = read_one(tmp_path, encoded(image, kind, exif=exif), f"a.{kind}")
    assert pixels[:3].max() < 60 and pixels[5:].min() > 195


def test_shrinking_is_antialiased_and_jpeg_draft_keeps_quality(tmp_path):
    """Protects against jagged small pictures, and the fast JPEG path against a loss of quality."""
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((1024, 1024), Image.Resampling.BICUBIC)
    data = encoded(image, "JPEG", quality=95)
    exact = Image.open(io.BytesIO(data)).resize((32, 32), Image.Resampling.LANCZOS)
    pixels = read_one(tmp_path, data, "a.jpg", resolution=32).astype(int)
    assert np.abs(pixels - np.asarray(exact)).mean() < 2
    assert pixels.std() < 25  # the noise is averaged away; picking single pixels would keep it


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]),
    resolution=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
)
def test_any_picture_gives_the_shape(width, height, mode, resolution, channels):
    """Protects the one promise of the decoder: whatever the picture, uint8 of the shape asked."""
    image = Image.new(mode, (width, height)) if mode == "I;16" else draw(mode, (width, height))
    data = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    shape = (resolution, resolution, channels)
    pixels = pictures.decode.decode(data, shape)
    assert pixels.shape == shape and pixels.dtype == np.uint8


# Sources


def test_folder_glob_and_zip_agree(tmp_path):
    """Protects the three ways to name the same pictures."""
    fill(tmp_path / "set" / "a", 3)
    fill(tmp_path / "set" / "b" / "deep", 2)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in (tmp_path / "set").rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path / "set"))
    folder = open_in(tmp_path, tmp_path / "set")
    zipped = open_in(tmp_path, tmp_path / "set.zip")
    globbed = open_in(tmp_path, f"{tmp_path}/set/**/*.png")
    assert folder.names == zipped.names == globbed.names
    assert folder.names == sorted(folder.names) and len(folder.names) == 5
    assert np.array_equal(folder.pictures, zipped.pictures)
    assert folder.skipped == [] and folder.skipped_file is None
    with pytest.raises(ValueError):
        folder.pictures[0] = 0


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("*", 1), ("*/*.png", 2), ("a/*.png", 2), ("**", 6), ("**/deep/*", 3), ("[ab]/**/*.png", 5)],
)
def test_glob_patterns(tmp_path, pattern, count):
    """Protects the meaning of *, ** and [] in a glob."""
    fill(tmp_path / "set", 1)
    fill(tmp_path / "set" / "a", 2)
    fill(tmp_path / "set" / "b" / "deep", 3)
    assert len(open_in(tmp_path, tmp_path / "set" / pattern).names) == count


def test_hidden_files_and_links_in_a_circle(tmp_path):
    """Protects against system litter among the pictures, and a listing that never ends."""
    folder = fill(tmp_path / "set", 2)
    fill(folder / ".hidden", 1)
    fill(folder / "__MACOSX", 1)
    (folder / "._0000.png").write_bytes(b"litter")
    (folder / "notes.txt").write_text("no picture")
    os.symlink(folder, folder / "loop")
    os.symlink(folder, folder / "loop2")
    opened = open_in(tmp_path, folder)
    assert opened.names == ["0000.png", "0001.png"] and not opened.skipped


def test_bad_files_are_skipped_and_listed(tmp_path, monkeypatch):
    """Protects a long training from single bad files, and the user from not knowing of them."""
    folder = fill(tmp_path / "set", 2)
    jpeg = encoded(draw(size=(64, 64)), "JPEG")
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture")
    bomb = bytearray(encoded(draw(), "BMP"))
    bomb[18:26] = struct.pack("<ii", 12_000, 12_000)
    (folder / "bomb.bmp").write_bytes(bomb)
    os.symlink(folder / "nowhere", folder / "dangling.png")
    os.symlink(folder / "self.png", folder / "self.png")
    os.mkfifo(folder / "pipe.png")
    monkeypatch.setattr(pictures.sources, "MAX_FILE_BYTES", 50_000)
    (folder / "big.bmp").write_bytes(encoded(draw(size=(200, 200)), "BMP"))
    for _ in ("cold", "warm"):
        opened = open_in(tmp_path, folder)
        reasons = dict(opened.skipped)
        assert opened.names == ["0000.png", "0001.png"]
        assert set(reasons) == {
            *("cut.jpg", "empty.png", "text.png", "bomb.bmp"),
            *("dangling.png", "self.png", "pipe.png", "big.bmp"),
        }
        assert "megapixels" in reasons["bomb.bmp"] and "truncated" in reasons["cut.jpg"]
        assert "MB" in reasons["big.bmp"] and "empty" in reasons["empty.png"]
        listed = opened.skipped_file.read_text().splitlines()
        assert [tuple(line.split("\t")) for line in listed] == opened.skipped


def test_zip_entries_that_are_refused(tmp_path, monkeypatch):
    """Protects against zip files that point outside, hide links, lie or inflate without end."""
    monkeypatch.setattr(pictures.sources, "MAX_FILE_BYTES", 1_000_000)
    path, good = tmp_path / "set.zip", encoded(draw())
    outside = ["../up.png", "a/../../up.png", "/root.png", "C:/drive.png", "..\\back.png"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ["good.png", "__MACOSX/._good.png", *outside]:
            archive.writestr(name, good)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.png", bytes(2_000_000))
        archive.writestr("locked.png", good)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag of an encrypted entry
    path.write_bytes(data)
    opened = open_in(tmp_path, path)
    reasons = dict(opened.skipped)
    assert opened.names == ["good.png"]
    assert {name for name, reason in reasons.items() if "outside" in reason} == set(outside)
    assert "link" in reasons["link.png"] and "MB" in reasons["bomb.png"]
    assert reasons["locked.png"] == "encrypted" and len(reasons) == len(outside) + 3


def test_a_damaged_zip_entry_is_skipped(tmp_path):
    """Protects against pixels changed on disk, which the zip's checksum gives away."""
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.bmp", encoded(draw(seed=1), "BMP"))
        archive.writestr("b.bmp", encoded(draw(seed=2), "BMP"))
    data = bytearray(path.read_bytes())
    data[300] ^= 255
    path.write_bytes(data)
    opened = open_in(tmp_path, path)
    assert opened.names == ["b.bmp"] and "CRC" in opened.skipped[0][1]


# Errors


def test_errors_are_one_sentence(tmp_path):
    """Protects the user from tracebacks: each mistake gives one sentence naming the thing."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("no picture")
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        archive.writestr("readme.txt", "no pictures")
    for images, mention in [
        ("missing", "does not exist"),
        ("missing/*.png", "does not exist"),
        ("empty", "holds no pictures"),
        ("empty/*.png", "holds no pictures"),
        ("text.zip", "holds no pictures"),
        ("broken.zip", "not a readable zip"),
        ("bad", "none of the 1 pictures"),
    ]:
        with pytest.raises(UserError) as error:
            open_in(tmp_path, tmp_path / images)
        assert_one_sentence(error, mention, str(tmp_path / images.split("/")[0]))
    for options in ({"resolution": 0}, {"channels": 2}):
        with pytest.raises(UserError) as error:
            open_in(tmp_path, fill(tmp_path / "good", 1), **options)
        assert_one_sentence(error, "must be")
    with pytest.raises(UserError) as error:
        open_in(tmp_path, " ")
    assert_one_sentence(error, "give a folder")
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_cache_folder_that_cannot_be_written(tmp_path):
    """Protects the sentence for a cache folder that is no folder."""
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError) as error:
        open_in(tmp_path, fill(tmp_path / "set", 1))
    assert_one_sentence(error, str(tmp_path / "cache"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(tmp_path, monkeypatch):
    """Protects against a half-written file left behind, and a traceback, when the disk is full."""
    real_fsync, folder = os.fsync, fill(tmp_path / "set", 3)
    monkeypatch.setattr(os, "fsync", lambda _: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    with pytest.raises(UserError) as error:
        open_in(tmp_path, folder)
    assert_one_sentence(error, str(tmp_path / "cache"), "No space left", "MB free")
    assert list((tmp_path / "cache").iterdir()) == []
    monkeypatch.setattr(os, "fsync", real_fsync)
    assert len(open_in(tmp_path, folder).names) == 3


# The cache


def forbid_decoding(monkeypatch) -> None:
    def fail(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(pictures.cache.Cache, "build", fail)
    monkeypatch.setattr(pictures.decode, "decode", fail)


def test_warm_start_does_not_decode(tmp_path, monkeypatch):
    """Protects the fast start: unchanged pictures are never decoded twice."""
    folder = fill(tmp_path / "set", 5)
    cold = open_in(tmp_path, folder)
    forbid_decoding(monkeypatch)
    warm = open_in(tmp_path, str(folder))
    assert np.array_equal(warm.pictures, cold.pictures)
    assert (warm.names, warm.key, warm.source) == (cold.names, cold.key, str(folder))
    assert isinstance(warm.pictures, np.memmap) and not warm.pictures.flags.writeable


def test_cache_notices_changes(tmp_path):
    """Protects against training on pictures that are no longer those on disk."""
    folder = fill(tmp_path / "set", 3)
    keys = [open_in(tmp_path, folder).key]
    draw(seed=9).save(folder / "new.png")
    assert len(open_in(tmp_path, folder).names) == 4
    keys.append(open_in(tmp_path, folder).key)
    os.remove(folder / "0000.png")
    keys.append(open_in(tmp_path, folder).key)
    Image.new("RGB", (8, 8), "red").save(folder / "0001.png")
    changed = open_in(tmp_path, folder)
    assert (changed.pictures[changed.names.index("0001.png")] == (255, 0, 0)).all()
    keys.append(changed.key)
    keys.append(open_in(tmp_path, folder, resolution=9).key)
    keys.append(open_in(tmp_path, folder, channels=1).key)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("damage", ["short data", "no index", "cut index", "other json"])
def test_incomplete_cache_is_not_used(tmp_path, damage):
    """Protects against pixels of a cache that was cut off half-way or damaged."""
    folder = fill(tmp_path / "set", 4)
    first = open_in(tmp_path, folder)
    expected = np.array(first.pictures)
    data, index = (tmp_path / "cache" / f"{first.key}{end}" for end in (".u8", ".json"))
    if damage == "short data":
        data.write_bytes(data.read_bytes()[:-100])
    elif damage == "no index":
        data.write_bytes(bytes(data.stat().st_size))
        index.unlink()
    else:
        index.write_text("[]" if damage == "other json" else index.read_text()[:-9])
    assert np.array_equal(open_in(tmp_path, folder).pictures, expected)


def test_stale_temporary_files_are_removed(tmp_path):
    """Protects the disk from what killed starts leave, and other starts and files from that."""
    cache = tmp_path / "cache"
    cache.mkdir()
    old, running = (cache / f"{'a' * 32}.{letter * 32}.tmp" for letter in "bc")
    foreign = cache / "mine.tmp"
    for path in (old, running, foreign):
        path.write_bytes(b"x")
    for path in (old, foreign):
        os.utime(path, (time.time() - 10**6,) * 2)
    open_in(tmp_path, fill(tmp_path / "set", 1))
    assert not old.exists() and running.exists() and foreign.exists()


def test_two_starts_at_once(tmp_path):
    """Protects two trainings started together from each other's unfinished cache."""
    folder = fill(tmp_path / "set", 300, size=(64, 64))
    code = (
        "import sys, data_loader as d; from pathlib import Path;"
        "s = d.open_pictures(sys.argv[1], 64, cache=Path(sys.argv[2]));"
        "print(s.key, len(s.names), int(s.pictures.astype('u8').sum()))"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")]
    starts = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    printed = [start.communicate(timeout=60)[0] for start in starts]
    opened = open_in(tmp_path, folder, resolution=64)
    total = int(opened.pictures.astype("u8").sum())
    assert printed == [f"{opened.key} 300 {total}\n".encode()] * 2
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_memory_stays_small(tmp_path):
    """Protects against holding the pictures in memory: the cache is larger than what it takes."""
    pytest.importorskip("psutil")
    folder = fill(tmp_path / "set", 30, size=(16, 16))
    code = (
        "import sys, psutil, data_loader as d; from pathlib import Path;"
        "uss = lambda: psutil.Process().memory_full_info().uss / 2**20; before = uss();"
        "s = d.open_pictures(sys.argv[1], 1024, cache=Path(sys.argv[2]), workers=2);"
        "built = uss();"
        "b = d.Batches(s.pictures, 2, 0); [next(b) for _ in range(30)]; b.close();"
        "print(s.pictures.nbytes / 2**20, built - before, uss() - before)"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    size, built, trained = map(float, printed.split())
    assert size == 90 and built < 60 and trained < 75


# Batches


def numbered(count: int, size=2) -> np.ndarray:
    """Pictures told apart by their first two values: the number of picture, high and low byte."""
    pictures = np.zeros((count, size, size, 3), dtype=np.uint8)
    pictures[:, 0, 0, 0], pictures[:, 0, 0, 1] = np.divmod(np.arange(count), 256)
    return pictures


def numbers(batch: np.ndarray) -> list[int]:
    values = np.rint((batch + 1) * 127.5).astype(int)
    return list(values[:, 0, 0, 0] * 256 + values[:, 0, 0, 1])


def test_value_range_and_inverse():
    """Protects the exact range [-1, 1] and that all 256 levels survive the way there and back."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    with Batches(levels, 1, seed=0) as batches:
        batch = next(batches)
    assert batch.dtype == np.float32 and batch.shape == (1, 16, 16, 1)
    assert batch.min() == -1.0 and batch.max() == 1.0
    assert np.array_equal(np.rint((batch + 1) * 127.5).astype(np.uint8), levels)
    np.testing.assert_allclose(batch, levels / 127.5 - 1, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**63), st.integers(0, 30))
def test_passes_are_permutations_and_batches_do_not_depend_on_the_start(count, size, seed, start):
    """Protects resuming: batch s is the same from any start, and a pass repeats no picture."""
    size = min(size, count)
    with Batches(numbered(count), size, seed, x_flip=True) as batches:
        per_pass = batches.batches_per_pass
        taken = [next(batches) for _ in range(max(2 * per_pass, start + 2))]
        assert batches.passes == len(taken) // per_pass
    assert per_pass == count // size
    order = np.random.default_rng([seed, 1]).permutation(count)[: per_pass * size]
    second = np.concatenate(taken[per_pass : 2 * per_pass])
    unflipped = np.where(second[:, 0, :1] == -1, second[:, 0, ::-1], second[:, 0])
    assert len(set(order)) == len(order) == len(unflipped)
    with Batches(numbered(count), size, seed, x_flip=True, start_step=start) as resumed:
        assert resumed.passes == start // per_pass
        assert np.array_equal(next(resumed), taken[start])
        assert np.array_equal(next(resumed), taken[start + 1])
    with Batches(numbered(count), size, seed, start_step=per_pass) as plain:
        seen = [number for _ in range(per_pass) for number in numbers(next(plain))]
    assert seen == list(order)


def test_x_flip_mirrors_half_of_the_pictures():
    """Protects the mirroring: left to right only, about half, and drawn anew each pass."""
    pictures = np.zeros((1000, 2, 3, 3), dtype=np.uint8)
    pictures[:, 0, 0] = 10, 20, 30
    with Batches(pictures, 1000, seed=1, x_flip=True) as batches:
        first, second = ((next(batches) + 1) * 127.5).round().astype(int), next(batches)
    mirrored = first[:, 0, 2, 0] == 10
    assert 430 < mirrored.sum() < 570
    assert (first[mirrored, 0, 2] == (10, 20, 30)).all() and (first[mirrored, 0, 0] == 0).all()
    assert (first[~mirrored, 0, 0] == (10, 20, 30)).all() and (first[:, 1] == 0).all()
    assert not np.array_equal(mirrored, second[:, 0, 2, 0] > -1)


def test_batches_of_a_cache_equal_batches_of_an_array(tmp_path):
    """Protects the memory map: letting go of its pages must not change what is read."""
    pictures = open_in(tmp_path, fill(tmp_path / "set", 30)).pictures
    with Batches(pictures, 7, 3, True) as mapped, Batches(np.array(pictures), 7, 3, True) as plain:
        for _ in range(12):
            assert np.array_equal(next(mapped), next(plain))
    with Batches(pictures[5:20], 7, 3) as part:
        assert next(part).shape == (7, 8, 8, 3)


def test_too_few_pictures():
    """Protects the sentence that gives both numbers and the way out."""
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 64, seed=0)
    assert_one_sentence(error, "5", "64", "training.batch_size")
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 0, seed=0)
    assert_one_sentence(error, "training.batch_size")


def test_thread_ends_on_close():
    """Protects against threads left running, whether batches were taken or not."""
    before = threading.active_count()
    for taken in (0, 1, 5):
        with Batches(numbered(100), 3, seed=0) as batches:
            for _ in range(taken):
                next(batches)
        start = time.perf_counter()
        batches.close()
        assert time.perf_counter() - start < 1 and threading.active_count() == before
        with pytest.raises(StopIteration):
            next(batches)


def test_errors_of_the_thread_reach_the_training():
    """Protects against a training that waits for ever after the reading has failed."""
    with Batches(numbered(10), 3, seed=-1) as batches:
        for _ in range(2):
            with pytest.raises(ValueError):
                next(batches)


def test_no_more_than_a_few_batches_are_prepared(monkeypatch):
    """Protects memory and processor time when the training is slower than the reading."""
    prepared = []
    gather = Batches._gather
    monkeypatch.setattr(
        Batches, "_gather", lambda self, *rows: prepared.append(1) or gather(self, *rows)
    )
    with Batches(numbered(100), 10, seed=0):
        time.sleep(0.3)
        assert len(prepared) <= data_loader.PREFETCHED_BATCHES + 1
