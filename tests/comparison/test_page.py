"""The page opens in a real browser, whole, from one file, and asks the network for nothing."""

import numpy as np
import pytest
from PIL import Image

from anime_gan.comparison import page
from tests.conftest import asked_for


def result(folder, **values):
    """A result with pictures, as comparison/results.py collects it."""
    grid = folder / "grid.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (344, 344, 3), "uint8")).save(grid)
    view = {"frechet": 61.25, "kernel": 0.5, "kernel_error": 0.01}
    view |= dict.fromkeys(("precision", "recall", "density", "coverage"), 0.25)
    view["floor"] = dict(view, frechet=4.4)
    comparison = {
        "network": "Lite <0>",
        "resize": {"whole": "bicubic to 224", "coarse": "box to 24"},
        "count": 2000,
        "whole": view,
        "coarse": view,
    }
    return {
        "step": 1234,
        "seen": 19744,
        "speed": 42.4,
        "memory": 2**30,
        "parameters": [10, 20],
        "gflops": [0.5, 0.25],
        "losses": np.array([[s, 1 / s, s] for s in range(1, 300)]).T,
        "metrics": [{"step": s, "trained": 60.0 * s} | comparison for s in (1, 2, 3)],
        "events": [],
        "ended": None,
        "grid": grid,
        "reals": grid,
        "comparisons": [comparison],
        "copies_in_pixels": {"copied": False},
        "copies_in_features": {"copied": False},
        **values,
    }


@pytest.fixture
def results(tmp_path):
    """One sound, one with a finding and a name to be escaped, one that ended early, one failed."""
    event = {"kind": "generator collapsed", "since": 500, "seen": "all <the same>.", "until": None}
    return {
        "v5": result(tmp_path),
        "<b>odd & co</b>": result(tmp_path, events=[event], metrics=[]),
        "v1": result(tmp_path, ended="stopped by health.action"),
        "wgan": "ended with status 2",
    }


def test_the_table_has_every_number_with_its_network_and_floor(results):
    """Markdown: a row for each, also for the one that failed."""
    text = page.markdown("Title", ["a note"], results)
    for words in (
        "1,234",
        "61.2",
        "0.500 ± 0.010",
        "Lite <0>",
        "4.4",
        "generator collapsed from step 500 to the end |",
        "| stopped by health.action |",
    ):
        assert words in text
    assert text.count("ended with status 2") == 2  # what it took, and the distances
    assert len({line.count("|") for line in text.splitlines() if line.startswith("| v5")}) == 2


def test_the_page_in_a_browser(browser, results, tmp_path):
    """All pictures are there, names are text, nothing is asked for or complained about."""
    path = tmp_path / "a page.html"
    path.write_text(page.html("Title", ["a note"], results), encoding="utf-8")
    path.with_name("grid.png").unlink()
    browser.get("about:blank")
    browser.get_log("performance")  # the browser's own first page is of no interest
    browser.get(path.as_uri())
    assert browser.title == "Title"
    images = browser.execute_script(
        "return [...document.images].map(i => i.complete && i.naturalWidth > 0 && i.alt)"
    )
    assert len(images) == 4 + 1 + 3 and all(images)  # grids and the data, distances, losses
    text = browser.execute_script("return document.body.innerText")
    for words in (
        "<b>odd & co</b>",
        "all <the same>.",
        "ended with status 2",
        "61.2",
        "Lite <0>",
        "stopped by",
    ):
        assert words in text
    wide = browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0  # tables scroll by themselves, the page does not
    assert browser.get_log("browser") == []
    assert asked_for(browser) == [path.as_uri()]
