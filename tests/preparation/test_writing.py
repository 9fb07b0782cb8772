"""The set as folder, zip and TFRecords, and which faces are held out."""

import hashlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from anime_gan.preparation import writing
from anime_gan.preparation.settings import Output


@pytest.fixture
def source(tmp_path):
    """A folder of three faces of 8x8, and their records."""
    folder = tmp_path / "source"
    folder.mkdir()
    faces = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        faces.append({"name": f"{number}.png"})
    return folder, faces


def test_a_folder_holds_the_kept_faces_and_the_users_own_files(source, tmp_path):
    """A face that is no longer kept is removed, a new one added, and another file stays."""
    folder, faces = source
    out, every = tmp_path / "faces", {face["name"] for face in faces}
    writing.write_files(folder, out, faces[:2], every, "png")
    (out / "notes.txt").write_text("mine")
    writing.write_files(folder, out, faces[1:], every, "png")
    assert sorted(path.name for path in out.iterdir()) == ["1.png", "2.png", "notes.txt"]
    assert (out / "2.png").read_bytes() == (folder / "2.png").read_bytes()


def test_the_form_of_the_output_may_change(source, tmp_path):
    """Nobody should train on the files that an earlier start left behind by mistake."""
    folder, faces = source
    for number, face in enumerate(faces):
        face["content"] = f"{number * 0x70000000:08x}"
    for output, names in (
        (Output(), {"faces"}),
        (Output(zipped=True, held_out=0.3), {"train.zip", "heldout.zip"}),
        (Output(held_out=0.3), {"train", "heldout"}),
        (Output(zipped=True), {"faces.zip"}),
    ):
        writing.write_set(folder, tmp_path / "out", faces, output, size=8)
        assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert zipfile.ZipFile(tmp_path / "out" / "faces.zip").namelist() == [
        face["name"] for face in faces
    ]


def test_jpeg_keeps_lines_and_colors(source, tmp_path):
    """Each pixel is within a few levels of the PNG's, at full color resolution."""
    folder, faces = source
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, ::9] = (255, 0, 60)
    Image.fromarray(pixels).save(folder / "0.png")
    writing.write_files(folder, tmp_path / "faces", faces[:1], set(), "jpeg")
    with Image.open(tmp_path / "faces" / "0.jpg") as image:
        assert image.format == "JPEG" and image.mode == "RGB"
        assert [component[1:3] for component in image.layer] == [(1, 1)] * 3
        difference = np.asarray(image).astype(int) - pixels
    assert np.abs(difference).mean() < 3 and np.abs(difference).max() < 25


def test_the_format_may_change(source, tmp_path):
    """In a folder and in a zip; only files of the new format are left, and the user's own."""
    folder, faces = source
    out, every = tmp_path / "faces", {face["name"] for face in faces}
    for format, ending in (("png", "png"), ("jpeg", "jpg"), ("jpeg", "jpg"), ("png", "png")):
        writing.write_files(folder, out, faces[1:], every, format)
        (out / "mine.jpg").write_text("mine")
        assert {path.name for path in out.iterdir()} == {f"1.{ending}", f"2.{ending}", "mine.jpg"}
        writing.write_zip(folder, tmp_path / "faces.zip", faces[1:], format)
        with zipfile.ZipFile(tmp_path / "faces.zip") as file:
            assert file.namelist() == [f"1.{ending}", f"2.{ending}"]
            for name in file.namelist():
                assert file.read(name) == (out / name).read_bytes()


def test_a_jpeg_that_is_there_is_not_written_again(source, tmp_path):
    """A second start of a large set takes seconds."""
    folder, faces = source
    writing.write_files(folder, tmp_path / "faces", faces, set(), "jpeg")
    written = (tmp_path / "faces" / "0.jpg").stat().st_mtime_ns
    writing.write_files(folder, tmp_path / "faces", faces, set(), "jpeg")
    assert (tmp_path / "faces" / "0.jpg").stat().st_mtime_ns == written


def test_faces_are_copied_where_the_disk_supports_no_links(source, tmp_path, monkeypatch):
    """For example a FAT file system."""
    folder, faces = source

    def refuse(source, target):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    writing.write_files(folder, tmp_path / "faces", faces, set(), "png")
    assert (tmp_path / "faces" / "0.png").read_bytes() == (folder / "0.png").read_bytes()


def test_equal_faces_give_an_equal_zip(source, tmp_path):
    """Byte for byte, at any time and for any order of the faces."""
    folder, faces = source
    writing.write_zip(folder, tmp_path / "one.zip", faces, "png")
    writing.write_zip(folder, tmp_path / "two.zip", faces[::-1], "png")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["0.png", "1.png", "2.png"]


def test_held_out_faces_stay_held_out_when_the_set_grows():
    """The content of the source file decides, so all faces of an image stay together."""
    faces = [
        {"name": f"{number}-{part}", "content": hashlib.sha256(b"%d" % number).hexdigest()}
        for number in range(1000)
        for part in range(2)
    ]
    assert writing.split(faces, 0.0) == {"faces": faces}
    every = writing.split(faces, 0.1)
    some = writing.split(faces[:500], 0.1)
    assert 0.07 < len(every["heldout"]) / 2000 < 0.13
    assert some["heldout"] == every["heldout"][: len(some["heldout"])]
    out, rest = ({face["content"] for face in every[part]} for part in ("heldout", "train"))
    assert not out & rest


def test_records_are_as_the_original_stylegan_reads_them(source, tmp_path):
    """One file for each side from 4, channels first, reduced by averaging."""
    tf = pytest.importorskip("tensorflow", reason="TFRecords are TensorFlow's")
    folder, faces = source
    writing.write_records(folder, tmp_path / "records", "faces", faces, 8)
    files = sorted(path.name for path in (tmp_path / "records").iterdir())
    assert files == ["faces-r02.tfrecords", "faces-r03.tfrecords"]
    read = {}
    for name in files:
        data = tf.data.TFRecordDataset(str(tmp_path / "records" / name))
        read[name] = []
        for record in data.as_numpy_iterator():
            example = tf.train.Example.FromString(record).features.feature
            shape = list(example["shape"].int64_list.value)
            pixels = np.frombuffer(example["data"].bytes_list.value[0], np.uint8).reshape(shape)
            read[name].append(pixels)
    whole, half = np.stack(read[files[1]]), np.stack(read[files[0]])
    there = {np.asarray(Image.open(folder / face["name"])).tobytes() for face in faces}
    assert {pixels.transpose(1, 2, 0).tobytes() for pixels in whole} == there
    means = whole.reshape(3, 3, 4, 2, 4, 2).astype(float).mean(axis=(3, 5))
    assert half.shape == (3, 3, 4, 4) and np.abs(half - means).max() <= 0.5


def test_only_old_records_are_removed(tmp_path):
    """Those of an earlier start may hold faces that are dropped now."""
    for name in ("faces-r02.tfrecords", "notes.txt"):
        (tmp_path / name).write_text("")
    writing.remove_records(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    writing.remove_records(tmp_path / "missing")
