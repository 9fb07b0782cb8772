"""What the controls do to a face: its pixels are those that the generator gives."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from anime_gan.directions.components import principal_directions
from anime_gan.generation.figures import LEVELS
from tests.studio.conftest import WIDTHS, same


@pytest.fixture(scope="module", params=[("r3gan", 1280), ("stylegan2", 390)], ids=str)
def kind(request):
    """A version and a width. Of the module's scope, so that tests of one follow each other."""
    return request.param


@pytest.fixture
def studio(opened, kind):
    """Each kind of generator, each width, with seeds 3 and 5 picked and the latter chosen."""
    return opened(*kind, "face=3&face=5&chosen=2")


@pytest.fixture(scope="module")
def directions(pages):
    """The directions of each version, computed again."""
    return {version: principal_directions(generator) for version, (_, generator) in pages.items()}


def version_of(studio):
    """The version of a studio."""
    return "stylegan2" if studio.generator.has_styles else "r3gan"


def test_a_direction_moves_the_face_by_standard_deviations(studio, directions):
    """By the slider and its keys; strips show what it changes; reset undoes it."""
    first, second = directions[version_of(studio)][:2]
    generator = studio.generator
    plain = generator.w([5])
    studio.drawn("#large", 5)
    studio.set("#direction-0", 2)
    image = studio.drawn("#large", "5_d0_2")
    moved = generator.images(plain + 2 * first.vector)
    assert same(image, moved[0]) and not same(image, generator.images(plain)[0])
    studio.press("#direction-1", Keys.ARROW_LEFT)
    image = studio.drawn("#large", "5_d0_2_d1_-0.1")
    assert same(image, generator.images(plain + 2 * first.vector - 0.1 * second.vector)[0])
    assert studio.state == "face=3&face=5_d0_2_d1_-0.1&chosen=2"
    reset = "#directions li:first-child .reset"
    studio.press(reset, Keys.ENTER)
    studio.drawn("#large", "5_d1_-0.1")
    studio.click("#reset")
    studio.drawn("#large", 5)
    assert studio.find("#direction-1").get_attribute("value") == "0"


def test_strips_show_the_chosen_face(studio, directions):
    """From -3 to 3 standard deviations, a part of each strip, not the same."""
    strip = "#directions li:first-child canvas"
    studio.until(f"return document.querySelector('{strip}').dataset.drawn >= 5")
    pixels = studio.pixels(strip).astype(float)
    parts = np.split(pixels, 5, axis=1)
    first = directions[version_of(studio)][0]
    for place, far in enumerate((-3, -1.5, 0, 1.5, 3)):
        image = studio.generator.images(studio.generator.w([5]) + np.float32(far) * first.vector)
        expected = image[0].mean(axis=(0, 1))
        assert np.abs(parts[place].mean(axis=(0, 1)) - expected).max() < 12, far
    assert np.abs(parts[0] - parts[-1]).mean() > 2


def test_the_focus_stays_where_it_was(studio):
    """After a face is removed, among the picked ones; after a comparison, on its button."""
    studio.press("#picks li:nth-child(1) .remove", " ")
    assert studio.state == "face=5&chosen=1"
    assert studio.run("return document.activeElement.className") == "remove"
    studio.go("face=3&face=5&chosen=2")
    studio.press("#compare-open", Keys.ENTER)
    places = [figure.location for figure in studio.browser.find_elements("css selector", "figure")]
    assert places[0]["y"] == places[1]["y"]
    wide = studio.find("#compared canvas").size["width"]
    assert wide > studio.find(".cell canvas").size["width"]
    studio.press("#compare-close", Keys.ESCAPE)
    assert not studio.find("#compare").is_displayed()
    assert studio.run("return document.activeElement.id") == "compare-open"


def test_styles_are_mixed_by_levels(opened):
    """Each level takes the w of another picked face, as in the mixing figure; noise is scaled."""
    studio = opened("stylegan2", 1280, "face=3&face=5&chosen=2&psi=0.5")
    generator = studio.generator
    w = np.repeat(generator.w([3, 5], 0.5)[:, None], generator.layers, axis=1)
    studio.set("#mix-coarse", "3")
    mixed = w[1:].copy()
    mixed[:, LEVELS["coarse"]] = w[0, LEVELS["coarse"]]
    image = studio.drawn("#large", "5_coarse_3", 0.5)
    assert same(image, generator.images(mixed)[0])
    assert not same(image, generator.images(w[1:])[0])
    studio.set("#noise", 0)
    image = studio.drawn("#large", "5_coarse_3", 0.5, 0)
    assert same(image, generator.images(mixed, "none")[0])
    assert not same(image, generator.images(mixed)[0])
    studio.press("#noise-reset", Keys.ENTER)
    studio.press("#mix-coarse", Keys.HOME)
    studio.drawn("#large", 5, 0.5)
    levels = studio.run("return [...document.querySelectorAll('#mixing select')].map(x => x.id)")
    assert levels == ["mix-coarse", "mix-middle"]  # at 16 pixels there are no fine layers


def test_without_styles_there_is_no_noise_and_no_mixing(opened):
    """A control that does nothing is not there."""
    studio = opened("r3gan", 1280, "face=3&chosen=1")
    assert not studio.find("#noise").is_displayed()
    assert not studio.find("#mixing-part").is_displayed()


@pytest.mark.parametrize("width", WIDTHS)
def test_tabs_and_the_theme(opened, width):
    """Arrows move between tabs; light, dark, or as the system is; the drawer of small windows."""
    studio = opened("r3gan", width)
    ground = "return getComputedStyle(document.body).backgroundColor"
    studio.set("#theme", "dark")
    dark = studio.run(ground)
    studio.set("#theme", "light")
    assert studio.run(ground) != dark
    studio.set("#theme", "system")
    assert studio.run(ground) != dark
    studio.press("#tab-face", Keys.ARROW_RIGHT)
    assert studio.find("#panel-walk").is_displayed()
    studio.press(":focus", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert (
        studio.find("#panel-face").is_displayed() and not studio.find("#panel-walk").is_displayed()
    )
    if width < 900:
        tall = studio.find("#wall").size["height"]
        studio.click("#drawer")
        assert not studio.find("#panel").is_displayed()
        assert studio.find("#wall").size["height"] > tall + 100
        studio.press("#drawer", Keys.ENTER)
        assert studio.find("#panel").is_displayed()
