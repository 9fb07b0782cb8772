"""The classifier distinguishes faces from parts of faces, and needs no Keras."""

import subprocess
import sys

import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.preparation.face_classifier import open_classifier


def test_faces_score_above_zero_and_parts_of_faces_below():
    """On demo faces, which were not in the training set."""
    faces = [Image.fromarray(face) for face in demo.draw_faces(20, 96)]
    classifier = open_classifier()
    scores = classifier(faces)
    assert scores.shape == (20,) and (scores > 0).mean() >= 0.8
    assert (classifier([face.crop((0, 0, 36, 36)) for face in faces]) < 0).mean() >= 0.8
    assert (classifier([face.rotate(90) for face in faces]) < scores).mean() >= 0.8


def test_scores_do_not_depend_on_the_other_crops():
    """Crops are passed to the network in batches, whose number is not the caller's concern."""
    faces = [Image.fromarray(face) for face in demo.draw_faces(20, 96)]
    classifier = open_classifier()
    assert classifier(faces * 4)[70:] == pytest.approx(classifier(faces[10:]), abs=1e-4)
    assert classifier([]).shape == (0,)


def test_a_worker_process_imports_no_keras():
    """Each one would take seconds and hundreds of megabytes more."""
    code = "import sys, anime_gan.preparation.extract; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"keras", "tensorflow", "jax", "matplotlib"} & set(done.stdout.split())
