"""Print how soon a studio is ready in headless Chromium, and how many faces a second it shows.

    python -m benchmarks.studio                     untrained generators of two configs
    python -m benchmarks.studio --pictures docs     also the pictures of docs/studio.md
    python -m benchmarks.studio --rounds 0 --pictures docs --labelled colors
                                                    only the picture of a run with labels

A row is the median of several openings. "Ready" is the time from the start of the page's script to
the running network. Faces a second are those of a wall that is filled with other seeds. Both are
also given by the processor time of all of Chromium, its start included, which other work hardly
changes.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from PIL import Image
from selenium import webdriver

from anime_gan import backend
from anime_gan.config import load_config
from benchmarks import new_parser

CONFIGS = ("configs/r3gan_cpu.yaml", "configs/stylegan2_cpu.yaml")
ALL_DRAWN = """
const cells = [...document.querySelectorAll(".cell canvas")];
return cells.length > 0 && cells.every(canvas => canvas.dataset.drawn) && cells.length;
"""
PICTURES = {
    "studio_wall": (1280, 860, "", "#face=17&face=20_d0_1.5&face=33&face=62&chosen=2&psi=0.9", ""),
    "studio_walk": (1280, 860, "dark", "#from=700&face=17&face=20&face=33&chosen=1", "tab-walk"),
    "studio_phone": (390, 844, "", "#face=4&face=17&chosen=1", ""),
}
# The wall has the third value of the first attribute; the faces are one seed with others.
LABELLED = {
    "studio_labels": (
        *(1280, 860, ""),
        "#labels=l0_3&face=3_l0_1&face=3_l0_3&face=3_l0_5&face=3_l0_7&chosen=2",
        "",
    ),
}


def main() -> None:
    """Print a row for each config; write the pictures."""
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="openings of each page")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write pictures there")
    parser.add_argument("--labelled", metavar="RUN", help="the picture is of this run with labels")
    arguments = parser.parse_args()
    backend.start()
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        path = Path(folder) / "studio.html"
        if arguments.rounds:
            print(
                "| generator | page, MB | ready, s | ready, processor s | faces a second | "
                "faces a processor second |"
            )
            print("|---" * 6 + "|")
        for config in CONFIGS if arguments.rounds else ():
            path.write_text(untrained(config), encoding="utf-8")
            rows = [measure(path) for _ in range(arguments.rounds)]
            medians = [statistics.median(column) for column in zip(*rows, strict=True)]
            numbers = [path.stat().st_size / 1e6, *medians]
            cells = " | ".join(f"{number:.1f}" for number in numbers)
            print(f"| {Path(config).stem} | {cells} |", flush=True)
        if arguments.pictures:
            path.write_text(trained(arguments.labelled or "pretrained"), encoding="utf-8")
            for name, picture in (LABELLED if arguments.labelled else PICTURES).items():
                take(path, arguments.pictures / f"{name}.webp", *picture)


def untrained(config: str) -> str:
    """Return the studio of a config's generator."""
    from anime_gan.generation.generator import Generator
    from anime_gan.networks.build import build
    from anime_gan.studio.page import studio_page

    return studio_page(Generator(build(load_config(config, [])).generator), config, {})


def trained(source: str) -> str:
    """Return the studio of a trained generator."""
    from anime_gan.generation.load import load_generator
    from anime_gan.studio.page import studio_page

    return studio_page(load_generator(source), source, {})


def opened(path: Path, address: str, width: int, height: int) -> webdriver.Chrome:
    """Return headless Chromium with the page, once it is ready."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri() + address)
    until(browser, "return document.documentElement.dataset.ready")
    return browser


def until(browser: webdriver.Chrome, script: str):
    """Return what a script returns once that is true."""
    while not (found := browser.execute_script(script)):
        time.sleep(0.1)  # asking takes time of the processor too
    return found


def measure(path: Path) -> tuple[float, float, float, float]:
    """Return the seconds until the page is ready, and how many faces it then shows a second.

    Each is followed by the same for seconds of the processor.
    """
    browser = opened(path, "", 1280, 900)
    ready = int(browser.execute_script("return document.documentElement.dataset.ready")) / 1000
    ready_work = processor_seconds(browser)
    until(browser, ALL_DRAWN)
    started, work = time.perf_counter(), processor_seconds(browser)
    browser.execute_script("location.hash = 'from=1000000'")
    until(browser, """return document.querySelector('[data-seed="1000000"]')""")
    count = until(browser, ALL_DRAWN)
    seconds, work = time.perf_counter() - started, processor_seconds(browser) - work
    browser.quit()
    return ready, ready_work, count / seconds, count / work


def processor_seconds(browser: webdriver.Chrome) -> float:
    """Return the processor time of all processes of the browser."""
    driver = psutil.Process(browser.service.process.pid)
    times = [process.cpu_times() for process in driver.children(recursive=True)]
    return sum(time.user + time.system for time in times)


def take(path: Path, out: Path, width: int, height: int, theme: str, state: str, tab: str) -> None:
    """Write a picture of the page."""
    browser = opened(path, state, width, height)
    if theme:
        features = [{"name": "prefers-color-scheme", "value": theme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    if tab:
        browser.execute_script("document.getElementById(arguments[0]).click()", tab)
    until(browser, ALL_DRAWN)
    time.sleep(3)  # the strips
    png = out.with_suffix(".png")
    browser.save_screenshot(str(png))
    browser.quit()
    with Image.open(png) as image:
        image.convert("RGB").save(out, quality=80, method=6)
    png.unlink()
    print(out)


if __name__ == "__main__":
    main()
