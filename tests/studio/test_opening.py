"""The page opens from the disk: it shows the generator's faces, and no text in it runs."""

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from anime_gan.config.versions import VERSIONS
from tests.studio.conftest import HOSTILE, WIDTHS, Studio, same, written

INJECTED = """
const own = document.createElement("div"), script = document.createElement("script");
own.innerHTML = '<img src="data:," onerror="window.ran = 1"><b onclick="window.ran = 1">b</b>';
script.textContent = "window.ran = 1";
document.body.append(own, script);
own.lastChild.click();
"""
CANVAS = '.cell[data-seed="{}"] canvas'


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("version", ["stylegan2", "r3gan"])
def test_seeds_are_the_faces_of_the_generator(opened, version, width):
    """As sample.py generates them, to 1 of 255; the console is empty, and nothing is requested."""
    studio = opened(version, width)
    expected = studio.generator.images_from_seeds(range(8))
    assert expected.std() > 10
    for seed in range(8):
        assert same(studio.drawn(CANVAS.format(seed), seed), expected[seed]), seed
    studio.go(f"from={2**64 - 1}&psi=0.5")
    image = studio.drawn(CANVAS.format(2**64 - 1), 2**64 - 1, 0.5)
    assert same(image, studio.generator.images_from_seeds([2**64 - 1], 0.5)[0])
    assert studio.log() == []
    assert studio.requests() == []
    root = "const root = document.documentElement;"
    assert studio.run(root + "return root.scrollWidth - root.clientWidth") == 0


def test_a_name_is_only_text(opened):
    """Of a run, in the title and in all texts: it is shown as it is, and runs nothing."""
    studio = opened("r3gan")
    assert studio.browser.title == f"Studio: {HOSTILE}"
    assert studio.find("h1").text == HOSTILE
    studio.click("#about-open")
    assert studio.find("#about").text.count(HOSTILE) == 3  # the title, the card and the run
    assert studio.run("return document.querySelectorAll('img, iframe, object').length") == 0
    studio.press("#about-close", Keys.ENTER)
    assert not studio.find("#about").is_displayed()
    assert studio.log() == []


def test_the_page_can_not_request(opened):
    """Its own policy forbids a request, and scripts that are not its own."""
    studio = opened("r3gan")
    blocked = studio.run("return fetch('http://127.0.0.1:9/').then(() => 1, e => e.name)")
    assert blocked == "TypeError"
    studio.run(INJECTED)
    assert studio.run("return window.ran ?? null") is None
    log = "".join(entry["message"] for entry in studio.browser.get_log("browser"))
    assert log.count("Content Security Policy") >= 4, log
    assert studio.requests() == []
    studio.browser.get("about:blank")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "override"),
    [
        *((version, "model.latent_dim=8") for version in VERSIONS),
        ("r3gan", "model.channels=1"),
        ("stylegan2", "model.channels=1"),
        ("r3gan", "model.resolution=128"),
        ("stylegan2", "model.resolution=64"),
    ],
)
def test_every_version_opens(chromium_once, tmp_path, version, override):
    """Also gray and large images: its faces are the generator's, with a direction too."""
    path, generator = written(version, tmp_path, override)
    studio = Studio(chromium_once, path, generator, tmp_path).open(1280, "face=3_d0_1&chosen=1")
    expected = generator.images_from_seeds(range(3))
    for seed in range(3):
        assert same(studio.drawn(CANVAS.format(seed), seed), expected[seed])
    studio.drawn("#large", "3_d0_1")
    studio.click("#tab-save")
    studio.click("#save-face")
    with Image.open(studio.saved("face_00003.png")) as image:
        assert image.mode == ("RGB" if generator.channels == 3 else "L")
        assert image.size == (generator.resolution, generator.resolution)
    assert studio.log() == []
