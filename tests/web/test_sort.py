"""Tables are sorted by their headings, with the mouse and the keyboard."""

import pytest

from anime_gan.web import page
from tests.web.opening import open_page

TEMPLATE = """{% extends "base.html" %}
{% import "parts.html" as parts %}
{% block content %}
{{ parts.table(headings, rows, (), ["word"], last, "row", {"v2": "#x"}, true) }}
{{ parts.table(headings, rows) }}
{% endblock %}
{% block script %}{% if scripted %}{% include "sort.js" %}{% endif %}{% endblock %}
"""
HEADINGS = ["name", "n", "error", "share", "rate", "word"]
ROWS = [
    ["v10", "1,234", "0.5 ± 0.01", "9%", "2e-4 → 5e-5", "beta"],
    ["v2", "99", "-0.5 ± 0.2", "61%", "1e-3", "Alpha"],
    ["failed", "ended with status 2"],
    ["v1", "1,000,000", "\u22120.7 ± 1.5", "100%", "5e-4", "–"],
    ["last", "nan", ".25", "7.5%", "auto", "gamma"],
]
LAST = [["real vs real", "0", "0", "0%", "0", "a"]]
NAMES = """
return [...arguments[0].querySelectorAll('tbody th, tfoot th')].map(cell => cell.textContent)
"""


@pytest.fixture
def opened(browser, tmp_path):
    """The page in a browser, without its script too."""

    def write(scripted=True):
        (tmp_path / "own.html").write_text(TEMPLATE)
        path = tmp_path / "page.html"
        values = {"title": "t", "headings": HEADINGS, "rows": ROWS, "last": LAST}
        path.write_text(page.render(tmp_path / "own.html", scripted=scripted, **values))
        open_page(browser, path, 1280)
        return browser

    return write


def names(browser, number=0):
    """The names of the rows of a table, from above, without the one that stays last."""
    (table,) = browser.find_elements("css selector", "table")[number : number + 1]
    *found, last = browser.execute_script(NAMES, table)
    assert number or last == "real vs real"
    return found


@pytest.mark.parametrize(
    ("heading", "ascending"),
    [
        ("name", ["failed", "last", "v1", "v2", "v10"]),
        ("n", ["v2", "v10", "v1", "failed", "last"]),
        ("error", ["v1", "v2", "last", "v10", "failed"]),
        ("share", ["last", "v10", "v2", "v1", "failed"]),
        ("rate", ["v10", "v1", "v2", "last", "failed"]),
        ("word", ["v2", "v10", "last", "failed", "v1"]),
    ],
)
def test_a_click_sorts_and_another_reverses(opened, heading, ascending):
    """Thousands, ± and %, by value; rows without a value, and "real vs real", stay at the end."""
    browser = opened()
    button = browser.find_element("xpath", f"//table[1]//button[text()='{heading}']")
    cell = button.find_element("xpath", "..")
    missing = {"n": 2, "word": 2, "name": 0}.get(heading, 1)
    cut = len(ascending) - missing
    assert cell.get_attribute("aria-sort") is None
    button.click()
    assert names(browser) == ascending and cell.get_attribute("aria-sort") == "ascending"
    button.click()
    assert names(browser)[:cut] == ascending[:cut][::-1]
    assert set(names(browser)[cut:]) == set(ascending[cut:])
    assert cell.get_attribute("aria-sort") == "descending"
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("key", ["\ue007", " "])
def test_the_keyboard_sorts(opened, key):
    """Enter or space on a heading that Tab reaches; only one heading is marked as sorted."""
    browser = opened()
    buttons = browser.find_elements("css selector", "thead button")
    for button in (buttons[1], buttons[3]):
        browser.execute_script("arguments[0].focus()", button)
        browser.switch_to.active_element.send_keys(key)
    assert names(browser) == ["last", "v10", "v2", "v1", "failed"]
    marked = browser.find_elements("css selector", "[aria-sort]")
    assert [cell.text.split()[0] for cell in marked] == ["share"]


def test_without_its_script_the_table_is_as_given(opened):
    """No button that does nothing; other tables never have any."""
    browser = opened(scripted=False)
    assert names(browser) == [row[0] for row in ROWS]
    assert browser.find_elements("css selector", "button") == []
    browser = opened()
    assert len(browser.find_elements("css selector", "button")) == len(HEADINGS)
    assert names(browser, 1) == [row[0] for row in ROWS][:-1]


def test_rows_keep_their_names_and_links(opened):
    """The id of a row moves with it."""
    browser = opened()
    browser.find_element("xpath", "//button[text()='n']").click()
    row = browser.find_element("id", "row-2")
    assert row.find_element("tag name", "a").get_attribute("href").endswith("#x")
    assert row.find_element("tag name", "th").text == "v2"
