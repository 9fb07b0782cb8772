"""The set as files, zip and TFRecords, and which faces are held out."""

import hashlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from anime_gan.preparation import writing


@pytest.fixture
def made(tmp_path):
    """A folder of three faces of 8x8, and their records."""
    folder = tmp_path / "made"
    folder.mkdir()
    faces = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        faces.append({"name": f"{number}.png"})
    return folder, faces


def test_a_folder_holds_what_was_kept_and_what_a_person_put_there(made, tmp_path):
    """A face no longer kept goes, another comes, and a file of somebody else's stays."""
    folder, faces = made
    out, every = tmp_path / "faces", {face["name"] for face in faces}
    writing.write_files(folder, out, faces[:2], every)
    (out / "notes.txt").write_text("mine")
    writing.write_files(folder, out, faces[1:], every)
    assert sorted(path.name for path in out.iterdir()) == ["1.png", "2.png", "notes.txt"]
    assert (out / "2.png").read_bytes() == (folder / "2.png").read_bytes()


def test_faces_are_copied_where_the_disk_has_no_links(made, tmp_path, monkeypatch):
    """As on a memory stick."""
    folder, faces = made

    def refuse(source, target):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    writing.write_files(folder, tmp_path / "faces", faces, set())
    assert (tmp_path / "faces" / "0.png").read_bytes() == (folder / "0.png").read_bytes()


def test_equal_faces_give_an_equal_zip(made, tmp_path):
    """To the byte, whenever and in whatever order it is written."""
    folder, faces = made
    writing.write_zip(folder, tmp_path / "one.zip", faces)
    writing.write_zip(folder, tmp_path / "two.zip", faces[::-1])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["0.png", "1.png", "2.png"]


def test_held_out_faces_stay_so_when_the_set_grows():
    """By the file's content: all faces of a picture together, whatever else there is."""
    faces = [
        {"name": f"{number}-{part}", "content": hashlib.sha256(b"%d" % number).hexdigest()}
        for number in range(1000)
        for part in range(2)
    ]
    assert writing.parts(faces, 0.0) == {"faces": faces}
    every = writing.parts(faces, 0.1)
    some = writing.parts(faces[:500], 0.1)
    assert 0.07 < len(every["heldout"]) / 2000 < 0.13
    assert some["heldout"] == every["heldout"][: len(some["heldout"])]
    out, rest = ({face["content"] for face in every[part]} for part in ("heldout", "train"))
    assert not out & rest


def test_records_are_those_of_the_original_stylegan(made, tmp_path):
    """One file for each side from 4, channels first, smaller ones averaged."""
    tf = pytest.importorskip("tensorflow", reason="TFRecords are TensorFlow's")
    folder, faces = made
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


def test_old_records_go_and_nothing_else(tmp_path):
    """Records of an earlier start would hold faces that a person has dropped since."""
    for name in ("faces-r02.tfrecords", "notes.txt"):
        (tmp_path / name).write_text("")
    writing.remove_records(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    writing.remove_records(tmp_path / "missing")
