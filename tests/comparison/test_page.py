"""The tables hold every number, and the page opens whole in a browser."""

import base64

import numpy as np
import pytest
from PIL import Image

from anime_gan.comparison import page
from anime_gan.config import load_config
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
    last = {"network": "Lite <0>", "count": 250, "step": 4, "trained": 240.0}
    last |= {"whole": view, "coarse": view}
    return {
        "config": load_config(None, ["version=v5", "model.width=0.25"]),
        "precision": "float32",
        "taken": False,
        "state": "finished",
        "seconds": 240.0,
        "step": 1234,
        "seen": 19744,
        "speed": 42.4,
        "memory": 2**30,
        "parameters": [10, 20],
        "gflops": [0.5, 0.25],
        "losses": np.array([[s, 1 / s, s] for s in range(1, 300)]).T,
        "metrics": [*(last | {"step": s, "trained": 60.0 * s} for s in (1, 2, 3)), last],
        "other_metrics": [],
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
    only = result(tmp_path)["metrics"][-1:]
    return {
        "v5": result(tmp_path),
        "<b>odd & co</b>": result(
            tmp_path, findings=[found], metrics=only, other_metrics=[("Other", 500)], step=99
        ),
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
    assert text.count("ended with status 2") == 3  # in each table
    for table in page.tables(results):
        assert {len(row) for row in [*table.rows, *table.last]} == {2, len(table.headings)}


WIDER = """
return [...document.querySelectorAll('main *')].filter(element =>
  !element.closest('.scroll *') && element.getBoundingClientRect().right > innerWidth
).map(element => element.outerHTML)
"""
FIRST_CELL = """
const scroll = document.querySelector('.scroll');
scroll.scrollLeft = 9999;
const [first, , third] = scroll.querySelector('tbody tr').cells;
return [first.getBoundingClientRect().left - scroll.getBoundingClientRect().left,
        scroll.scrollLeft > 0, third.getBoundingClientRect().left < 60];
"""


@pytest.fixture
def path(results, tmp_path):
    """The page, in a folder without the images that it was made of."""
    path = tmp_path / "a page.html"
    path.write_text(page.html("Title", ["a note"], results), encoding="utf-8")
    path.with_name("grid.png").unlink()
    return path


def test_the_page_in_a_browser(browser, path):
    """All images are there, names are text, nothing overflows, is requested or complained about."""
    for width in (1280, 390):
        images = open_page(browser, path, width)
        assert len(images) == 4 + 2 * 3 + 3  # grids and the data, distances, losses
        assert all(image["alt"] for image in images)
        assert browser.execute_script(WIDER) == []
    assert browser.title == "Title"
    text = browser.execute_script("return document.body.innerText")
    for words in (
        "<b>odd & co</b>",
        "All <the same>.",
        "ended with status 2",
        "61.2",
        "Lite <0>",
        "stopped early",
        "of 500 images by Other during training can't be compared",
    ):
        assert words in text


def test_wide_tables_scroll_within_the_page(browser, path):
    """At the width of a phone, the names stay in sight; at that of a desk, no column is cut."""
    open_page(browser, path, 390)
    assert browser.execute_script(FIRST_CELL) == [0, True, True]
    open_page(browser, path, 1280)
    sizes = (
        "return [...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
    )
    assert browser.execute_script(sizes) == [0, 0, 0]


def test_a_click_and_enter_sort_the_page_s_tables(browser, path):
    """The order of the rows changes; real vs real stays the last."""
    open_page(browser, path, 1280)

    def names(table):
        rows = browser.find_elements("css selector", f"[id^=table-{table}-] th")
        return [row.text for row in rows]

    before = names(2)
    assert before == ["v5", "<b>odd & co</b>", "v1", "wgan"]
    browser.find_element("xpath", "(//table)[2]//button[text()='steps']").click()
    assert names(2) == ["<b>odd & co</b>", "v5", "v1", "wgan"] and names(1) == before
    heading = browser.find_element("xpath", "(//table)[1]//button[text()='name']")
    browser.execute_script("arguments[0].focus()", heading)
    browser.switch_to.active_element.send_keys("\ue007")
    assert names(1) == ["<b>odd & co</b>", "v1", "v5", "wgan"]
    assert browser.find_elements("css selector", "tr th")[-1].text != "real vs real"
    (last,) = browser.find_elements("css selector", "tfoot th")
    assert last.text == "real vs real"
    assert browser.get_log("browser") == []


def test_a_grid_links_to_its_row_and_back(browser, path):
    """The row's place is that of the entrant, also below one that failed."""
    open_page(browser, path, 1280)
    for name in ("v5", "<b>odd & co</b>", "v1"):
        (grid,) = browser.find_elements("xpath", f"//figcaption/a[text()='{name}']")
        row = browser.find_element("id", grid.get_attribute("href").partition("#")[2])
        link = row.find_element("css selector", "th a")
        assert link.text == name
        card = browser.find_element("id", link.get_attribute("href").partition("#")[2])
        assert card.find_element("tag name", "figcaption").text == name
    assert browser.find_elements("xpath", "//th/a[text()='wgan']") == []


def test_every_measured_entrant_has_a_curve(results):
    """Also one with a single measurement; each is marked in a chart of its own."""
    found = {name: result for name, result in results.items() if isinstance(result, dict)}
    for name, rows in (("v5", 4), ("<b>odd & co</b>", 1)):
        label, texts, uris = page._curves(found, name)
        assert label == name and len(set(uris)) == len(uris) == 2
        assert all(f"{rows} measurement" in text and "the last 61.2" in text for text in texts)
        for uri in uris:
            svg = base64.b64decode(uri.partition(",")[2]).decode()
            assert svg.count("#1d4f91") >= 2, "the line or its number is not marked"
            assert svg.count("#aeb6c2") >= 2, "the others are not there"
            assert "61.2" in svg


def test_sixteen_entrants_are_a_page_of_a_size_to_send(results, tmp_path):
    """Each chart repeats the lines of all."""
    many = {f"v{n}": result(tmp_path, metrics=result(tmp_path)["metrics"] * 50) for n in range(16)}
    assert len(page.html("Title", [], many)) < 4e6


def test_a_run_without_losses_or_images_has_a_page(tmp_path):
    """A run that was stopped before its first row of losses, and whose grids were deleted."""
    found = result(tmp_path, losses=np.empty((3, 0)))
    (tmp_path / "grid.png").unlink()
    text = page.html("Title", [], {"v5": found})
    assert "<svg" not in text and "#images-" not in text
