"""Tables of labels are read as people write them, or refused in one sentence."""

import codecs
import tarfile
import zipfile

import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.data import demo
from anime_gan.data.image_set import labels_of, open_images
from anime_gan.data.labels import MOST_VALUES, Labels, Table, nearest
from anime_gan.data.peek import one_batch, read_labels
from anime_gan.errors import UserError
from tests.data.files import assert_one_sentence, fill, zipped

NAMES = ["a.png", "b.png", "sub/c.png"]
PLAIN = "file,hair,eyes\na.png,blue,red\nb.png,,green\nsub/c.png,pink,red\n"


def read(text: str | bytes, names=NAMES, attributes=(), prefix="") -> Labels:
    """Read a table of these images."""
    data = text.encode() if isinstance(text, str) else text
    return Table(data, "labels.csv", prefix).labels(names, attributes)


def test_words_become_codes():
    """Values are sorted and counted from 1, empty ones are 0."""
    labels = read(PLAIN)
    assert labels.attributes == {"hair": ("blue", "pink"), "eyes": ("green", "red")}
    assert labels.codes.dtype == np.int32
    np.testing.assert_array_equal(labels.codes, [[1, 2], [0, 1], [2, 2]])
    assert labels.counts() == {
        "hair": {"": 1, "blue": 1, "pink": 1},
        "eyes": {"": 0, "green": 1, "red": 2},
    }
    assert read(PLAIN, attributes=["eyes"]).codes.tolist() == [[2], [1], [2]]


@pytest.mark.parametrize(
    "text",
    [
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("blue", " Blue  ").replace("file,hair", "File, HAIR "),
        PLAIN.replace("b.png", '"b.png"').replace("blue", '"blue"'),
        PLAIN.replace("sub/", ".\\sub\\"),
        PLAIN + "\n , ,\n",
        PLAIN.rstrip(),
    ],
    ids=["BOM", "CRLF", "capitals and spaces", "quotes", "backslashes", "blank lines", "no end"],
)
def test_the_ways_in_which_programs_write_a_table(text):
    """Spreadsheets add marks, line ends, quotes and capitals; the labels are the same."""
    same, wanted = read(text), read(PLAIN)
    assert same.attributes == wanted.attributes
    np.testing.assert_array_equal(same.codes, wanted.codes)


def test_what_does_not_fit_is_counted():
    """Rows of missing files and files without rows are unknown, and the summary says how many."""
    labels = read("file,hair\nb.png,blue\nz.png,green\ny.png,red\na.png,red\n")
    assert labels.attributes == {"hair": ("blue", "red")}  # green is of no image
    assert labels.codes.tolist() == [[2], [1], [0]]
    assert (labels.without_row, labels.without_image) == (1, 2)
    assert labels.summary() == (
        "Labels from labels.csv: hair, 2 values from blue (1) to blue (1), 1 unknown. 1 image "
        "without a row. 2 rows without an image."
    )


def test_an_attribute_of_a_drawing_that_is_no_label_is_left_out_unless_asked_for():
    """A table may have columns of numbers, or of one value: they are no labels."""
    names = [f"{n}.png" for n in range(MOST_VALUES + 1)]
    text = "file,hair,tilt,set\n" + "".join(f"{n},{i % 2},0.{i},a\n" for i, n in enumerate(names))
    assert list(read(text, names).attributes) == ["hair"]
    with pytest.raises(UserError, match="257 different values"):
        read(text, names, ["tilt"])
    with pytest.raises(UserError, match="only the value a"):
        read(text, names, ["set"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("name,hair\n", "but must be the header"),
        ("file\n", "but must be the header"),
        ("file;hair;eyes\na.png;blue;red\n", "separated by semicolons"),
        ("file\thair\na.png\tblue\n", "separated by tabs"),
        ("file,hair,hair\n", "column 3 of labels.csv has the name 'hair'"),
        ("file,hair,\n", "column 3 of labels.csv has the name ''"),
        ("file,hair\na.png,blue\na.png,red\n", "names the file a.png twice, again in line 3"),
        ("file,hair\na.png,blue\n./a.png,red\n", "names the file a.png twice, again in line 3"),
        ("file,hair\na.png,blue,red\n", "line 2 of labels.csv has 3 cells"),
        ("file,hair,eyes\na.png,blue\n", "line 2 of labels.csv has 2 cells"),
        ('file,hair\na.png,"blue\n', "is not valid CSV"),
        ("file,hair\na.png,blue\n", "has only the value blue for the attribute hair"),
        ("file,hair\na.png,\n", "has no value for the attribute hair"),
        ('file,hair\na.png,"blue, light"\nb.png,red\n', "which cannot be asked for"),
        ("file,hair\na.png,any\nb.png,red\n", "which cannot be asked for"),
        ("file,eyes\na.png,any\n", "there is no attribute hair in "),
        (codecs.BOM_UTF16 + "file,hair".encode("utf-16-le"), "is not text in UTF-8"),
        ("file,hair\na.png,grün\n".encode("latin-1"), "is not text in UTF-8"),
    ],
)
def test_other_tables_are_refused_in_a_sentence(text, said):
    """Each error names the place and the way out."""
    with pytest.raises(UserError, match=said.replace("(", r"\(")) as error:
        read(text, attributes=["hair"])
    assert_one_sentence(error)


def test_a_name_with_the_folder_and_one_without_are_the_same_file():
    """In a set that is one folder; two rows for it contradict each other."""
    names = ["set/a.png", "set/b.png"]
    labels = read("file,hair\na.png,red\nset/b.png,blue\n", names, prefix="set/")
    assert labels.codes.tolist() == [[2], [1]]
    with pytest.raises(UserError, match=r"twice, as a\.png and as set/a\.png; remove") as error:
        read("file,hair\na.png,red\nset/a.png,blue\nb.png,red\n", names, prefix="set/")
    assert_one_sentence(error)


def test_the_nearest_names_come_first():
    """A typing error is answered with what was meant."""
    assert nearest("blu", ["aqua", "black", "blue"]).startswith("there are blue, ")
    assert nearest("x", map(str, range(20))).endswith(" and 12 more")


def table_in(folder, text=PLAIN):
    """Write labels.csv into a folder of images."""
    (folder / "labels.csv").write_text(text)


@pytest.mark.parametrize(
    "kind", ["folder", "glob", "zip", "tar", "zip of a folder", "./ tar", "beside a zip", "path"]
)
def test_the_table_lies_in_the_set_or_elsewhere(tmp_path, kind):
    """In the root of a folder or archive, in the one folder that it holds, or where a key says."""
    folder = fill(tmp_path / "set", 3)
    table_in(folder, "file,hair\n0000.png,red\n0002.png,blue\n")
    source, options = folder, {}
    if kind == "glob":
        source = folder / "*.png"
    elif kind == "zip":
        source = zipped(folder)
    elif kind == "beside a zip":
        (folder / "labels.csv").rename(tmp_path / "set.labels.csv")
        source = zipped(folder)
    elif kind == "zip of a folder":
        source = tmp_path / "faces.zip"
        with zipfile.ZipFile(source, "w") as file:
            for path in folder.iterdir():
                file.write(path, f"set/{path.name}")
    elif kind in ("tar", "./ tar"):
        source = tmp_path / "faces.tar.gz"
        with tarfile.open(source, "w:gz") as file:
            for path in folder.iterdir():
                file.add(path, f"./{path.name}" if kind == "./ tar" else path.name)
    elif kind == "path":
        options["labels"] = (folder / "labels.csv").rename(tmp_path / "words.csv")
    found = open_images(source, 8, cache=tmp_path / "cache", **options)
    assert found.labels().codes.tolist() == [[2], [0], [1]]
    assert found.skipped == [] and "Left out" not in found.summary()


def test_the_current_folder_is_a_set(tmp_path, monkeypatch):
    """Its name is a point, beside which no file of labels can lie."""
    monkeypatch.chdir(fill(tmp_path / "set", 2))
    assert open_images(".", 8, cache=tmp_path / "cache").table is None
    table_in(tmp_path / "set", "file,hair\n0000.png,red\n0001.png,blue\n")
    assert open_images(".", 8, cache=tmp_path / "cache").labels().codes.tolist() == [[2], [1]]


def test_another_table_does_not_decode_the_images_again(tmp_path):
    """Labels are corrected often, and decoding takes minutes."""
    folder = fill(tmp_path / "set", 3)
    table_in(folder, "file,hair\n0000.png,red\n0001.png,blue\n")
    open_images(folder, 8, cache=tmp_path / "cache")
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    table_in(folder, "file,hair\n0000.png,blue\n0001.png,red\n")
    found = open_images(folder, 8, cache=tmp_path / "cache")
    assert found.labels().codes.tolist() == [[1], [2], [0]]
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == kept


def test_a_set_without_a_table(tmp_path):
    """The sentence says where to put one, and how to name another."""
    found = open_images(fill(tmp_path / "set", 2), 8, cache=tmp_path / "cache")
    assert found.table is None
    with pytest.raises(UserError, match=r"has no labels\.csv; put one beside the images") as error:
        found.labels()
    assert_one_sentence(error)
    assert labels_of(load_config(None, []), found) is None  # nothing asks for labels
    with pytest.raises(UserError, match=r"the table of labels, .*none\.csv, cannot be read"):
        open_images(tmp_path / "set", 8, cache=tmp_path / "cache", labels=tmp_path / "none.csv")


def test_weights_of_balanced_labels():
    """Between even and balanced; images of unknown labels are taken as often as before."""
    codes = np.array([[1], [1], [1], [2], [0]], np.int32)
    labels = Labels({"hair": ("a", "b")}, codes, "")
    np.testing.assert_allclose(labels.weights(0), 0.2)
    np.testing.assert_allclose(labels.weights(1), [0.4 / 3] * 3 + [0.4, 0.2])
    np.testing.assert_allclose(
        labels.weights(0.5), np.mean([labels.weights(0), labels.weights(1)], 0)
    )
    two = np.hstack([codes, [[1], [2], [1], [2], [1]]]).astype(np.int32)
    other = Labels({"x": ("a", "b")}, two[:, 1:], "").weights(1)
    both = Labels({"hair": ("a", "b"), "x": ("a", "b")}, two, "").weights(1)
    np.testing.assert_allclose(both, (labels.weights(1) + other) / 2)


def test_without_an_attribute_nothing_is_balanced(tmp_path):
    """A column of notes says of no image how often it is to be taken."""
    folder = fill(tmp_path / "set", 2)
    table_in(folder, "file,note\n0000.png,\n0001.png,\n")
    found = open_images(folder, 8, cache=tmp_path / "cache")
    assert found.labels().summary().startswith("Labels from labels.csv of ")
    assert found.labels().summary().endswith(": none.")
    with pytest.raises(UserError, match=r"no column of labels\.csv of .* is an attribute") as error:
        labels_of(load_config(None, ["data.balance=1"]), found)
    assert_one_sentence(error)


def test_drawn_faces_have_labels_also_in_an_old_folder(tmp_path):
    """A folder that was drawn before keeps its faces, and gets the table beside them."""
    folder = demo.ensure_faces(tmp_path / "drawn", count=6)
    (folder / "labels.csv").unlink()
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    demo.ensure_faces(folder, count=6)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    labels = open_images(folder, 64, cache=tmp_path / "cache").labels(["hair", "background"])
    for number, row in enumerate(labels.codes):
        face = demo.dataset.face_of(0, number)
        words = [
            values[code - 1] for values, code in zip(labels.attributes.values(), row, strict=True)
        ]
        assert words == [face.hair_colour, face.background]


def test_one_batch_with_labels_reads_no_cache(tmp_path):
    """A dry run needs the values of labels, and writes nothing."""
    folder = fill(tmp_path / "set", 5)
    table_in(folder, "file,hair\n0000.png,red\n0001.png,blue\n")
    own = [f"data.images={folder}", "training.batch_size=2", "model.labels=[hair]"]
    batch, config = one_batch(load_config(None, own))
    assert batch.labels.tolist() == [[2], [1]] and batch.images.shape == (2, 64, 64, 3)
    assert config.model.label_values == {"hair": ("blue", "red")}
    drawn = read_labels(load_config(None, ["data.images=demo", "model.labels=[eyes]"]))
    assert drawn.codes.shape == (6000, 1) and len(drawn.attributes["eyes"]) == 5
    words = tmp_path / "words.csv"
    words.write_text("file,eyes\nface_000000.png,kind\nface_000001.png,sad\n")
    own = load_config(None, ["data.images=demo", "model.labels=[eyes]", f"data.labels={words}"])
    assert read_labels(own).attributes == {"eyes": ("kind", "sad")}
    assert read_labels(load_config(None, ["data.images=demo"])) is None


def test_a_balance_without_labels_is_refused_before_images_are_decoded(tmp_path):
    """By the dry run and by a run, with the sentence of a run."""
    folder = fill(tmp_path / "set", 5)
    config = load_config(
        None, [f"data.images={folder}", "training.batch_size=2", "data.balance=0.5"]
    )
    for read in (read_labels, one_batch):
        with pytest.raises(UserError, match=r"has no labels\.csv; put one beside") as error:
            read(config)
        assert_one_sentence(error)
