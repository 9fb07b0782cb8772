"""Studios of tiny untrained generators, each opened once, in Chromium."""

import json
import time

import numpy as np
import pytest

from anime_gan.studio.page import studio_page
from tests.conftest import chromium
from tests.export.networks import tiny_generator

HOSTILE = "</script><img src=x onerror=alert(1)> CONTENT-POLICY {{ 7 * 7 }} \"'"
WIDTHS = (1280, 390)
_PIXELS = """
const canvas = document.querySelector(arguments[0]);
const {width, height} = canvas;
const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
return [height, width, [...data]];
"""


class Studio:
    """A page that is open, and its generator."""

    def __init__(self, browser, path, generator, downloads):
        self.browser, self.path, self.generator = browser, path, generator
        self.downloads = downloads

    def open(self, width=1280, state="", height=900):
        """Open the page at a width in pixels, with a state in its address, and wait for it."""
        self.size(width, height)
        self.browser.get("about:blank")
        self.browser.get_log("performance")  # the requests so far
        self.browser.get(f"{self.path.as_uri()}#{state}")
        self.until("return document.documentElement.dataset.ready")
        return self

    def size(self, width, height=900):
        """Make the window this large, and downloads go to a folder."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        where = {"behavior": "allow", "downloadPath": str(self.downloads)}
        self.browser.execute_cdp_cmd("Browser.setDownloadBehavior", where)

    def go(self, state):
        """Change the state in the address, as a reader or a link does."""
        self.run("location.hash = 'from=9'; location.hash = arguments[0]", state)
        self.run("return new Promise(done => setTimeout(done, 50))")

    def reset(self):
        """Set the controls that the address does not hold, and delete what was saved."""
        for path in self.downloads.iterdir():
            path.unlink()
        values = {"seconds": 0.4, "fps": 5, "format": "webm", "scale": 1, "columns": 2}
        values |= {"easing": "smooth", "loop": True, "smooth": True}
        for control, value in values.items():
            self.set(f"#{control}", value)

    def run(self, script, *arguments):
        """Return what a script returns."""
        return self.browser.execute_script(script, *arguments)

    def until(self, script, *arguments, seconds=60):
        """Return what a script returns once that is true."""
        end = time.monotonic() + seconds
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < end, f"{script} {self.status}"
            time.sleep(0.02)
        return found

    @property
    def status(self):
        """The message at the foot of the page."""
        return self.run("return document.getElementById('status').textContent")

    @property
    def state(self):
        """The fragment of the address, once it is renewed."""
        time.sleep(0.35)
        return self.run("return location.hash.slice(1)")

    def find(self, selector):
        """Return an element."""
        return self.browser.find_element("css selector", selector)

    def click(self, selector):
        """Click an element."""
        self.find(selector).click()

    def press(self, selector, *keys):
        """Give the focus to an element, and press keys, which may move the focus."""
        self.run("document.querySelector(arguments[0]).focus()", selector)
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def set(self, selector, value):
        """Give a control a value, as if it was dragged there and let go."""
        self.run(
            "const [control, value] = [document.querySelector(arguments[0]), arguments[1]];"
            "if (control.type === 'checkbox') control.checked = value; else control.value = value;"
            "for (const kind of ['input', 'change'])"
            "  control.dispatchEvent(new Event(kind, {bubbles: true}));",
            selector,
            value,
        )

    def drawn(self, selector, key, psi=1, noise=1):
        """Return the pixels (H, W, channels) of a canvas once it shows a face."""
        self.until(
            "return document.querySelector(arguments[0])?.dataset.drawn === arguments[1]",
            selector,
            f"{key} {psi:g} {noise:g}",
        )
        return self.pixels(selector)

    def pixels(self, selector):
        """Return the pixels (H, W, channels) of a canvas."""
        height, width, values = self.run(_PIXELS, selector)
        rgba = np.array(values, "uint8").reshape(height, width, 4)
        assert (rgba[..., 3] == 255).all()
        return rgba[..., : self.generator.channels]

    def saved(self, name):
        """Return the path of a file that the page saves, once it is there."""
        path = self.downloads / name
        end = time.monotonic() + 60
        while not (path.exists() and path.stat().st_size):
            assert time.monotonic() < end, self.status
            time.sleep(0.02)
        return path

    def log(self):
        """Return what the console says, but for advice about reading pixels, as the tests do."""
        entries = self.browser.get_log("browser")
        return [entry for entry in entries if "getImageData" not in entry["message"]]

    def requests(self):
        """Return the addresses requested since the page was opened, but not its own."""
        logged = (json.loads(x["message"])["message"] for x in self.browser.get_log("performance"))
        sent = [x for x in logged if x["method"] == "Network.requestWillBeSent"]
        urls = [x["params"]["request"]["url"] for x in sent]
        return [url for url in urls if not url.startswith(("blob:", self.path.as_uri(), "data:"))]


def same(images, expected):
    """Say whether uint8 images differ by at most 1 of 255."""
    assert images.shape == expected.shape
    return np.abs(images.astype(int) - expected.astype(int)).max() <= 1


@pytest.fixture(scope="session")
def chromium_once(tmp_path_factory):
    """One Chromium for all tests of the studio: it takes a second to start."""
    with chromium(tmp_path_factory.mktemp("chromium") / "profile") as opened:
        yield opened


def written(version, folder, *overrides):
    """Write the studio of a tiny generator, and return its path and the generator."""
    generator = tiny_generator(version, *overrides)
    about = {"run": HOSTILE, "version": version, "step": 5, "weights": "generator_5.keras"}
    path = folder / "a page's name #1.html"
    path.write_text(studio_page(generator, HOSTILE, about, [HOSTILE]), encoding="utf-8")
    return path, generator


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The studios of a generator without styles and of one with styles, by version."""
    return {v: written(v, tmp_path_factory.mktemp(v)) for v in ("r3gan", "stylegan2")}


@pytest.fixture(scope="session")
def opened(pages, chromium_once, tmp_path_factory):
    """A function that returns the studio of a version at a width, with a state.

    The page that is open is taken if it is the version's: ONNX Runtime takes a second to start.
    """
    downloads = tmp_path_factory.mktemp("downloads")

    def open_one(version, width=1280, state=""):
        studio = Studio(chromium_once, *pages[version], downloads)
        if not chromium_once.current_url.startswith(studio.path.as_uri()):
            return studio.open(width, state)
        studio.size(width)
        studio.go(state)
        return studio

    return open_one
