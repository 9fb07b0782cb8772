"""Archives, arrays and tables give the same images as the folder they were made from."""

import bz2
import errno
import gzip
import io
import lzma
import os
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from anime_gan.data import archives
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from tests.data.files import assert_one_sentence, encoded, fill, open_in, random_image, zipped


def tar(folder: Path, name: str, mode: str) -> Path:
    """Put a folder's files into a tar file beside it."""
    with tarfile.open(folder.with_name(name), mode) as archive:
        archive.add(folder, ".")
    return folder.with_name(name)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz"), ("a", "w:bz2")],
)
def test_tar_files(tmp_path, name, mode):
    """Protects tar files of every compression, whatever their name."""
    folder = fill(tmp_path / "set", 3)
    (folder / ".hidden.png").write_bytes(b"litter")
    (folder / "link.png").symlink_to("0000.png")
    opened = open_in(tmp_path, tar(folder, name, mode), cache_share=0)
    assert opened.names == ["./0000.png", "./0001.png", "./0002.png"]
    assert opened.skipped == [("./link.png", "symbolic link")]
    (folder / "link.png").unlink()
    assert np.array_equal(opened.images[:], open_in(tmp_path, folder).images[:])


def test_a_known_tar_is_not_unpacked_again(tmp_path, monkeypatch):
    """Protects the fast start: with its pixels kept, a compressed file need not be read."""
    later = time.time_ns() + 60 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)  # it was not written just now
    path = tar(fill(tmp_path / "set", 3), "a.tgz", "w:gz")
    first = open_in(tmp_path, path)
    with monkeypatch.context() as patched:
        patched.setattr(archives, "_plain_tar", None)
        assert open_in(tmp_path, path).key == first.key
    encoded = open_in(tmp_path, path, cache_share=0, resolution=9)
    assert len(encoded.images[:]) == 3
    for kept in (tmp_path / "cache").glob("*.files"):
        kept.write_text('[["0000.png", 1]]')
    assert open_in(tmp_path, path).key == first.key
    other = tar(fill(tmp_path / "other", 4), "a.tgz", "w:gz")
    assert len(open_in(tmp_path, other).names) == 4


def test_a_tar_that_is_cut_off(tmp_path):
    """Protects the sentence for a download that ended early."""
    folder = fill(tmp_path / "set", 3, size=(64, 64))
    for name, mode, share in (("a.tar", "w", 0.9), ("a.tgz", "w:gz", 0.5)):
        path = tar(folder, name, mode)
        data = path.read_bytes()
        path.write_bytes(data[: 1536 + 512 * 10] if mode == "w" else data[: len(data) // 2])
        with pytest.raises(UserError) as error:
            open_source(path)
        assert_one_sentence(error, name, "again"), share


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_without_its_end_blocks(tmp_path, mode):
    """Protects against training on the rest of a file that is cut off at a file's header."""
    path = tar(fill(tmp_path / "set", 3), "a.tar", "w")
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-1].offset
    whole = path.read_bytes()
    for data in (whole[:last], whole[:last] + b"\1" * 512 + whole[last + 512 :], whole[: last + 9]):
        path.write_bytes(data if mode == "w" else gzip.compress(data))
        with pytest.raises(UserError) as error:
            open_source(path)
        assert_one_sentence(error, "a.tar", "its end is missing: download or copy it again")


def test_links_and_others_in_a_tar(tmp_path):
    """Protects hard links, which are files, and the count of what is left out, as in a zip."""
    folder = fill(tmp_path / "set", 2)
    (folder / "hard.png").hardlink_to(folder / "0000.png")
    (folder / "hard2.png").hardlink_to(folder / "0000.png")
    os.mkfifo(folder / "pipe.png")
    lost = tarfile.TarInfo("./lost.png")
    lost.type, lost.linkname = tarfile.LNKTYPE, "gone.png"
    path = tar(folder, "a.tar", "w")
    with tarfile.open(path, "a") as archive:
        archive.addfile(lost)
    opened = open_in(tmp_path, path)
    assert opened.names == ["./0000.png", "./0001.png", "./hard.png", "./hard2.png"]
    assert np.array_equal(opened.images[0], opened.images[2])
    assert np.array_equal(opened.images[0], opened.images[3])
    assert opened.skipped == [
        ("./lost.png", "hard link to a file that is not in the tar"),
        ("./pipe.png", "not a regular file"),
    ]


def test_a_tar_of_the_oldest_format(tmp_path):
    """Protects `tar --format=v7`, whose headers have no magic, by itself and in a folder."""
    folder = fill(tmp_path / "set", 2)
    path = tmp_path / "old"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(folder, "set")
    data = bytearray(path.read_bytes())
    with tarfile.open(path) as archive:
        starts = [member.offset for member in archive]
    for start in starts:
        header = data[start : start + 512]
        header[257:512] = bytes(255)
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        data[start : start + 512] = header
    (folder / "inner").write_bytes(data)
    for name, content in (("old", bytes(data)), ("old.tgz", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        assert open_in(tmp_path, tmp_path / name).names == ["set/0000.png", "set/0001.png"]
    assert open_in(tmp_path, folder).skipped[0][1].startswith("tar file: give it by itself")


@pytest.mark.parametrize(
    ("name", "pack", "kind"),
    [("a.png.gz", gzip, "gzip"), ("a.bz2", bz2, "bzip2"), ("a.png.xz", lzma, "xz")],
)
def test_one_packed_image_is_named_so(tmp_path, name, pack, kind):
    """Protects the user from being told to download it again, by itself and in a folder."""
    folder = fill(tmp_path / "set", 1)
    for image, said in (
        (encoded(random_image()), "one image"),
        (zipped(folder).read_bytes(), "zip file"),
        (b"\1\0\2" * 300, "unknown"),
    ):
        (tmp_path / name).write_bytes(pack.compress(image))
        with pytest.raises(UserError) as error:
            open_source(tmp_path / name)
        assert_one_sentence(error, f"packed with {kind}, and its content is {said}", "unpack it")
    (folder / name).write_bytes(pack.compress(image))
    (folder / "b.tgz").write_bytes(gzip.compress(image))
    skipped = dict(open_in(tmp_path, folder).skipped)
    assert skipped[name] == f"{kind} file: unpack it"
    assert skipped["b.tgz"] == "gzip file: give it by itself or unpack it"


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_packed_tars_with_something_behind_them_and_damaged_ones(tmp_path, mode):
    """Protects what is whole, and the user from a decoder's words."""
    path = tar(fill(tmp_path / "set", 3), "a.tgz", mode)
    whole = path.read_bytes()
    for rest in (b"garbage", bytes(512)) if mode != "w:xz" else ():  # which xz itself refuses
        path.write_bytes(whole + rest)
        assert len(open_in(tmp_path, path).names) == 3
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255
    for data in (damaged, whole[:-6], whole[: len(whole) // 2] + b"garbage"):
        path.write_bytes(data)
        with pytest.raises(UserError) as error:
            open_source(path)
        assert_one_sentence(error, "damaged or cut off: download or copy it again")
        assert "(" not in str(error.value)


def test_a_full_disk_is_told_from_a_damaged_file(tmp_path, monkeypatch):
    """Protects the way out of the one from that of the other."""
    path = tar(fill(tmp_path / "set", 3), "a.tgz", "w:gz")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archives.console, "bar", full)
    with pytest.raises(UserError) as error:
        open_source(path)
    assert_one_sentence(error, "(No space left on device): make room")


def test_the_content_comes_before_the_name_of_a_part(tmp_path):
    """Protects whole files whose names end like those of parts, and still names parts."""
    folder = fill(tmp_path / "set", 2)
    whole = zipped(folder).read_bytes()
    np.save(tmp_path / "a.npy", arrays())
    for name, data, count in (
        ("faces.512", whole, 2),
        ("faces.064", tar(folder, "a.tgz", "w:gz").read_bytes(), 2),
        ("faces.r64", tar(folder, "a.tar", "w").read_bytes(), 2),
        ("faces.128", (tmp_path / "a.npy").read_bytes(), 4),
        ("face.001", encoded(random_image()), 1),
    ):
        (tmp_path / name).write_bytes(data)
        assert len(open_in(tmp_path, tmp_path / name).names) == count
    half = len(whole) // 2
    for name, data in (("a.zip.001", whole[:half]), ("a.zip.002", whole[half:])):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError) as error:
            open_source(tmp_path / name)
        assert_one_sentence(error, name, "one part of a split archive")


def arrays(count=4) -> np.ndarray:
    """Return uint8 images (N, 8, 8, 3)."""
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images,
        lambda images: images.transpose(0, 3, 1, 2),
        lambda images: images / np.float32(255),
        lambda images: images / 127.5 - 1,
        lambda images: images.astype(np.float64),
        lambda images: images.astype(np.uint16) * 257,
        lambda images: images.astype(np.int64),
        lambda images: np.concatenate([images, np.full_like(images[..., :1], 255)], axis=3),
    ],
)
def test_npy_of_every_range_and_layout(tmp_path, change):
    """Protects arrays of floats, of channels first and of 16 bits."""
    np.save(tmp_path / "a.npy", change(arrays()))
    opened = open_in(tmp_path, tmp_path / "a.npy")
    assert opened.names == [f"{number:06}" for number in range(4)]
    assert np.array_equal(opened.images[:], arrays())


def test_a_damaged_npz_is_one_sentence(tmp_path):
    """Wherever it is damaged; some damage is found nowhere, as by NumPy itself."""
    np.savez_compressed(tmp_path / "whole.npz", x=arrays())
    whole = (tmp_path / "whole.npz").read_bytes()
    refused = 0
    for place in range(0, len(whole) - 16, len(whole) // 40):
        path = tmp_path / "damaged.npz"
        path.write_bytes(whole[:place] + bytes(16) + whole[place + 16 :])
        try:
            open_in(tmp_path, path)
        except UserError as error:
            assert "damaged.npz" in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > 20


def test_npz_with_labels(tmp_path):
    """Protects the usual file of images and labels, of which the labels are no images."""
    labels = np.arange(4), np.eye(4)
    np.savez_compressed(tmp_path / "a.npz", x=arrays(), y=labels[0], z=labels[1])
    np.savez(tmp_path / "b.npz", gray=arrays()[..., 0], one=arrays()[0])
    assert np.array_equal(open_in(tmp_path, tmp_path / "a.npz").images[:], arrays())
    opened = open_in(tmp_path, tmp_path / "b.npz", channels=1)
    assert opened.names == [*(f"gray/{number:06}" for number in range(4)), "one/000000"]
    assert np.array_equal(opened.images[:4][..., 0], arrays()[..., 0])


@pytest.mark.parametrize("array", [np.arange(5), np.array(["a"]), np.array([{}], object)])
def test_arrays_that_are_no_images(tmp_path, array):
    """Protects against labels taken for images, and against pickles, which are programs."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "a.npy")
    assert_one_sentence(error, "a.npy", "uint8")


def save_table(path: Path, column: str, values: list) -> None:
    """Write a Parquet table of labels and a column of values, in two groups of rows."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table(
        {"label": range(len(values)), column: values, "raw": [b"x"] * len(values)}
    )
    parquet.write_table(table, path, row_group_size=2)


@pytest.mark.parametrize("kind", ["bytes", "pairs"])
def test_parquet_tables(tmp_path, kind):
    """Protects the datasets of Hugging Face: a file, and a folder of files with a README."""
    folder = fill(tmp_path / "set", 3)
    data = [path.read_bytes() for path in sorted(folder.iterdir())]
    values = data if kind == "bytes" else [{"bytes": item, "path": None} for item in data]
    (tmp_path / "hub" / "data").mkdir(parents=True)
    (tmp_path / "hub" / "README.md").write_text("# Faces")
    for part in ("train-0", "train-1"):
        save_table(tmp_path / "hub" / "data" / f"{part}.parquet", "image", values)
    expected = open_in(tmp_path, folder).images[:]
    for share in (1, 0):
        whole = open_in(tmp_path, tmp_path / "hub", cache_share=share)
        assert np.array_equal(whole.images[:], np.concatenate([expected] * 2))
    one = open_in(tmp_path, tmp_path / "hub" / "data" / "train-0.parquet")
    assert np.array_equal(one.images[:], expected)


def test_arrow_tables(tmp_path):
    """Protects a folder that `datasets` saved, whose files are streams."""
    pyarrow = pytest.importorskip("pyarrow")
    folder = fill(tmp_path / "set", 3)
    data = [{"bytes": path.read_bytes(), "path": ""} for path in sorted(folder.iterdir())]
    table = pyarrow.table({"image": data})
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "state.json").write_text("{}")
    path = str(tmp_path / "hub" / "data-0.arrow")
    with pyarrow.OSFile(path, "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    expected = open_in(tmp_path, folder).images[:]
    assert np.array_equal(open_in(tmp_path, tmp_path / "hub").images[:], expected)


def test_tables_without_images_and_without_the_package(tmp_path, monkeypatch):
    """Protects the sentences for a wrong table and for a missing package."""
    pyarrow = pytest.importorskip("pyarrow")
    save_table(tmp_path / "a.parquet", "text", ["a", "b"])
    with pytest.raises(UserError) as error:
        open_in(tmp_path, tmp_path / "a.parquet")
    assert_one_sentence(error, "2 x text file")  # of the column called raw
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), tmp_path / "c.parquet")
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "c.parquet")
    assert_one_sentence(error, "c.parquet", "only text")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "b.parquet")
    assert_one_sentence(error, "b.parquet", "no readable table")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "b.parquet")
    assert_one_sentence(error, 'pip install ".[tables]"')


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.zip", b"<html>Sign in</html>", "web page (HTML), not the file itself): download it"),
        ("a.zip", b'{"error": "not found"}', "such as an error message): download it again"),
        ("a.npz", b"Quota exceeded", "such as an error message): download it again"),
        ("a.zip", b"", "empty file: download"),
        ("a.zip", b"Rar!\x1a\x07\x01\0", "RAR file): unpack it and give the folder"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7z file): unpack it"),
        ("a.zip.001", b"PK\x03\x04", "one part of a split archive: join"),
        ("a.z01", b"PK\x07\x08", "one part of a split archive: join"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "HDF5 file): save its images"),
        ("a.csv", b"file\na.png\n", "table of text): give a folder"),
        ("a.HEIC", b"\0\0\0\x18ftypheic", "pip install pillow-heif"),
    ],
)
def test_files_that_are_something_else(tmp_path, monkeypatch, name, data, said):
    """Protects the user from being told to zip again what was never a zip."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError) as error:
        open_in(tmp_path, tmp_path / name)
    assert_one_sentence(error, name, said)


def test_half_a_zip_and_zips_of_zips(tmp_path):
    """Protects the sentences for a download that ended early and for packed packages."""
    path = zipped(fill(tmp_path / "set", 3))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError) as error:
        open_source(path)
    assert_one_sentence(error, "set.zip", "download or copy it again")
    (tmp_path / "zips").mkdir()
    (tmp_path / "zips" / "part1.zip").write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as archive:
        archive.writestr("part1.zip", whole)
    for images in ("zips", "nested.zip"):
        with pytest.raises(UserError) as error:
            open_in(tmp_path, tmp_path / images)
        assert_one_sentence(error, "1 x zip file: give it by itself or unpack it")


def test_an_image_with_a_zip_behind_it_is_an_image(tmp_path):
    """Protects images that hide another file, which a zip reader takes for a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "hidden")
    (tmp_path / "a.png").write_bytes(encoded(random_image()) + file.getvalue())
    assert open_in(tmp_path, tmp_path / "a.png").names == ["a.png"]


@pytest.mark.parametrize("pattern", ["", "/*.png", "/**", "/*/*.png", "/sub [1]/0000.png"])
def test_a_folder_whose_name_looks_like_a_glob(tmp_path, pattern):
    """Protects '[artist] set/*.png': the folder as it is comes first."""
    folder = fill(tmp_path / "[artist] set", 2)
    fill(folder / "sub [1]", 1)
    fill(tmp_path / "a set", 5)
    counts = {"": 3, "/*.png": 2, "/**": 3, "/*/*.png": 1, "/sub [1]/0000.png": 1}
    assert len(open_in(tmp_path, f"{folder}{pattern}").names) == counts[pattern]
    assert len(open_in(tmp_path, tmp_path / "[a] set" / "*.png").names) == 5
