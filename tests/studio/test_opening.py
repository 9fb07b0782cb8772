"""The page opens from the disk: it shows the generator's faces, and no text in it runs."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.studio.conftest import HOSTILE, WIDTHS, same

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
