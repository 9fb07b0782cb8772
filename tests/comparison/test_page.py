"""The tables hold every number, and the page opens whole in a browser."""

import numpy as np
import pytest
from PIL import Image

from anime_gan.comparison import page
from anime_gan.runs.health import Finding
from tests.web.opening import open_page


def result(folder, **values):
    """A result with images, as comparison/results.py collects it."""
    grid = folder / "grid.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (344, 344, 3), "uint8")).save(grid)
    view = {"frechet": 61.25, "kernel": 0.5, "kernel_error": 0.01}
    view |= dict.fromkeys(("precision", "recall", "density", "coverage"), 0.25)
    view["real_vs_real"] = dict(view, frechet=4.4)
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
        "findings": [],
        "ended": None,
        "grid": grid,
        "real_grid": grid,
        "comparisons": [comparison],
        "copies_in_pixels": {"copied": False},
        "copies_in_features": {"copied": False},
        **values,
    }


@pytest.fixture
def results(tmp_path):
    """One sound, one with a finding and a name to be escaped, one that ended early, one failed."""
    found = Finding("generator collapsed", 500, 600, "all <the same>.", "", None, None)
    return {
        "v5": result(tmp_path),
        "<b>odd & co</b>": result(tmp_path, findings=[found], metrics=[]),
        "v1": result(tmp_path, ended="stopped early"),
        "wgan": "ended with status 2",
    }


def test_the_tables_have_every_number_with_its_network_and_real_vs_real(results):
    """Markdown: a row for each, also for the one that failed."""
    text = page.markdown("Title", ["a note"], results)
    for words in (
        "1,234",
        "61.2",
        "0.500 ± 0.010",
        "Lite <0>",
        "| real vs real | 4.4 |",
        "generator collapsed from step 500 to the end |",
        "| stopped early |",
    ):
        assert words in text
    assert text.count("ended with status 2") == 2  # in the costs, and in the distances
    assert len({line.count("|") for line in text.splitlines() if line.startswith("| v5")}) == 2


def test_the_page_in_a_browser(browser, results, tmp_path):
    """All images are there, names are text, nothing overflows, is requested or complained about."""
    path = tmp_path / "a page.html"
    path.write_text(page.html("Title", ["a note"], results), encoding="utf-8")
    path.with_name("grid.png").unlink()
    for width in (1280, 390):
        images = open_page(browser, path, width)
        assert len(images) == 4 + 2 + 3  # grids and the data, distances, losses
        assert all(image["alt"] for image in images)
    assert browser.title == "Title"
    text = browser.execute_script("return document.body.innerText")
    for words in (
        "<b>odd & co</b>",
        "All <the same>.",
        "ended with status 2",
        "61.2",
        "Lite <0>",
        "stopped early",
    ):
        assert words in text


def test_a_run_without_losses_or_images_has_a_page(tmp_path):
    """A run that was stopped before its first row of losses, and whose grids were deleted."""
    found = result(tmp_path, losses=np.empty((3, 0)), metrics=[])
    (tmp_path / "grid.png").unlink()
    assert "<svg" not in page.html("Title", [], {"v5": found})
