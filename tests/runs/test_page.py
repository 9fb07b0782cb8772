"""The page of a run shows what its files hold, whatever state they are in, and nothing personal."""

import errno
import json
import os
import re

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from anime_gan.config import from_dict
from anime_gan.config.plain_yaml import write
from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError
from anime_gan.files import lock
from anime_gan.runs import checkpoint, page
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.grids import save_grid
from anime_gan.runs.health import COLUMNS as SIGNS
from anime_gan.runs.history import COLUMNS
from tests.web.opening import open_page

CONFIG = {"version": "v5", "run": "r", "training": {"steps": 400}}
SCORES = {"frechet": 80.0, "precision": 0.5, "recall": 0.25}
FINDING = {
    "kind": "generator collapsed",
    "since": 120,
    "step": 150,
    "seen": "the faces are <nearly> the same.",
    "advice": "Lower both learning rates.",
    "until": 200,
    "rolled_back_to": 100,
}


@pytest.fixture
def run(tmp_path, monkeypatch) -> RunFolder:
    """A run without files, in the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = RunFolder("r")
    for path in (folder.weights, folder.images):
        path.mkdir(parents=True)
    return folder


def set_config(folder: RunFolder, **sections) -> None:
    """Write config.yaml."""
    folder.config_file.write_text(write(from_dict(CONFIG | sections).model_dump()))


def set_checkpoint(folder: RunFolder, step: int) -> None:
    """Write a checkpoint of a step, after 90 seconds of training."""
    facts = {"config": {}, "precision": "float32", "data_key": "k", "seconds": 90.0}
    checkpoint.save(folder.weights, step, {}, facts, keep=9)


def add_grids(folder: RunFolder, steps, size: int = 16, channels: int = 3) -> None:
    """Write grids of 25 faces, each of a color of its own."""
    for step in steps:
        color = np.random.default_rng(step).integers(0, 256, channels)
        save_grid(folder.grid(step), np.full((25, size, size, channels), color, "uint8"))


def add_lines(folder: RunFolder, name: str, steps, **columns) -> None:
    """Write a log."""
    with (folder.images / f"{name}.jsonl").open("w") as file:
        for step in steps:
            file.write(json.dumps({"step": step, **columns}) + "\n")


def whole_run(folder: RunFolder) -> None:
    """Write everything that a run may have, at step 300."""
    set_config(folder)
    set_checkpoint(folder, 300)
    add_grids(folder, range(0, 301, 100))
    save_grid(folder.reference_grid, np.full((25, 16, 16, 3), 9, "uint8"))
    best = np.full((25, 16, 16, 3), 200, "uint8")
    save_grid(folder.best_grid, best, step=250, distance=80.0)
    rates = {"d_rate": 1e-3, "g_rate": 1e-3}
    add_lines(folder, "losses", range(1, 301), **dict.fromkeys(COLUMNS, 0.5), **rates)
    view = SCORES | {"real_vs_real": SCORES | {"frechet": 20.0}}
    add_lines(folder, "metrics", (50, 250), network="Lite <0>", count=500, whole=view)
    add_lines(folder, "health", (120, 240), **dict.fromkeys(SIGNS, 0.25))
    (folder.images / "health.json").write_text(json.dumps([FINDING]))


def text_of(folder: RunFolder) -> str:
    """Write the page and return its HTML, images left out."""
    return re.sub(r"data:image/\S+?\"", '"', page.write_page(folder).read_text("utf-8"))


def grids_of(folder: RunFolder) -> list[int]:
    """Write the page and return the steps of its slider."""
    found = re.search(r"^const grids = (.*);$", page.write_page(folder).read_text(), re.MULTILINE)
    return [grid["step"] for grid in json.loads(found[1])]


def test_the_page_in_a_browser(browser, run):
    """Whole at both widths, without a request; the keyboard and the button move the slider."""
    whole_run(run)
    path = page.write_page(run).absolute()
    for file in run.images.glob("*.png"):
        file.unlink()
    for width in (1280, 390):
        images = open_page(browser, path, width)
        alts = [image["alt"] for image in images]
        assert alts[:3] == [
            "faces generated at step 300",
            "images of the training set",
            "faces generated at step 250",
        ]
        assert "at the end: generated 80.0, real vs real 20.0" in alts[3] and len(alts) == 8
    slider = browser.find_element("id", "slider")
    seen = set()
    for key, step in ((Keys.ARROW_LEFT, 200), (Keys.HOME, 0), (Keys.ARROW_RIGHT, 100)):
        slider.send_keys(key)
        assert browser.find_element("id", "shown").text == str(step)
        assert slider.get_attribute("aria-valuetext") == f"step {step}"
        image = browser.find_element("id", "grid")
        assert image.get_attribute("alt") == f"faces generated at step {step}"
        seen.add(image.get_attribute("src"))
    assert len(seen) == 3
    button = browser.find_element("id", "play")
    button.click()
    assert button.text == "Stop"
    browser.implicitly_wait(5)
    assert browser.find_element("xpath", "//button[text()='Play']")  # at its end it stops
    assert browser.find_element("id", "shown").text == "300"
    assert browser.get_log("browser") == []


def test_all_is_said_in_words(run):
    """State, step, images, time, the best step, the finding, and the keys that are no recipe's."""
    whole_run(run)
    text = text_of(run)
    for words in (
        "v5, 64x64",
        "<dd>stopped</dd>",
        "<dd>300 of 400</dd>",
        "<dd>19,200</dd>",
        "<dd>1:30</dd>",
        "80.0 at step 50",
        "Best step: 250, Fréchet distance 80.0",
        "Lite &lt;0&gt;",
        "Generator collapsed from step 120 to step 200; the run was then rolled back to step 100",
        "&lt;nearly&gt;",
        '<th scope="row">training.steps</th>\n<td class="text">400</td>',
    ):
        assert words in text
    assert "Learning rates" not in text  # they do not change
    assert "No problem found" not in text


@pytest.mark.parametrize("state", ["training", "finished", "stopped"])
def test_the_state(run, state):
    """By the lock and by the steps; reloading is of use during training only."""
    set_config(run, training={"steps": 8 if state == "finished" else 9})
    set_checkpoint(run, 8)
    if state == "training":
        held = lock(run.weights / ".lock", "")
    text = text_of(run)
    assert f"<dd>{state}</dd>" in text and ("reload" in text) == (state == "training")
    if state == "training":
        os.close(held)


def test_a_new_run(run):
    """One grid, no losses, no metrics, nothing observed, no slider."""
    set_config(run)
    add_grids(run, [0])
    text = text_of(run)
    assert "<dd>0 of 400</dd>" in text and "No problem found" in text
    assert ">Losses<" not in text and ">Metrics<" not in text and 'id="slider"' not in text
    assert grids_of(run) == [0]


def test_damaged_and_missing_files(run):
    """What can be read is shown: a crash cuts a line, a disk loses a file."""
    whole_run(run)
    for name in ("losses", "metrics", "health"):
        path = run.images / f"{name}.jsonl"
        path.write_bytes(path.read_bytes()[:-9] + b"\n[]\n\xff\xfe{\n")
    run.grid(100).write_bytes(run.grid(100).read_bytes()[:60])
    run.best_grid.write_bytes(b"")
    (run.images / "health.json").write_text("[")
    run.config_file.write_text("model: 3")
    text = text_of(run)
    assert grids_of(run) == [0, 200, 300]
    assert ">Losses<" in text and "unknown" in text and "Best step" not in text
    assert "No problem found" in text
    for path in run.images.iterdir():
        path.unlink(missing_ok=True)
    run.config_file.unlink()
    assert "There are no grids" in text_of(run)


def test_steps_that_are_trained_again_are_left_out(run):
    """After a rollback to step 100, grids and lines of later steps are of another future."""
    whole_run(run)
    for name in ("losses", "metrics", "health"):
        path = run.images / f"{name}.jsonl"
        rows = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= 100]
        path.write_text("\n".join(rows) + "\n" if name == "losses" else path.read_text())
    checkpoint.drop_after(run.weights, 0)
    set_checkpoint(run, 100)
    text = text_of(run)
    assert "<dd>100 of 400</dd>" in text and grids_of(run) == [0, 100]
    assert "80.0 at step 50" in text and "the steps to 50;" in text and "to 250;" not in text
    assert "have not been observed yet" not in text  # there is a finding


def test_nothing_personal_is_shown(run):
    """The page is sent to others: of paths the last part, of machines nothing."""
    set_config(
        run,
        data={
            "images": "/home/anna secret/faces/",
            "cache": r"C:\Users\anna\cache",
            "labels": "/home/anna/words.csv",
        },
        training={"start_from": "/home/anna/generator_9.keras"},
        distribution={"coordinator": "10.1.2.3:99", "processes": 2, "process": 0},
    )
    text = text_of(run)
    assert "anna" not in text and "10.1.2.3" not in text
    assert '<td class="text">faces</td>' in text and '<td class="text">cache</td>' in text
    assert "words.csv" in text and "generator_9.keras" in text
    assert str(run.images.absolute().parent) not in text
    set_config(run, data={"images": "../some/faces.zip", "cache": "data/cache"})
    for path in ("../some/faces.zip", "data/cache"):  # relative, as in config.yaml
        assert f'<td class="text">{path}</td>' in text_of(run)


def test_many_grids_are_spaced_and_stay_so(run, monkeypatch):
    """At most so many, first and last among them; each is encoded once a process."""
    steps = [*range(0, 5_000, 10)]
    for count in (1, 2, page.GRIDS - 1, page.GRIDS, page.GRIDS + 1, 500):
        some = page.chosen(steps[:count])
        assert some[0] == 0 and some[-1] == steps[count - 1] and len(some) <= page.GRIDS
        assert len(some) > min(count, page.GRIDS) / 2
        assert {*some[:-1]} >= {*page.chosen(steps)} & {*steps[: count - 1]}
    assert page.chosen([]) == []
    encoded = []
    original = page.encode
    monkeypatch.setattr(page, "encode", lambda *a, **o: encoded.append(1) or original(*a, **o))
    monkeypatch.setattr(page, "GRIDS", 5)
    add_grids(run, range(5))
    add_lines(run, "losses", [99], **dict.fromkeys(COLUMNS, 0.5))
    assert grids_of(run) == [0, 2, 4] and len(encoded) == 3
    assert "It has 3 of 5 grids" in text_of(run)
    add_grids(run, [5])
    assert grids_of(run) == [0, 2, 4, 5] and len(encoded) == 4
    os.utime(run.grid(4), (1, 1))  # written again
    assert grids_of(run) == [0, 2, 4, 5] and len(encoded) == 5
    page._encoded.cache_clear()  # as in the next process, which finds them on the page
    assert grids_of(run) == [0, 2, 4, 5] and len(encoded) == 5
    for text in (
        "",
        "const grids = [[1]];",
        'const grids = [{"step": 0, "changed": 1, "uri": 1}];',
    ):
        run.page.write_text(text)
        assert grids_of(run) == [0, 2, 4, 5]


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (16, 3), (512, 3)])
def test_no_grid_makes_the_page_large(run, size, channels):
    """Noise, gray or in color: within its share of the page; small faces are not repeated."""
    faces = np.random.default_rng(0).integers(0, 256, (25, size, size, channels), "uint8")
    save_grid(run.grid(0), faces)
    uri = page._grid(run.grid(0))
    assert len(uri) < 1.4 * page.GRID_BYTES
    assert 1.4 * (page.GRIDS * page.GRID_BYTES + 2 * page.LARGE_BYTES) < 6e6
    assert (len(uri) < 25_000) == (size == 16)


def test_a_grid_is_encoded_from_its_own_pixels():
    """Repeated pixels are taken once, and an image that has none stays as it is."""
    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), "uint8")
    for times in (1, 2, 8):
        repeated = to_image(pixels.repeat(times, 0).repeat(times, 1))
        np.testing.assert_array_equal(page._without_repeats(repeated), pixels)
    assert page._without_repeats(Image.new("RGB", (2048, 2048))).size == (64, 64)


def test_a_page_that_cannot_be_written_is_an_error(run, monkeypatch):
    """Here in a sentence; training goes on without it, which tests/test_train_gan.py covers."""
    set_config(run)

    def refuse(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match=r"index.html could not be written \(No space"):
        page.write_page(run)
    assert not [*run.images.iterdir()]
