"""Every control of the page does what it says: by mouse and by keyboard, at each width, for
generators without and with styles."""

import io
import zipfile
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from anime_gan.directions.components import principal_directions
from anime_gan.generation.figures import LEVELS
from tests.studio.conftest import WIDTHS, same

START = "face=3&face=5&face=8&chosen=2"
# Controls by their names; those of a list, such as the faces of the wall, have one name.
NAMES = """
const name = one => one.id.replace(/-\\d+$/, "") || one.className || one.localName;
return [...new Set([...document.querySelectorAll("button, input, select, summary")].map(name))];
"""
TOUCHED = (
    NAMES.split("return")[0]
    + """
const one = document.querySelector(arguments[0]);
one.scrollIntoView({block: "end"});
return name(one);
"""
)
REACHED = """
const open = [...document.querySelectorAll("button, input, select")];
const isThere = one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0;
return [open.filter(isThere).length, document.activeElement === document.body];
"""


@pytest.fixture(scope="module")
def directions(pages):
    """The directions of each version, computed again."""
    return {version: principal_directions(generator) for version, (_, generator) in pages.items()}


class Hand:
    """A reader, who uses the mouse or the keyboard, and remembers which controls were used."""

    def __init__(self, studio, means, directions):
        self.studio, self.means, self.directions = studio, means, directions
        self.used = set()

    def _touch(self, selector):
        self.used.add(self.studio.run(TOUCHED, selector))

    def press(self, selector):
        """Press a button."""
        self._touch(selector)
        if self.means == "mouse":
            self.studio.click(selector)
        else:
            self.studio.press(selector, " " if "[type=checkbox]" in selector else Keys.ENTER)

    def slide(self, selector):
        """Move a slider down, and return its new value."""
        self._touch(selector)
        before = float(self.studio.find(selector).get_attribute("value"))
        if self.means == "mouse":
            slider = self.studio.find(selector)
            left = -0.35 * slider.size["width"]
            mouse = ActionChains(self.studio.browser)
            mouse.move_to_element_with_offset(slider, left, 0).click().perform()
        else:
            self.studio.press(selector, Keys.ARROW_LEFT)
        value = self.studio.find(selector).get_attribute("value")
        assert float(value) < before, selector
        output = self.studio.run(
            "return document.querySelector(arguments[0]).parentElement.querySelector('output')"
            "?.textContent.replace('−', '-') ?? arguments[1]",
            selector,
            value,
        )
        assert float(output) == float(value), selector
        return value

    def choose(self, selector, value):
        """Choose an option, by its value."""
        self._touch(selector)
        if self.means == "mouse":
            self.studio.click(f"{selector} [value='{value}']")
        else:
            options = self.studio.run(
                "return [...document.querySelector(arguments[0]).options].map(x => x.value)",
                selector,
            )
            down = [Keys.ARROW_DOWN] * options.index(value)
            self.studio.press(selector, Keys.HOME, *down)
        assert self.studio.find(selector).get_attribute("value") == value

    def state(self, **expected):
        """Wait until the address has these values, as texts; None for none."""
        words = {name: value if value is None else str(value) for name, value in expected.items()}
        self.studio.until(
            "const words = new URLSearchParams(location.hash.slice(1));"
            "return Object.entries(arguments[0]).every(([name, value]) =>"
            "  (name === 'face' ? words.getAll(name).join() : words.get(name)) === value)",
            words,
        )

    def shows(self):
        """Wait until the chosen face is large, and require that it is the generator's."""
        words = parse_qs(self.studio.run("return location.hash.slice(1)"))
        key = words["face"][int(words["chosen"][0]) - 1]
        psi, noise = (float(words.get(name, ["1"])[0]) for name in ("psi", "noise"))
        image = self.studio.drawn("#large", key, psi, noise)
        if noise in (0, 1):
            assert same(image, self._expected(key, psi, noise)), key

    def _expected(self, key, psi, noise):
        generator = self.studio.generator
        seed, *changes = key.split("_")
        w = generator.w([int(seed)], psi)
        if generator.has_styles:
            w = np.repeat(w[:, None], generator.layers, axis=1)
        pairs = [*zip(changes[::2], changes[1::2], strict=True)]
        for name, value in pairs:
            if name in LEVELS:
                w[:, LEVELS[name]] = generator.w([int(value)], psi)
        for name, value in pairs:
            if name not in LEVELS:
                w = w + np.float32(value) * self.directions[int(name[1:])].vector
        return generator.images(w, "const" if noise else "none")[0]

    def saved(self, name):
        """Return the bytes of a file that the page saves."""
        path = self.studio.saved(name)
        self.studio.until("return document.getElementById('saving').hidden")
        assert f"{name} is saved" in self.studio.status
        data = path.read_bytes()
        path.unlink()
        return data


def use_header(hand):
    """Seeds, truncation, noise, the size of the wall, the theme."""
    studio = hand.studio
    for button in ("#seed", "#seed-form [type=submit]"):
        studio.run("document.getElementById('seed').value = ''")
        studio.find("#seed").send_keys("777" if button == "#seed" else "888")
        if button == "#seed":
            hand.used.add("seed")
            studio.find(button).send_keys(Keys.ENTER)
        else:
            hand.press(button)
        seed = studio.run("return document.activeElement.dataset.seed")
        assert seed == studio.find("#seed").get_attribute("value") and seed in ("777", "888")
        cell = f'.cell[data-seed="{seed}"]'
        assert same(
            studio.drawn(f"{cell} canvas", seed), studio.generator.images_from_seeds([int(seed)])[0]
        )
    hand.press("#random")
    assert studio.run("return document.activeElement.dataset.seed") != "888"
    studio.go(START)
    for name in ("psi", "noise"):
        if studio.find(f"#{name}").is_displayed():
            hand.state(**{name: float(hand.slide(f"#{name}")).__format__("g")})
            hand.shows()
            hand.press(f"#{name}-reset")
            hand.state(**{name: None})
            hand.shows()
    if studio.find("#size").is_displayed():
        wide = studio.find(".cell").size["width"]
        hand.slide("#size")
        assert studio.find(".cell").size["width"] < wide
        studio.set("#size", 104)
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = studio.run(ground)
    hand.choose("#theme", "dark")
    assert studio.run(ground) != light
    hand.choose("#theme", "system")


def use_picks(hand):
    """The wall's faces, the picked ones, the comparison."""
    studio = hand.studio
    hand.press('.cell[data-seed="1"]')
    hand.state(face="3,5,8,1", chosen=4)
    hand.shows()
    hand.press('.cell[data-seed="1"]')
    hand.press("#picks li:nth-child(1) .pick")
    hand.state(face="3,5,8", chosen=1)
    hand.shows()
    hand.press("#picks li:nth-child(1) .remove")
    hand.state(face="5,8", chosen=1)
    hand.press("#compare-open")
    assert studio.find("#compare").is_displayed()
    expected = studio.generator.images_from_seeds([5, 8])
    for number, seed in enumerate((5, 8)):
        canvas = f"#compared figure:nth-child({number + 1}) canvas"
        assert same(studio.drawn(canvas, seed), expected[number])
    hand.press("#compare-close")
    assert not studio.find("#compare").is_displayed()
    if studio.find("#drawer").is_displayed():
        for is_open in (False, True):
            hand.press("#drawer")
            assert studio.find("#panel").is_displayed() == is_open
    hand.press("#clear")
    hand.state(face="", chosen=None)
    studio.go(START)


def use_face(hand):
    """Directions, styles, a copy, and what undoes them."""
    studio = hand.studio
    hand.press("#tab-face")
    value = float(hand.slide("#direction-0")).__format__("g")
    hand.state(face=f"3,5_d0_{value},8")
    hand.shows()
    hand.press("#directions li:first-child .reset")
    hand.state(face="3,5,8")
    hand.press("#copy")
    hand.state(face="3,5,5,8", chosen=3)
    for level in ("coarse", "middle") if studio.generator.has_styles else ():
        hand.choose(f"#mix-{level}", "8")
        hand.state(face=f"3,5,5_{level}_8,8")
        hand.shows()
        hand.press("#reset")
    studio.set("#direction-1", 1)
    hand.state(face="3,5,5_d1_1,8")
    hand.press("#reset")
    hand.state(face="3,5,5,8")
    hand.shows()
    studio.go(START)


def use_walk(hand):
    """Its place, its pace and its easing; a film."""
    studio = hand.studio
    hand.press("#tab-walk")
    studio.set("#seconds", 3)
    length = studio.find("#walk-length").text
    hand.slide("#seconds")
    assert studio.find("#walk-length").text != length
    hand.choose("#easing", "even")
    hand.press("#loop[type=checkbox]")
    studio.set("#position", 100)
    hand.slide("#position")
    for control, value in (("seconds", 6), ("position", 0), ("fps", 25)):
        studio.set(f"#{control}", value)
    hand.press("#play")
    studio.until("return document.getElementById('play').textContent === 'Pause'")
    hand.press("#play")
    assert studio.find("#play").text == "Play"
    hand.slide("#fps")
    studio.set("#seconds", 0.4)
    studio.set("#fps", 5)
    hand.choose("#format", "gif")
    hand.press("#save-film")
    with Image.open(io.BytesIO(hand.saved("walk_of_3.gif"))) as film:
        assert film.n_frames == 4  # two legs of 0.4 seconds
    for control, value in (("seconds", 6), ("fps", 50)):
        studio.set(f"#{control}", value)
    hand.press("#save-film")
    studio.until("return document.getElementById('saving-bar').value > 0")
    hand.press("#cancel")
    studio.until("return document.getElementById('saving').hidden")
    assert studio.status == "Saving was cancelled."


def use_files(hand):
    """The size and the shape of files."""
    studio = hand.studio
    side = studio.generator.resolution
    hand.press("#tab-save")
    studio.set("#scale", 3)
    scale = int(hand.slide("#scale"))
    hand.press("#smooth[type=checkbox]")
    hand.press("#save-face")
    image = np.asarray(Image.open(io.BytesIO(hand.saved("face_00005.png"))))
    expected = studio.generator.images_from_seeds([5])[0]
    assert same(image, expected.repeat(scale, 0).repeat(scale, 1))
    studio.set("#columns", 8)
    columns = int(hand.slide("#columns"))
    hand.press("#save-sheet")
    sheet = Image.open(io.BytesIO(hand.saved("sheet_of_3.png")))
    rows = -(-3 // columns)
    assert sheet.size == (min(columns, 3) * side * scale, rows * side * scale)
    hand.press("#save-faces")
    with zipfile.ZipFile(io.BytesIO(hand.saved("faces.zip"))) as file:
        assert len(file.namelist()) == 3


def use_about(hand):
    """What the page says about itself, with the licenses."""
    hand.press("#about-open")
    for is_open in (True, False):
        hand.press("#about summary")
        text = hand.studio.find("#about details pre").text
        assert ("Permission is hereby granted" in text) == is_open
    hand.press("#about-close")
    assert not hand.studio.find("#about").is_displayed()


@pytest.mark.parametrize("means", ["mouse", "keyboard"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("version", ["r3gan", "stylegan2"])
def test_every_control(opened, directions, version, width, means):
    """No control of the page is left out; the console stays empty, and nothing is requested."""
    studio = opened(version, width, START)
    studio.reset()
    hand = Hand(studio, means, directions[version])
    for use in (use_header, use_picks, use_face, use_walk, use_files, use_about):
        use(hand)
    hidden = {"drawer"} if width > 960 else {"size"}
    if not studio.generator.has_styles:
        hidden |= {"noise", "noise-reset"}
    left_out = set(studio.run(NAMES)) - hand.used - hidden
    assert left_out == set()
    assert studio.log() == [] and studio.requests() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_tab_reaches_every_control(opened, width):
    """In each tab: as many stops as there are controls, of which lists of faces have one each."""
    studio = opened("stylegan2", width, START)
    for tab in ("face", "walk", "save"):
        studio.click(f"#tab-{tab}")
        studio.run("document.activeElement.blur(); document.body.focus()")
        expected, _ = studio.run(REACHED)
        reached = set()
        for _ in range(expected + 10):
            studio.browser.switch_to.active_element.send_keys(Keys.TAB)
            place = studio.run(
                "const all = [...document.querySelectorAll('button, input, select')];"
                "return all.indexOf(document.activeElement)"
            )
            if place in reached:
                break
            reached |= {place} - {-1}
        assert len(reached) == expected, tab
