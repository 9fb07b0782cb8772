"""Films: they loop, keep to the codes that faces are made of, and tell a training in order."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.training.state import latents_of


def test_a_walk_on_the_arc_stays_where_latents_are_and_closes():
    """It passes its seeds, comes back, loops without a stop, and never crosses the empty middle."""
    ends = latents_of([3, 8, 5], 100)
    way = films.walk(ends, 10, arc=True)
    assert way.shape == (30, 100) and way.dtype == np.float32
    np.testing.assert_allclose(way[::10], ends, atol=1e-5)
    lengths = np.linalg.norm(way, axis=1)
    assert lengths.min() > 0.95 * np.linalg.norm(ends, axis=1).min()
    steps = np.linalg.norm(np.diff([*way, way[0]], axis=0), axis=1)
    assert steps.min() > 0  # no frame twice, at the loop's end neither
    assert steps[4] > 3 * steps[0]  # slow at the ends
    same = films.walk(latents_of([3, 3], 100), 4, arc=True)
    np.testing.assert_allclose(same, np.tile(ends[:1], (8, 1)), atol=1e-6)


def test_a_walk_on_the_chord():
    """Styles go straight: half-way is the mean of both."""
    codes = np.array([[0.0, 2.0], [4.0, 0.0]])
    way = films.walk(codes, 10, arc=False)
    np.testing.assert_allclose(way[5], [2.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(way[15], [2.0, 1.0], atol=1e-6)


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_faces_become_frames_of_the_size_asked_for(tmp_path, suffix):
    """Grey ones too, and of odd sizes."""
    draw = np.random.default_rng(0)
    for channels in (1, 3):
        faces = draw.integers(0, 255, (5, 16, 16, channels), "uint8")
        out = tmp_path / f"{channels}{suffix}"
        films.write(out, films.of_faces(faces, 35), 12)
        frames = imageio.imread(out, index=None)
        assert len(frames) == 5 and frames.shape[1:3] == (36, 36)
    assert next(iter(films.of_faces(faces, None))).shape == (256, 256, 3)


def grid(folder, step: int, shade: int) -> None:
    """A grid of one shade."""
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (60, 40), (shade, shade, shade)).save(folder / f"gan_{step}.png")


def test_a_training_is_told_in_the_order_of_its_steps(tmp_path):
    """By number and not by name; and of runs that went on from each other each step once."""
    first, second = tmp_path / "first", tmp_path / "second"
    for step, shade in ((900, 20), (1000, 40), (2000, 60)):
        grid(first, step, shade)
    for step, shade in ((1500, 80), (10_000, 100)):
        grid(second, step, shade)
    (first / "gan_notes.png").write_text("not a grid")
    shades = [f[0, 0, 0] for f in films.of_training([first, second], None)]
    assert shades[:4] == [20, 40, 80, 100] and set(shades[4:]) == {100} and len(shades) == 27
    frames = list(films.of_training([first], 80))
    assert frames[0].shape == (80, 120, 3)
    corner = frames[0][-20:, -60:]
    assert corner.max() == 255 and corner.min() < 20  # the step, in black on white


def test_a_training_without_grids_is_refused(tmp_path):
    """One frame is no film."""
    grid(tmp_path / "run", 100, 0)
    with pytest.raises(UserError, match="just one grid"):
        list(films.of_training([tmp_path / "run"], None))


def test_a_damaged_grid_and_a_run_without_one_are_named(tmp_path):
    """Not the film, which has nothing wrong with it; and no run's grids fall under the table."""
    for step in (100, 200):
        grid(tmp_path / "run", step, 0)
    with pytest.raises(UserError, match="other holds no grids"):
        list(films.of_training([tmp_path / "run", tmp_path / "other"], None))
    path = tmp_path / "run/gan_150.png"
    for damaged in (b"", b"no picture", (tmp_path / "run/gan_100.png").read_bytes()[:60]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"gan_150\.png can't be read"):
            films.write(tmp_path / "a.mp4", films.of_training([tmp_path / "run"], None), 24)


def test_a_gif_is_not_faster_than_viewers_show(tmp_path):
    """Over 50 frames a second they would take their own speed."""
    with pytest.raises(UserError, match="50"):
        films.write(tmp_path / "a.gif", films.of_faces(np.zeros((2, 8, 8, 3), "uint8"), 8), 60)
    films.write(tmp_path / "a.mp4", films.of_faces(np.zeros((2, 8, 8, 3), "uint8"), 8), 60)
