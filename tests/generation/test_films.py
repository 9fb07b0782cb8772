"""Films: frames of the size asked for, and a training in the order of its steps."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.runs.folder import RunFolder


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".GIF", ".MP4"])
def test_images_become_frames_of_the_size_asked_for(tmp_path, suffix):
    """Also gray ones, and of odd sizes."""
    draw = np.random.default_rng(0)
    for channels in (1, 3):
        images = draw.integers(0, 255, (5, 16, 16, channels), "uint8")
        out = tmp_path / f"{channels}{suffix}"
        films.write(out, films.frames_of_images(images, 35), 12)
        frames = imageio.imread(out, index=None)
        assert len(frames) == 5 and frames.shape[1:3] == (36, 36)
    assert next(iter(films.frames_of_images(images, None))).shape == (256, 256, 3)


def test_images_stand_beside_their_target():
    """Each on the right of it."""
    images = np.stack([np.full((8, 8, 3), shade, "uint8") for shade in (10, 20)])
    frames = list(films.frames_beside(images[0] + 90, images, 8))
    assert len(frames) == 2 and frames[0].shape == (8, 16, 3)
    assert {int(frame[0, 0, 0]) for frame in frames} == {100}
    assert [int(frame[0, 8, 0]) for frame in frames] == [10, 20]


def test_several_images_are_one_frame():
    """In rows of as many columns; empty places are white."""
    sets = [np.full((3, 8, 8, 3), shade, "uint8") for shade in (10, 20)]
    frames = list(films.frames_of_grids(sets, 2, 8))
    assert len(frames) == 2 and frames[0].shape == (16, 16, 3)
    assert (frames[1][:8] == 20).all() and (frames[1][8:, :8] == 20).all()
    assert (frames[1][8:, 8:] == 255).all()


def run_with_grids(name: str, shades: dict[int, int]) -> RunFolder:
    """Return a run with a grid of one shade for each step."""
    run = RunFolder(name)
    run.images.mkdir(parents=True)
    for step, shade in shades.items():
        Image.new("RGB", (60, 40), (shade, shade, shade)).save(run.grid(step))
    return run


def test_a_training_is_shown_in_the_order_of_its_steps(tmp_path, monkeypatch):
    """By number and not by name; of runs that resumed each other, each step once."""
    monkeypatch.chdir(tmp_path)
    first = run_with_grids("first", {900: 20, 1000: 40, 2000: 60})
    second = run_with_grids("second", {1500: 80, 10_000: 100})
    (first.images / "gan_notes.png").write_text("not a grid")
    grids = films.grids_of_training([first, second])
    assert [step for step, _ in grids] == [900, 1000, 1500, 10_000]
    shades = [frame[0, 0, 0] for frame in films.frames_of_training(grids, None)]
    assert shades == [20, 40, 80, 100]
    frames = list(films.frames_of_training(films.grids_of_training([first]), 80))
    assert frames[0].shape == (80, 120, 3)
    corner = frames[0][-20:, -60:]
    assert corner.max() == 255 and corner.min() < 20  # the step, in black on white


def test_runs_without_grids_and_damaged_grids_are_named(tmp_path, monkeypatch):
    """Not the film; and no run's grids are left out silently."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="just one grid"):
        films.grids_of_training([run_with_grids("short", {100: 0})])
    run = run_with_grids("run", {100: 0, 200: 0})
    with pytest.raises(UserError, match="other holds no grids"):
        films.grids_of_training([run, RunFolder("other")])
    for damaged in (b"", b"no image", run.grid(100).read_bytes()[:60]):
        run.grid(150).write_bytes(damaged)
        with pytest.raises(UserError, match=r"gan_150\.png can't be read"):
            list(films.frames_of_training(films.grids_of_training([run]), None))


def test_a_gif_is_not_faster_than_viewers_show(tmp_path):
    """Over 50 frames a second they slow it down."""
    frames = list(films.frames_of_images(np.zeros((2, 8, 8, 3), "uint8"), 8))
    for name in ("a.gif", "a.GIF"):
        with pytest.raises(UserError, match="50"):
            films.write(tmp_path / name, frames, 60)
    films.write(tmp_path / "a.mp4", frames, 60)


def test_frames_too_large_for_a_film_are_refused(tmp_path):
    """Where ffmpeg writes nothing and raises nothing."""
    for name, width in (("a.mp4", 16_386), ("a.gif", 65_536)):
        with pytest.raises(UserError, match=f"{width}x4 pixels.*fewer or smaller images[.]"):
            films.write(tmp_path / name, [np.zeros((4, width, 3), "uint8")] * 2, 12)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("count", [2, 3, 10, 40, 77, 240, 241, 1_000, 9_999])
def test_a_film_lasts_six_to_twelve_seconds(count):
    """However many grids there are; the first and the last are shown, in order."""
    shown, fps = films.pace(count)
    assert 6 <= len(shown) / fps <= 12 and fps <= films.FPS
    assert shown[0] == 0 and shown[-1] == count - 1 and shown == sorted(shown)
    assert set(shown) == set(range(count)) or count > 240
    assert films.pace(count, 10.0) == ([*range(count)] + [count - 1] * 10, 10.0)


@pytest.mark.parametrize("seeds", [2, 3, 4, 6, 20, 100])
@pytest.mark.parametrize("fps", [24, 30])
def test_a_walk_lasts_six_to_twelve_seconds(seeds, fps):
    """With 48 frames from seed to seed where that fits."""
    frames = films.walk_frames(seeds, 48, fps)
    assert 6 <= frames * seeds / fps <= 12
    assert frames == 48 or not 6.5 <= 48 * seeds / fps <= 11


def test_a_slow_mp4_repeats_its_frames(tmp_path):
    """Players stop at a frame that lasts seconds; the length stays."""
    frames = list(films.frames_of_images(np.zeros((3, 8, 8, 3), "uint8"), 8))
    films.write(tmp_path / "a.mp4", frames, 0.5)
    assert imageio.immeta(tmp_path / "a.mp4")["fps"] == 12
    assert len(imageio.imread(tmp_path / "a.mp4", index=None)) == 72
