"""Pages escape what they are given, and hold all that they show."""

import pytest
from jinja2 import UndefinedError
from PIL import Image

from anime_gan.web import page
from anime_gan.web.page import chart, encode
from tests.web.opening import open_page

HOSTILE = "<img src=x onerror=alert(1)> & \"quotes\" 'too' {{ 7 * 7 }}"
TEMPLATE = """{% extends "base.html" %}
{% import "parts.html" as parts %}
{% block content %}
<p class="own">{{ words }}</p>
{{ parts.table([words, "n", "words"], [[words, "1", "long"], ["short", words]], ["words"]) }}
<div class="cards">{{ parts.figure(uri, words, words, "pixels", [words]) }}</div>
<div class="scroll"><div style="width: 3000px">wide</div></div>
{% endblock %}
{% block script %}{{ script | safe }}{% endblock %}
"""


@pytest.fixture
def template(tmp_path):
    """A template that uses every part, in a folder of its own."""
    path = tmp_path / "own.html"
    path.write_text(TEMPLATE)
    return path


def rendered(template, uri=None, script=""):
    """The template with hostile text everywhere."""
    uri = uri or encode(Image.new("RGB", (2, 2), "red"), "png")
    return page.render(template, title=HOSTILE, words=HOSTILE, uri=uri, script=script)


def test_text_is_shown_as_it_is(browser, template):
    """Markup, quotes and braces in any text are text, in elements and in attributes."""
    path = template.with_name("page.html")
    path.write_text(rendered(template))
    for width in (1280, 390):
        (image,) = open_page(browser, path, width)  # and none from HOSTILE
        assert image["alt"] == browser.title == HOSTILE
    shown = browser.execute_script(
        "return [...document.querySelectorAll('h1, .own, th, td[colspan], figcaption, .warning')]"
        ".map(e => e.textContent).filter(text => text.length > 9)"
    )
    assert shown == [HOSTILE] * 7


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg", "svg"])
def test_every_kind_of_image_is_within_the_page(browser, template, kind):
    """A browser draws it from the page alone."""
    image = Image.new("RGB", (20, 10), "red")
    uri = chart(lambda axes: axes.plot([1, 2])) if kind == "svg" else encode(image, kind)
    path = template.with_name("page.html")
    path.write_text(rendered(template, uri))
    assert len(open_page(browser, path, 390)) == 1


def test_the_page_forbids_requests(browser, template):
    """A script that fetches something is stopped by the page's own policy."""
    path = template.with_name("page.html")
    path.write_text(rendered(template, script="fetch('http://127.0.0.1:9/').catch(() => {})"))
    with pytest.raises(AssertionError):
        open_page(browser, path, 1280)
    assert "<link" in path.read_text() and 'href="data:,"' in path.read_text()


def test_the_same_values_give_the_same_bytes(template):
    """Charts too, so that a report that is made again is the same file."""
    pages = [rendered(template, chart(lambda axes: axes.plot([1, 2], label="a"))) for _ in "ab"]
    assert pages[0] == pages[1]


def test_a_missing_value_is_an_error(template):
    """Not an empty place in the page."""
    with pytest.raises(UndefinedError, match="uri"):
        page.render(template, title="t", words="w", script="")
