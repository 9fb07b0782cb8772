"""Write the picture of docs/quiz.md: screens of quizzes, as a phone shows them.

    python -m benchmarks.quiz_screenshots docs/quiz.webp

The generated faces are those of the pretrained generator; the built-in drawn faces stand for real
ones, so that the picture shows nobody's work. It needs Chromium and its driver.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from selenium import webdriver

from anime_gan import backend
from anime_gan.data import demo
from anime_gan.generation.load import load_generator
from anime_gan.generation.pretrained import PRETRAINED
from anime_gan.quiz import make
from anime_gan.quiz.faces import Faces, generated_faces
from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from anime_gan.quiz.settings import Settings
from benchmarks import new_parser

WIDTH, HEIGHT = 390, 640
SEED = 3


def page_of(kind: str, folder: Path) -> Path:
    """Write a quiz of a kind, and return its page."""
    settings = Settings(kind, 12 if kind != RAPID else 8, seed=SEED, contact="Ada, room 7")
    random = np.random.default_rng(SEED)
    seeds = make.random_seeds(settings, random)
    names = list(PRETRAINED)[: settings.generators]
    generated = [
        generated_faces(load_generator(str(PRETRAINED[name])), PRETRAINED[name], seeds, [1.0])
        for name in names
    ]
    real = demo.draw_faces(settings.real, 64, SEED)
    about = [{"file": str(number)} for number in range(len(real))]
    page, key = make.make(settings, Faces(real, about), generated, names, "demo", random)
    path = folder / f"{kind}.html"
    make.write(page, key, path, folder / f"{kind}_key.json")
    return path


class Phone:
    """A browser of the size of a phone, and the screens that were photographed."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
        for flag in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
            options.add_argument(f"--{flag}")
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.browser = webdriver.Chrome(options, service)
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.screens: list[Image.Image] = []

    def look(self) -> None:
        """Photograph the screen."""
        shown = Image.open(io.BytesIO(self.browser.get_screenshot_as_png())).convert("RGB")
        self.screens.append(ImageOps.expand(shown, 1, "#aeb6c2"))

    def press(self, selector: str) -> None:
        """Press a button."""
        self.browser.find_element("css selector", selector).click()

    def shows(self, selector: str) -> bool:
        """Say whether an element is visible."""
        return self.browser.find_element("css selector", selector).is_displayed()

    def open(self, path: Path, look_at_briefing: bool) -> None:
        """Open a quiz, and begin its practice."""
        self.browser.get(path.as_uri())
        if look_at_briefing:
            self.look()
        self.press("[type=checkbox]")
        self.press("#consent button")
        self.press("#pause button")
        time.sleep(1)

    def finish(self, part: str) -> None:
        """Choose in turn until the last screen."""
        number = 0
        while not self.shows("#end"):
            time.sleep(0.25)
            number += 1
            choice = f"#{part} button:nth-of-type({1 + number % 2})"
            self.press("#pause button" if self.shows("#pause") else choice)


def main() -> None:
    """Write the picture."""
    parser = new_parser(__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    backend.start()
    phone = Phone()
    try:
        with tempfile.TemporaryDirectory(prefix="quiz-") as folder:
            phone.open(page_of(PAIRS, Path(folder)), True)
            phone.look()
            phone.finish("pair")
            phone.look()
            phone.open(page_of(RAPID, Path(folder)), False)
            time.sleep(3)  # the face of a practice round is covered by then
            phone.look()
            phone.open(page_of(RATING, Path(folder)), False)
            while phone.shows("#pair"):
                phone.press("#pair button")
                time.sleep(0.5)
            phone.look()
    finally:
        phone.browser.quit()
    first, pair, end, rapid, grade = phone.screens
    screens = [first, pair, rapid, grade, end]
    width = sum(screen.width for screen in screens) + 12 * (len(screens) - 1)
    picture = Image.new("RGB", (width, screens[0].height), "white")
    for place, screen in enumerate(screens):
        picture.paste(screen, (place * (screen.width + 12), 0))
    picture.save(out, quality=80)


if __name__ == "__main__":
    main()
