"""The report counts what there is, and warns of what a GAN would suffer from."""

import re

import numpy as np
import pytest
from PIL import Image

from anime_gan.data.labels import Labels
from anime_gan.preparation import report
from anime_gan.preparation.decisions import BY_HAND, NEAR, SMALL, Decision
from anime_gan.preparation.extract import faceless_file
from anime_gan.preparation.settings import FACELESS, NO_FACE
from tests.web.opening import open_page

GRADED = {"contrast": 0.5, "sharpness": 0.1, "colour": 0.3, "enlarged": 1.0}


def summary(count, reasons=(None,), **values):
    """The summary of faces that differ in brightness; values: of each face, or of all.

    reasons: why faces are dropped, in turn.
    """
    faces = [
        {"source": str(i), "box": [0, 0, 64], "brightness": i / count, **GRADED}
        | {key: value[i] if isinstance(value, list) else value for key, value in values.items()}
        for i in range(count)
    ]
    decisions = [Decision(reasons[i % len(reasons)]) for i in range(count)]
    pixels = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), "uint8")
    return report.summary(faces, decisions, [("a.txt", "not an image")], pixels, {})


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (lambda: summary(0), "No face was found"),
        (lambda: summary(5, [SMALL]), "No face is left"),
        (lambda: summary(20), "Few faces (20)"),
        (lambda: summary(20, [NEAR, None]), "50% of the faces were near-"),
        (lambda: summary(20, enlarged=2.0), "100% of the faces were enlarged"),
        (lambda: summary(20, source="one.png"), "20 faces are from one image, one.png"),
        (lambda: summary(20, brightness=0.5), "equally bright"),
        (lambda: summary(20, colour=[0.0] * 10 + [0.3] * 10), "50% of the faces have hardly any"),
    ],
)
def test_warnings(found, warning):
    """Each sign has its sentence, which names no option of a command."""
    warnings = found()["warnings"]
    assert any(warning in text for text in warnings)
    assert not any("--" in text for text in warnings)


def test_faces_without_a_fault_have_no_warning():
    """6,000 different faces."""
    found = summary(6_000)
    assert found["warnings"] == []
    assert found["faces"]["kept"] == 6_000 and found["files"]["looked at"] == 6_001
    assert found["distributions"]["side"]["50%"] == 64
    assert sum(color["share"] for color in found["colours"]) == pytest.approx(1, abs=0.01)


def test_a_page_without_faces(tmp_path):
    """Counts and the warning, and nothing to draw."""
    without = [("a.txt", "not an image")]
    page = report.page(summary(0), [], [], without, tmp_path / "faces", "Faces from nowhere")
    assert "No face was found" in page and "– left out: not an image" in page
    assert "Files left out: 1" in page and "a.txt" in page and "without a face: " not in page


def test_images_without_a_face_are_shown(tmp_path):
    """What the search missed can be seen, and files that are no images are apart from it."""
    names = [f"{number}.jpg" for number in range(report.SHOWN + 1)]
    (tmp_path / FACELESS).mkdir()
    for name in names[1:]:
        Image.new("RGB", (40, 20), "red").save(faceless_file(tmp_path / "faces", name))
    without = [("README.md", "Markdown file"), *((name, NO_FACE) for name in names)]
    found = report.summary([], [], without, np.zeros((0, 8, 8, 3), "uint8"), {})
    page = report.page(found, [], [], without, tmp_path / "faces", "Faces")
    assert f"Images without a face: {len(names)}" in page and "Files left out: 1" in page
    assert 'alt="5.jpg"' in page and 'alt="0.jpg"' not in page  # of an earlier version
    assert page.count("data:image/jpeg") == report.SHOWN and "left out: Markdown file" in page


def test_a_click_leads_to_the_list_that_changes_the_decision(tmp_path):
    """A kept face goes to drop.txt and a dropped one to keep.txt; one by hand leaves its list."""
    faces, decisions = [], []
    for number, (reason, forced) in enumerate(
        [(None, False), (SMALL, False), (BY_HAND, False), (SMALL, True)]
    ):
        name = f"face-{number}-0.png"
        Image.new("RGB", (8, 8)).save(tmp_path / name)
        face = {"name": name, "source": name, "box": [0, 0, 64], "brightness": 0.5, **GRADED}
        faces.append(face)
        decisions.append(Decision(reason, None, forced))
    found = report.summary(faces, decisions, [], np.zeros((4, 8, 8, 3), "uint8"), {})
    page = report.page(found, faces, decisions, [], tmp_path, "Faces")
    lists = dict(re.findall(r'data-name="face-(\d)-0.png" data-list="(\w+)"', page))
    assert lists == {"0": "drop", "1": "keep", "2": "remove", "3": "remove"}


CUT_OFF = """
for (const hidden of document.querySelectorAll("details")) hidden.open = true;
for (const face of [...document.querySelectorAll("[data-list=keep], [data-list=drop]")].slice(-3))
  face.click();
const cut = element => {
  const box = element.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1) && !element.closest(".scroll");
};
return [...document.querySelectorAll("main, main *")].filter(cut).map(e => e.outerHTML);
"""


def test_nothing_is_cut_off(browser, tmp_path):
    """On a desktop and a phone, with all sections, everything unfolded, lists, and long names."""
    folder, faces, decisions = tmp_path / "faces", [], []
    folder.mkdir()
    (tmp_path / FACELESS).mkdir()
    for number in range(report.SHOWN + 4):
        name = f"{'long' * 9}-{number:010}-0.png"
        Image.new("RGB", (64, 64), (number, 90, 90)).save(folder / name)
        face = {"name": name, "source": f"{'folder/' * 20}{name}", "box": [0, 0, 64], **GRADED}
        faces.append(face | {"brightness": number / 200})
        near = number % 50 == 9
        decisions.append(Decision(NEAR if near else None, faces[0]["name"] if near else None))
    decisions[5] = Decision(SMALL, None, True)
    without = [(f"{'far/' * 30}{number}.txt", "text file " * 9) for number in range(3)]
    for number in range(report.SHOWN + 4):
        without.append((f"{'wide' * 9}{number}.jpg", NO_FACE))
        Image.new("RGB", (144, 30)).save(faceless_file(folder, without[-1][0]))
    pixels = np.zeros((len(faces), 8, 8, 3), "uint8")
    found = report.summary(faces, decisions, without, pixels, {})
    path = tmp_path / "report.html"
    path.write_text(report.page(found, faces, decisions, without, folder, "Faces " + "of" * 60))
    for width in (1280, 390):
        images = open_page(browser, path, width)
        assert len(images) > 2 * report.SHOWN
        assert browser.execute_script(CUT_OFF) == []
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.find_element("css selector", "[data-to=keep] textarea").is_displayed()
        assert browser.get_log("browser") == []


def test_labels_are_counted_and_rare_ones_are_a_warning(tmp_path):
    """A table in the report, and what a GAN will learn badly."""
    codes = np.array([[1]] * 12 + [[2], [0]], np.int32)
    found = summary(20)
    report.add_labels(found, Labels({"hair": ("blue", "red")}, codes, "labels.csv"))
    assert found["labels"] == {"hair": {"": 1, "blue": 12, "red": 1}}
    assert "Rare labels: hair red (1)" in found["warnings"][-1]
    page = report.page(found, [], [], [], tmp_path, "Faces with labels")
    assert "Labels: hair" in page and "unknown" in page
    report.add_labels(none := summary(20), None)
    assert "labels" not in none
