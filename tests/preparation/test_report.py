"""The report counts what there is, and warns of what a GAN would suffer from."""

import numpy as np
import pytest

from anime_gan.preparation import report
from anime_gan.preparation.decisions import NEAR, SMALL, Decision

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
    page = report.page(summary(0), [], [], tmp_path, "Faces from nowhere")
    assert "No face was found" in page and "– not an image" in page
