"""Images are opened from end to end, and mistakes give one sentence."""

import subprocess
import sys
import zipfile

import pytest

from anime_gan.config import from_dict
from anime_gan.data.demo import dataset
from anime_gan.data.image_set import open_data
from anime_gan.errors import UserError
from tests.conftest import ROOT
from tests.data.files import assert_one_sentence, fill, open_in


def test_errors_are_one_sentence(tmp_path):
    """Protects the user from tracebacks: each mistake gives one sentence naming the thing."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("not an image")
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        archive.writestr("readme.txt", "no images")
    for images, mention in [
        ("missing", "does not exist"),
        ("missing/*.png", "does not exist"),
        ("empty", "contains no files, hidden ones aside"),
        ("empty/*.png", "contains no files, hidden ones aside"),
        ("text.zip", "holds no images that can be read, but 1 x text file"),
        ("broken.zip", "not a readable zip"),
        ("bad", "holds no images that can be read, but 1 x text file"),
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


def test_memory_stays_small(tmp_path):
    """Protects against holding all images in memory: the cache is larger than what is used."""
    pytest.importorskip("psutil")
    folder = fill(tmp_path / "set", 60, size=(16, 16))
    code = (
        "import sys, psutil, data_loader as d; from pathlib import Path;"
        "uss = lambda: psutil.Process().memory_full_info().uss / 2**20; before = uss();"
        "s = d.open_images(sys.argv[1], 1024, cache=Path(sys.argv[2]), workers=2);"
        "built = uss();"
        "b = d.Batches(s.images, 2, 0); [next(b) for _ in range(60)]; b.close();"
        "print(s.images[:].nbytes / 2**20, built - before, uss() - before)"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    size, built, trained = map(float, printed.split())
    assert size == 180 and built < 60 and trained < 90


def test_the_summary_says_that_images_stay_encoded(tmp_path, capsys):
    """Protects the user from wondering why the cache is empty, and what is skipped."""
    folder, cache = fill(tmp_path / "set", 3), str(tmp_path / "cache")
    (folder / "0001.png").write_bytes(b"")
    images = str(folder)
    config = from_dict({"data": {"images": images, "cache": cache, "cache_share": 0}})
    found = open_data(config)
    assert capsys.readouterr().out == ""
    assert found.summary() == (
        f"2 images from {images}. They are decoded when needed, since data.cache_share is 0. "
        f"Left out: 1 file, listed in {found.skipped_file} (1 x empty file)."
    )


@pytest.mark.parametrize("size", [4, 8])
def test_demo_faces_have_the_small_sizes_that_growing_starts_with(size, tmp_path, monkeypatch):
    """Protects growing networks: the faces are drawn at the smallest size, then shrunk."""
    monkeypatch.chdir(tmp_path)

    def few(folder, size):
        dataset.write_faces(folder, 3, size=size)
        return folder

    monkeypatch.setattr(dataset, "ensure_faces", few)
    config = from_dict({})
    shape = config.model.model_copy(update={"resolution": size})
    found = open_data(config.model_copy(update={"model": shape}))
    assert found.images.shape == (3, size, size, 3) and not found.skipped
