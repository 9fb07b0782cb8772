"""The walk through picked faces, and what is saved: films, sheets and images with their recipes."""

import base64
import io
import zipfile

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from anime_gan.data.png import SOFTWARE
from anime_gan.generation.walk import arc, chord, walk
from tests.studio.conftest import HOSTILE, same

PICKED = "face=3&face=5&face=8&chosen=2"
SEEK = """
const [times, done] = arguments, video = document.querySelector("video");
const found = [];
const next = () => {
  if (found.length < 3) found.push(video.duration, video.videoWidth, video.videoHeight);
  else found.push(video.currentTime);
  if (times.length) video.currentTime = times.shift(); else done(found);
};
video.onerror = () => done(video.error.message);
video.onseeked = next;
if (video.readyState >= 1) next(); else video.onloadedmetadata = next;
"""


@pytest.fixture(scope="module", params=[("r3gan", 390), ("stylegan2", 1280)], ids=str)
def kind(request):
    """A version and a width. Of the module's scope, so that tests of one follow each other."""
    return request.param


@pytest.fixture
def studio(opened, kind):
    """Each kind of generator, with three picked faces; no file is saved yet."""
    studio = opened(*kind, PICKED)
    studio.reset()
    return studio


def frame(studio, percent):
    """Return the pixels of the walk at a position."""
    before = studio.run("return document.getElementById('walk-canvas').dataset.frames ?? 0")
    studio.set("#position", percent)
    studio.until(
        "return Number(document.getElementById('walk-canvas').dataset.frames) > arguments[0]",
        int(before),
    )
    return studio.pixels("#walk-canvas")


def test_the_walk_is_that_of_the_generator(studio):
    """Loop and smooth easing are as in sample.py's; without the loop it ends with the last face."""
    studio.click("#tab-walk")
    frames = walk(studio.generator, [3, 5, 8], 10)
    expected = studio.generator.images(frames)
    for percent in (0, 10, 50, 90):
        assert same(frame(studio, percent), expected[percent * 30 // 100]), percent
    assert "3 faces, 1.2 seconds" in studio.find("#walk-length").text
    studio.press("#loop", " ")
    last = studio.generator.images_from_seeds([8])[0]
    assert same(frame(studio, 100), last)
    studio.press("#easing", "e")
    assert studio.find("#easing").get_attribute("value") == "even"
    leg = chord if studio.generator.has_styles else arc
    between = leg(*studio.generator.w([3, 5]), 0.4)[None].astype("float32")
    assert same(frame(studio, 20), studio.generator.images(between)[0])


def test_the_walk_plays_and_pauses(studio):
    """By mouse and by keyboard; it ends by itself where it does not loop."""
    studio.click("#tab-walk")
    frames = "return Number(document.getElementById('walk-canvas').dataset.frames)"
    studio.press("#play", Keys.ENTER)
    assert studio.find("#play").text == "Pause"
    before = studio.run(frames)
    studio.until(f"{frames} > {before + 5}")
    studio.click("#play")
    assert studio.find("#play").text == "Play"
    studio.set("#loop", False)
    studio.click("#play")
    studio.until("return document.getElementById('play').textContent === 'Play'")
    assert studio.find("#position").get_attribute("value") == "100"
    studio.go("face=3&chosen=1")
    assert studio.find("#no-walk").is_displayed()


def test_a_face_is_saved_with_its_recipe(studio):
    """The pixels and the texts are those that sample.py writes, and what only the page can do."""
    studio.set("#direction-0", 1)
    studio.click("#tab-save")
    studio.press("#save-face", Keys.ENTER)
    image = Image.open(studio.saved("face_00005.png"))
    weights = {"weights": "generator_5.keras", "step": "5"}
    version = "stylegan2" if studio.generator.has_styles else "r3gan"
    recipe = {"Software": SOFTWARE, "run": HOSTILE, "version": version, **weights}
    recipe |= {"seed": "5", "psi": "1", "noise": "const", "faces": "5_d0_1"}
    assert image.text == recipe
    assert same(np.asarray(image), studio.drawn("#large", "5_d0_1"))
    assert "face_00005.png is saved" in studio.status


def test_a_sheet_has_all_picked_faces(studio):
    """In columns, enlarged by whole pixels or smoothly."""
    studio.click("#tab-save")
    studio.set("#scale", 3)
    studio.press("#smooth", " ")
    assert studio.find("#sheet-size").text == "96 × 96 pixels."
    studio.click("#save-sheet")
    sheet = Image.open(studio.saved("sheet_of_3.png"))
    assert sheet.text["seeds"] == "3,5,8" and "faces" not in sheet.text
    images = studio.generator.images_from_seeds([3, 5, 8]).repeat(3, 1).repeat(3, 2)
    white = np.full_like(images[0], 255)
    rows = [np.concatenate(row, axis=1) for row in ((images[0], images[1]), (images[2], white))]
    assert same(np.asarray(sheet), np.concatenate(rows))
    studio.saved("sheet_of_3.png").unlink()
    studio.set("#smooth", True)
    studio.click("#save-sheet")
    smooth = np.asarray(Image.open(studio.saved("sheet_of_3.png")))
    assert smooth.shape == (96, 96, 3) and not same(smooth, np.asarray(sheet))
    assert np.abs(smooth[:48, :48].mean() - np.asarray(sheet)[:48, :48].mean()) < 4


def test_images_and_frames_are_saved_as_zips(studio):
    """A PNG for each picked face, or for each frame of the walk, with its place in it."""
    studio.click("#tab-save")
    studio.click("#save-faces")
    with zipfile.ZipFile(studio.saved("faces.zip")) as file:
        assert file.testzip() is None
        images = [Image.open(io.BytesIO(file.read(name))) for name in sorted(file.namelist())]
    assert [image.text["seed"] for image in images] == ["3", "5", "8"]
    expected = studio.generator.images_from_seeds([3, 5, 8])
    assert same(np.stack([np.asarray(image) for image in images]), expected)
    studio.click("#tab-walk")
    studio.set("#format", "png")
    studio.press("#save-film", Keys.ENTER)
    with zipfile.ZipFile(studio.saved("walk_of_3.zip")) as file:
        frames = [Image.open(io.BytesIO(file.read(name))) for name in sorted(file.namelist())]
    assert len(frames) == 6  # 3 legs of 0.4 seconds, at 5 frames a second
    assert frames[1].text["seeds"] == "3,5" and frames[1].text["share"] == "0.500000"
    expected = studio.generator.images(walk(studio.generator, [3, 5, 8], 2))
    assert same(np.stack([np.asarray(image) for image in frames]), expected)


def test_a_walk_ends_with_its_faces(studio):
    """Without two picks nothing plays, no film is made, and a new walk begins as usual."""
    studio.click("#tab-walk")
    studio.click("#play")
    studio.click("#clear")
    assert not studio.find("#save-film").is_enabled()
    studio.run("return new Promise(done => setTimeout(done, 200))")
    assert studio.status == "No faces are picked."
    studio.go(PICKED)
    assert studio.find("#save-film").is_enabled() and studio.find("#play").text == "Play"
    assert same(frame(studio, 0), studio.generator.images_from_seeds([3])[0])


def test_films(studio):
    """GIF and WebM hold each frame of the walk once, at its time, however busy the machine is."""
    studio.click("#tab-walk")
    studio.set("#scale", 2)
    studio.set("#format", "gif")
    studio.click("#save-film")
    expected = studio.generator.images(walk(studio.generator, [3, 5, 8], 2))
    expected = expected.repeat(2, 1).repeat(2, 2).astype(int)
    with Image.open(studio.saved("walk_of_3.gif")) as film:
        assert film.size == (32, 32) and film.n_frames == len(expected) == 6
        assert film.info["loop"] == 0
        for number in range(len(expected)):
            film.seek(number)
            assert film.info["duration"] == 200
            shown = np.asarray(film.convert("RGB"), int)
            errors = np.abs(shown - expected).mean(axis=(1, 2, 3))
            assert errors.argmin() == number and errors[number] < 16  # 256 colors, smoothed
    studio.set("#format", "webm")
    studio.click("#save-film")
    path = studio.saved("walk_of_3.webm")
    about = imageio.immeta(path, plugin="FFMPEG")
    assert (about["codec"].strip(","), about["size"], about["fps"]) == ("vp8", (32, 32), 5)
    assert about["duration"] == pytest.approx(1.2)
    film = imageio.imread(path, plugin="FFMPEG").astype(int)
    assert film.shape == expected.shape
    assert np.abs(film - expected).mean(axis=(1, 2, 3)).max() < 20  # half of the colors' pixels


def test_a_film_plays_in_the_browser(studio):
    """It has its length, and a player can go to any time of it."""
    studio.click("#tab-walk")
    studio.set("#seconds", 2)
    studio.set("#fps", 10)
    studio.click("#save-film")
    data = base64.b64encode(studio.saved("walk_of_3.webm").read_bytes()).decode()
    (folder := studio.path.parent / "films").mkdir(exist_ok=True)
    player = folder / "player.html"
    player.write_text(f'<video muted src="data:video/webm;base64,{data}"></video>')
    studio.browser.get(player.as_uri())
    times = studio.browser.execute_async_script(SEEK, [5.05, 0.05, 3.05])
    assert times == [6, 16, 16, 5.05, 0.05, 3.05]
    studio.browser.get("about:blank")


def test_saving_can_be_cancelled(studio):
    """Nothing is saved then, and the next file is."""
    studio.click("#tab-walk")
    studio.set("#seconds", 6)
    studio.set("#fps", 60)
    studio.set("#format", "gif")
    studio.click("#save-film")
    assert "a GIF has at most 50 frames a second" in studio.status
    studio.set("#fps", 50)
    studio.click("#save-film")
    studio.until("return document.getElementById('saving-bar').value > 0")
    studio.press("#cancel", Keys.ENTER)
    studio.until("return document.getElementById('saving').hidden")
    assert studio.status == "Saving was cancelled." and not list(studio.downloads.iterdir())
    studio.click("#tab-save")
    studio.click("#save-face")
    studio.saved("face_00005.png")
