"""The wall: faces of all seeds, the seed field, picking, the address; by mouse and by keyboard."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.studio.conftest import WIDTHS, same

CELL = '.cell[data-seed="{}"]'
CANVAS = CELL + " canvas"
PICKED = """
return [...document.querySelectorAll('.cell[aria-pressed=true]')].map(cell => cell.dataset.seed)
"""
HELD_DOWN = """
const slider = document.getElementById("psi");
for (let step = 0; step < 8; step++) {
  slider.stepDown();
  for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind));
}
"""
IN_VIEW = """
const view = document.getElementById('wall').getBoundingClientRect();
return [...document.querySelectorAll('.cell')].filter(cell => {
  const {top, bottom} = cell.getBoundingClientRect();
  return top >= view.top - 4 && bottom <= view.bottom;
}).map(cell => cell.dataset.seed);
"""


@pytest.fixture(params=WIDTHS)
def studio(opened, request):
    """The studio of r3gan, at each width, with the first seed and without picked faces."""
    return opened("r3gan", request.param)


def test_a_click_picks_and_another_one_leaves_out(studio):
    """The face is among the picked ones and large, and in the address."""
    studio.click(CELL.format(2))
    studio.click(CELL.format(1))
    assert studio.run(PICKED) == ["1", "2"] and studio.state == "face=2&face=1&chosen=2"
    expected = studio.generator.images_from_seeds([2, 1])
    assert same(studio.drawn("#large", 1), expected[1])
    assert same(studio.drawn("#picks li:nth-child(1) canvas", 2), expected[0])
    studio.click(CELL.format(2))
    assert studio.run(PICKED) == ["1"] and studio.state == "face=1&chosen=1"
    studio.click("#clear")
    assert studio.run(PICKED) == [] and studio.state == ""


def test_the_keyboard_moves_and_picks(studio):
    """Tab reaches one face, arrows and pages move, Enter and space pick."""
    columns = studio.run("return document.querySelector('.row').childElementCount")
    assert studio.run("return document.querySelectorAll('.cell[tabindex=\"0\"]').length") == 1
    studio.press('.cell[tabindex="0"]', Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER)
    studio.press(":focus", Keys.ARROW_LEFT, Keys.ARROW_UP, " ")
    assert studio.run(PICKED) == ["0", str(columns + 1)]
    studio.press(":focus", Keys.ARROW_LEFT, Keys.ARROW_UP)  # there is no face before the first
    assert studio.run("return document.activeElement.dataset.seed") == "0"
    for _ in range(3):
        studio.press(":focus", Keys.PAGE_DOWN)
    seed = int(studio.run("return document.activeElement.dataset.seed"))
    assert seed >= 6 * columns and str(seed) in studio.run(IN_VIEW)


def test_the_wall_scrolls_for_ever(studio):
    """A few rows exist at a time, however far it is scrolled; the address follows."""
    view = "const view = document.getElementById('wall');"
    for _ in range(3):
        studio.run(view + "view.scrollTop = view.scrollHeight")
        studio.run("return new Promise(done => setTimeout(done, 100))")
    cells = studio.run("return document.querySelectorAll('.cell').length")
    assert cells < 120
    first = int(studio.run(IN_VIEW)[0])
    assert first > 100_000  # beyond the first window of rows
    columns = studio.run("return document.querySelector('.row').childElementCount")
    assert studio.state in (f"from={first}", f"from={first - columns}")  # partly in view
    studio.go("from=5000")
    assert "5000" in studio.run(IN_VIEW)
    assert same(
        studio.drawn(CANVAS.format(5000), 5000), studio.generator.images_from_seeds([5000])[0]
    )


def test_a_seed_can_be_typed_in(studio):
    """It is in view with the focus, and back returns to where the wall was."""
    for seed in ("123456", str(2**64 - 1)):
        studio.run("document.getElementById('seed').value = ''")
        studio.press("#seed", seed, Keys.ENTER)
        assert studio.run("return document.activeElement.dataset.seed") == seed
        assert seed in studio.run(IN_VIEW)
    studio.browser.back()
    studio.until("return location.hash === '#from=123456'")
    studio.until(IN_VIEW + "return true")
    assert "123456" in studio.run(IN_VIEW)
    studio.press("#seed", Keys.BACKSPACE, "x", Keys.ENTER)
    assert "whole number from 0 to 18446744073709551615" in studio.status
    assert studio.find("#seed").get_attribute("aria-invalid") == "true"
    studio.click("#random")
    assert studio.find("#seed").get_attribute("value") in studio.run(IN_VIEW)


def test_back_and_forward_undo_and_redo(studio):
    """Each pick is a step."""
    studio.click(CELL.format(1))
    studio.click(CELL.format(0))
    studio.browser.back()
    studio.until(PICKED.replace("return ", "const found = ") + "return found.length === 1")
    studio.browser.forward()
    studio.until(PICKED.replace("return ", "const found = ") + "return found.length === 2")


def test_a_key_held_down_is_one_step(studio):
    """Back undoes all of it; browsers refuse many steps in a short time."""
    studio.run(HELD_DOWN)
    studio.until("return location.hash === '#psi=0.6'")
    studio.browser.back()
    studio.until("return location.hash === ''")
    assert studio.find("#psi").get_attribute("value") == "1"


def test_what_changes_nothing_is_no_step(studio):
    """Back then undoes what was seen to happen."""
    studio.click(CELL.format(1))
    before = studio.run("return history.length")
    studio.click("#picks li:nth-child(1) button")  # which is chosen already
    studio.click("#psi-reset")
    assert studio.run("return history.length") == before


def test_a_scroll_after_a_slider_leaves_it_a_step(studio):
    """Back undoes the slider, also if the wall moved before its step was taken."""
    studio.run(HELD_DOWN + "document.getElementById('wall').scrollTop = 5000;")
    studio.until("return location.hash.includes('psi=0.6')")
    studio.browser.back()
    studio.until("return !location.hash.includes('psi')")


def test_the_wall_and_the_focus_stay(studio):
    """Leaving out the picks moves no wall; a step back leaves the focus on a face."""
    studio.click(CELL.format(1))
    studio.run("document.getElementById('wall').scrollTop = 9000")
    studio.until("return location.hash.includes('from=')")
    seen = studio.run(IN_VIEW)
    studio.click("#clear")
    assert studio.run(IN_VIEW) == seen and "1" not in seen
    assert studio.run("return document.activeElement.dataset.seed") in seen
    studio.press(":focus", " ")
    studio.browser.back()
    studio.until("return !location.hash.includes('face')")
    assert studio.run("return document.activeElement.dataset.seed") in studio.run(IN_VIEW)


def test_the_wall_ends_with_the_last_seed(studio):
    """No scrolling goes beyond it."""
    studio.run("document.getElementById('seed').value = ''")
    studio.press("#seed", str(2**64 - 1), Keys.ENTER)
    studio.run("document.getElementById('wall').scrollTop = 1e9")
    studio.run("return new Promise(done => setTimeout(done, 400))")
    assert studio.run(IN_VIEW)[-1] == str(2**64 - 1)
    assert int(studio.state.removeprefix("from=")) < 2**64


def test_a_wrong_address_is_no_error(studio):
    """What can't be read is left out, what is too large is limited."""
    studio.go("from=x&psi=99&noise=&face=7_d0_nan_d99_1_coarse_q_&face=-1&face=3_d0_9&chosen=9")
    assert studio.run("return document.querySelectorAll('#picks li').length") == 2
    assert studio.find("#psi").get_attribute("value") == "1.5"
    assert studio.find("#direction-0").get_attribute("value") == "3"
    assert studio.log() == []


def test_truncation_and_size_change_the_wall(studio):
    """The slider of the truncation also by keys; its reset."""
    studio.set("#psi", 0.5)
    image = studio.drawn(CANVAS.format(0), 0, 0.5)
    assert same(image, studio.generator.images_from_seeds([0], 0.5)[0])
    assert not np.array_equal(image, studio.generator.images_from_seeds([0])[0])
    studio.press("#psi", Keys.ARROW_RIGHT)
    studio.drawn(CANVAS.format(0), 0, 0.55)
    assert studio.state == "psi=0.55" and studio.find("#psi + output").text == "0.55"
    studio.click("#psi-reset")
    studio.drawn(CANVAS.format(0), 0)
    if studio.find("#size").is_displayed():
        before = studio.find(CELL.format(0)).size["width"]
        studio.set("#size", 200)
        assert studio.find(CELL.format(0)).size["width"] > before + 50
        studio.set("#size", 104)
