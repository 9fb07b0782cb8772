"""Browsers and windows that lack something: the page says what it is, or works without it."""

from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from tests.studio.conftest import Studio, same, written

PICKED = "face=3&face=5&chosen=2"
REFUSED = """
const refuse = () => { throw new DOMException("", "SecurityError"); };
Object.defineProperty(window, "localStorage", {get: refuse});
history.pushState = history.replaceState = refuse;
delete window.VideoEncoder;
"""
LOOKS = """
const look = selector => getComputedStyle(document.querySelector(selector));
return [
  look(".cell[aria-pressed=true]").outlineStyle, look(".cell[aria-pressed=false]").outlineStyle,
  look(".pick[aria-pressed=true]").outlineStyle, look(".pick[aria-pressed=false]").outlineStyle,
  look("#tab-face").backgroundColor === look("#tab-walk").backgroundColor,
];
"""
SPARE = """
const root = document.documentElement;
return [root.scrollWidth - root.clientWidth, document.getElementById("wall").clientHeight];
"""


@pytest.fixture
def media(chromium_once):
    """A function that sets what the system wishes, such as forced colors."""

    def emulate(**features):
        values = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        chromium_once.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": values})

    yield emulate
    emulate()


@contextmanager
def before_the_page(browser, script):
    """Within it, a script runs before those of each page that is opened."""
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = browser.execute_cdp_cmd(command, {"source": script})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
        browser.get("about:blank")


def press(studio, selector):
    """Scroll to a button and click it."""
    studio.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
    studio.click(selector)


@pytest.mark.parametrize("name", ["WebAssembly", "DecompressionStream"])
def test_what_a_browser_lacks_is_said(pages, chromium_once, tmp_path, name):
    """In one sentence with the way out, in place of a progress bar that stands still."""
    studio = Studio(chromium_once, *pages["r3gan"], tmp_path)
    with before_the_page(chromium_once, f"delete window.{name}"):
        chromium_once.get(studio.path.as_uri())
        assert f"can't start: this browser has no {name}. Open the page in" in studio.status
        assert not studio.find("#start").is_displayed()


def test_without_scripts_a_sentence_is_there(pages):
    """For browsers that can't read the script, or may not."""
    page = pages["r3gan"][0].read_text(encoding="utf-8")
    assert "If this text stays, the page does not run in this browser" in page
    assert "<noscript>This page needs JavaScript.</noscript>" in page


def test_without_storage_history_and_films(pages, chromium_once, tmp_path):
    """As in private windows and in frames: faces, picks and the theme work; films are GIFs."""
    studio = Studio(chromium_once, *pages["r3gan"], tmp_path)
    with before_the_page(chromium_once, REFUSED):
        studio.open(1280, PICKED)
        studio.click('.cell[data-seed="1"]')
        assert same(studio.drawn("#large", 1), studio.generator.images_from_seeds([1])[0])
        studio.set("#theme", "dark")
        assert studio.run("return document.documentElement.dataset.theme") == "dark"
        studio.click("#tab-walk")
        assert not studio.find("#format [value=webm]").is_enabled()
        assert studio.find("#format").get_attribute("value") == "gif"
        assert studio.log() == []


@pytest.mark.parametrize("size", [(320, 640), (320, 256), (640, 430), (195, 422), (1920, 1080)])
def test_small_windows_and_large_zoom(opened, size):
    """Zoom to 200% halves both sides of a window. Nothing is cut off; the wall keeps a height."""
    studio = opened("stylegan2", 1280, PICKED)
    studio.size(*size)
    studio.run("return new Promise(done => setTimeout(done, 100))")
    wide, tall = studio.run(SPARE)
    assert wide == 0 and tall > 200
    for tab, button in (
        ("#tab-walk", "#play"),
        ("#tab-save", "#save-face"),
        ("#tab-face", "#copy"),
    ):
        press(studio, tab)
        assert studio.find(button).is_displayed()
    press(studio, "#copy")
    studio.drawn("#picks li:nth-child(3) canvas", 5)


def test_forced_colors_show_what_is_picked(opened, media):
    """High contrast leaves out shadows, and gives all borders one color."""
    studio = opened("r3gan", 1280, PICKED)
    studio.click("#tab-face")
    studio.run("document.activeElement.blur()")
    assert studio.run(LOOKS)[0] == "none"
    media(forced_colors="active")
    assert studio.run(LOOKS) == ["solid", "none", "solid", "none", False]


def test_motion_is_reduced_where_it_is_wished(opened, media):
    """The page moves nothing by itself: only a walk, which the reader starts."""
    studio = opened("r3gan", 1280, PICKED)
    behavior = "return getComputedStyle(document.getElementById('picks')).scrollBehavior"
    assert studio.run(behavior) == "smooth"
    media(prefers_reduced_motion="reduce")
    assert studio.run(behavior) == "auto"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["r3gan", "stylegan2"])
def test_faces_of_512_pixels(chromium_once, tmp_path, version):
    """Small ones on the wall, whole ones large and in files; a sheet has a limit."""
    path, generator = written(version, tmp_path, "model.resolution=512")
    studio = Studio(chromium_once, path, generator, tmp_path).open(1280, "face=3&face=5&chosen=1")
    expected = generator.images_from_seeds([3, 5])
    studio.until("return document.querySelector('.cell canvas').dataset.drawn")
    assert studio.run("return document.querySelector('.cell canvas').width") == 256
    assert same(studio.drawn("#large", 3), expected[0])
    studio.click("#tab-save")
    studio.set("#scale", 8)
    studio.set("#smooth", False)
    studio.click("#save-sheet")
    with Image.open(studio.saved("sheet_of_2.png")) as sheet:
        assert sheet.size == (8192, 4096)
        image = np.asarray(sheet)[::8, ::8]
    assert same(image, np.concatenate(expected, axis=1))
    studio.go("&".join(f"face={seed}" for seed in range(5)) + "&chosen=1")
    assert not studio.find("#save-sheet").is_enabled()
    said = studio.find("#sheet-size").text
    assert said == "16384 × 8192 pixels, but a sheet has 80 million at most; choose a smaller size."
    assert studio.log() == []
