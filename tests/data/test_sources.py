"""Folders, globs and zips: what is found in them, and what is refused."""

import os
import struct
import zipfile

import numpy as np
import pytest

from anime_gan.data import entries
from tests.data.files import encoded, fill, open_in, random_image


def test_folder_glob_and_zip_agree(tmp_path):
    """Protects the three ways to name the same images."""
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
    assert np.array_equal(folder.images[:], zipped.images[:])
    assert folder.skipped == [] and folder.skipped_file is None


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
    """Protects against system litter among the images, and a listing that never ends."""
    folder = fill(tmp_path / "set", 2)
    fill(folder / ".hidden", 1)
    fill(folder / "__MACOSX", 1)
    (folder / "._0000.png").write_bytes(b"litter")
    os.symlink(folder, folder / "loop")
    os.symlink(folder, folder / "loop2")
    opened = open_in(tmp_path, folder)
    assert opened.names == ["0000.png", "0001.png"] and not opened.skipped


def test_bad_files_are_skipped_and_listed(tmp_path, monkeypatch):
    """Protects a long training from single bad files, and the user from not knowing of them."""
    folder = fill(tmp_path / "set", 2)
    jpeg = encoded(random_image(size=(64, 64)), "JPEG")
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is not an image")
    bomb = bytearray(encoded(random_image(), "BMP"))
    bomb[18:26] = struct.pack("<ii", 12_000, 12_000)
    (folder / "bomb.bmp").write_bytes(bomb)
    os.symlink(folder / "nowhere", folder / "dangling.png")
    os.symlink(folder / "self.png", folder / "self.png")
    os.mkfifo(folder / "pipe.png")
    monkeypatch.setattr(entries, "MAX_FILE_BYTES", 50_000)
    (folder / "big.bmp").write_bytes(encoded(random_image(size=(200, 200)), "BMP"))
    for _ in ("cold", "warm"):
        opened = open_in(tmp_path, folder)
        reasons = dict(opened.skipped)
        assert opened.names == ["0000.png", "0001.png"]
        assert set(reasons) == {
            *("cut.jpg", "empty.png", "text.png", "bomb.bmp"),
            *("dangling.png", "self.png", "pipe.png", "big.bmp"),
        }
        assert reasons["text.png"] == "text file" and "1 x text file" in opened.summary()
        assert "megapixels" in reasons["bomb.bmp"] and "truncated" in reasons["cut.jpg"]
        assert "MB" in reasons["big.bmp"] and "empty" in reasons["empty.png"]
        listed = opened.skipped_file.read_text().splitlines()
        assert [tuple(line.split("\t")) for line in listed] == opened.skipped


def test_zip_entries_that_are_refused(tmp_path, monkeypatch):
    """Protects against zip files that hide links, lie or inflate without end."""
    monkeypatch.setattr(entries, "MAX_FILE_BYTES", 1_000_000)
    path, good = tmp_path / "set.zip", encoded(random_image())
    # Nothing is unpacked, so a name may point anywhere.
    outside = ["../up.png", "a/../../up.png", "/root.png", "C:/drive.png", "..\\back.png"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ["good.png", "__MACOSX/._good.png", *outside]:
            archive.writestr(name, good)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.png", bytes(2_000_000))
        archive.writestr("odd.png", good)
        archive.writestr("locked.png", good)
    right = path.read_bytes()
    data = bytearray(right)
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag of an encrypted entry
    data[data.rindex(b"PK\x01\x02", 0, entry) + 10] = 9  # Deflate64
    path.write_bytes(data)
    opened = open_in(tmp_path, path)
    reasons = dict(opened.skipped)
    assert set(opened.names) == {"good.png", *outside}
    assert "link" in reasons["link.png"] and "MB" in reasons["bomb.png"]
    assert "Deflate64" in reasons["odd.png"] and "password" in reasons["locked.png"]
    assert len(reasons) == 4
    assert "1 x packed with Deflate64, which" in opened.summary()
    path.write_bytes(right)  # the same files by name, size and CRC
    assert set(open_in(tmp_path, path).names) == {"good.png", "odd.png", "locked.png", *outside}


def test_a_damaged_zip_entry_is_skipped(tmp_path):
    """Protects against pixels changed on disk, which the zip's checksum gives away."""
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.bmp", encoded(random_image(seed=1), "BMP"))
        archive.writestr("b.bmp", encoded(random_image(seed=2), "BMP"))
    data = bytearray(path.read_bytes())
    data[300] ^= 255
    path.write_bytes(data)
    for _ in ("cold", "warm"):
        opened = open_in(tmp_path, path)
        assert opened.names == ["b.bmp"] and "CRC" in opened.skipped[0][1]
    data[300] ^= 255  # the zip is copied again
    path.write_bytes(data)
    assert open_in(tmp_path, path).names == ["a.bmp", "b.bmp"]
