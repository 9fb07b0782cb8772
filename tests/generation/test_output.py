"""Names of files that are free, and lists of seeds."""

import errno
from pathlib import Path

import pytest
from PIL import Image

from anime_gan import __version__
from anime_gan.errors import UserError
from anime_gan.generation.output import (
    details,
    free_path,
    new_seeds,
    parse_faces,
    parse_seeds,
    save_image,
    save_small,
    seed_text,
    stem_of,
)
from tests.conftest import size_of


def test_free_names_sort(tmp_path):
    """The first is the name itself, the next ones count; further files must be free too."""
    path = tmp_path / "grid.png"
    made = []
    for _ in range(12):
        made.append(free_path(path))
        made[-1].touch()
    assert [made[0].name, made[1].name, made[11].name] == [
        "grid.png",
        "grid_002.png",
        "grid_012.png",
    ]
    assert sorted(made) == made
    (tmp_path / "p.mp4").touch()
    assert free_path(tmp_path / "p.png", ".mp4").name == "p_002.png"
    (tmp_path / "faces").mkdir()
    assert free_path(tmp_path / "faces").name == "faces_002"


def test_new_seeds_are_new_and_have_five_digits_at_most():
    """Other ones each time, and not those of a training's grids."""
    starts = {new_seeds(25)[0] for _ in range(20)}
    assert len(starts) > 15 and min(starts) >= 1_000
    assert all(max(new_seeds(25)) < 100_000 for _ in range(20))
    assert len(new_seeds(500_000)) == 500_000


def test_seeds_as_text_are_read_back():
    """Also repeated and descending ones."""
    for seeds in ([3], [1, 5, *range(100, 110)], [2, 2, 1], [9, 10, 3]):
        assert parse_seeds(seed_text(seeds)) == seeds
        assert parse_faces(seed_text([*seeds, Path("a.npz"), 7])) == [*seeds, Path("a.npz"), 7]
    assert seed_text([1, 5, 100, 101, 102]) == "1,5,100-102"


def test_a_png_says_what_it_shows(tmp_path, monkeypatch):
    """Run, step and seeds; names in any script; what is not known is left out."""
    monkeypatch.chdir(tmp_path)
    config = Path("weights/r/config.yaml")
    config.parent.mkdir(parents=True)
    config.write_text("version: dcgan\n")
    about = details(Path("weights/r/generator_7.keras"), [3, 4], psi="0.7", target="顔.png")
    for number, save in enumerate((save_image, save_small)):
        save(tmp_path / f"{number}.png", Image.new("RGB", (4, 4)), about)
        with Image.open(tmp_path / f"{number}.png") as image:
            assert image.text == {
                "Software": f"anime-gan {__version__}",
                "version": "dcgan",
                "run": "r",
                "step": "7",
                "weights": "generator_7.keras",
                "seeds": "3-4",
                "psi": "0.7",
                "target": "顔.png",
            }
    elsewhere = details(Path("friend.keras"), [3])
    nothing = dict.fromkeys(("run", "version", "step"))
    assert elsewhere == nothing | {"weights": "friend.keras", "seed": "3"}
    save_small(tmp_path / "2.png", Image.new("RGB", (4, 4)), elsewhere)
    with Image.open(tmp_path / "2.png") as image:
        assert image.text["seed"] == "3" and not {*nothing} & {*image.text}


@pytest.mark.parametrize(
    ("suffix", "longest"), [(".webp", 16_383), (".WEBP", 16_383), (".jpg", 65_500)]
)
def test_what_a_format_does_not_hold_is_refused(tmp_path, suffix, longest):
    """In a sentence that names the way out; what it just holds is written."""
    path = tmp_path / f"a{suffix}"
    save_image(path, Image.new("L", (longest, 1)), {})
    assert size_of(path) == (longest, 1)
    path.unlink()
    with pytest.raises(UserError, match=f"1x{longest + 1} pixels, .* or write a .png file"):
        save_image(path, Image.new("L", (1, longest + 1)), {})
    assert not [*tmp_path.iterdir()]


def test_what_is_made_of_weights_has_their_whole_name():
    """Points in it are no ending, so my.a and my.b have files of their own."""
    for name, stem in (
        ("generator_500.keras", "generator_500"),
        ("generator_500.weights.h5", "generator_500"),
        ("my.a.keras", "my.a"),
    ):
        assert stem_of(Path("weights") / name) == stem


def test_on_a_full_disk_no_image_is_damaged(tmp_path, monkeypatch):
    """Each is there whole or not at all, also one that replaces another."""
    old = tmp_path / "old.png"
    old.write_bytes(b"as it was")

    def fill(image, path, **options):
        Path(path).write_bytes(b"half of an ima")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fill)
    for save in (save_image, save_small):
        for path in (old, tmp_path / "new.png", tmp_path / "new.jpg"):
            with pytest.raises(UserError, match="No space left"):
                save(path, Image.new("RGB", (4, 4)), {})
    assert [*tmp_path.iterdir()] == [old] and old.read_bytes() == b"as it was"
