"""compare.py from end to end: two that train, a stop between, and mistakes."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT

FEW = ["--count", "20", "--network", "lite0"]  # images and networks


def test_interrupted_it_resumes_and_ends_with_page_and_table(script, call, faces):
    """Stopped within the second entrant, the first is not trained or measured again."""
    (script.folder / "own.yaml").write_text("version: v3")
    arguments = ["v1", "own.yaml", "--steps", "300", *FEW, "--name", "two"]
    command = [sys.executable, str(ROOT / "compare.py"), *arguments, *script.tiny]
    process = subprocess.Popen(
        command, cwd=script.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = script.folder / "gan_images/two-own/losses.jsonl"
    while process.poll() is None and not log.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # to it alone, as an editor's stop button does
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert len(log.read_text().splitlines()) < 300, "the run in training was not asked to stop"
    first = script.folder / "gan_images/two-v1"
    before = {p: p.stat().st_mtime_ns for p in (first / "gan_300.png", first / "comparison.json")}
    page = script.folder / "gan_images/two/index.html"
    assert "not yet trained" in page.read_text()

    status, errors = call("compare.py", *arguments, *script.tiny)
    assert status == 0, errors
    assert before == {path: path.stat().st_mtime_ns for path in before}
    text = (script.folder / "gan_images/two/table.md").read_text()
    for name in ("v1", "own"):
        assert f"| {name} | 300 |" in text
    assert "not yet trained" not in page.read_text()
    assert str(faces) not in page.read_text(), "the page, which goes to others, names a folder"
    assert json.loads((first / "comparison.json").read_text())["of"]["step"] == 300


def test_a_run_is_measured_as_it_is(script, call):
    """Its weights alone, without a budget, and while it is trained; other images are refused."""
    own = ["v1", "run=mine", "training.steps=2", *script.tiny]
    status, errors = call("train_gan.py", *own)
    assert status == 0, errors
    weights = script.folder / "weights"
    config = weights / "mine/config.yaml"
    faces = script.tiny[0]
    text = config.read_text()
    config.write_text(text.replace(faces.partition("=")[2], "/nowhere/faces.zip"))
    assert "/nowhere/" in config.read_text()
    before = {path: path.stat().st_mtime_ns for path in weights.rglob("*")}
    status, errors = call("compare.py", "mine", *FEW)
    assert status == 2 and "/nowhere does not exist" in errors
    assert "name them with data.images=PATH." in errors

    shutil.rmtree(script.folder / "gan_images/mine")
    status, errors = call("compare.py", "mine", *FEW, faces)
    assert status == 0, errors
    assert before == {path: path.stat().st_mtime_ns for path in weights.rglob("*")}
    page = script.folder / "gan_images/comparison/index.html"
    said = "Measured as it is, not trained for this: mine, "
    about = r"finished after 2 steps and \d\.\d minutes of a budget of 2 steps\."
    assert re.search(said + about, page.read_text())
    assert "| mine | 2 |" in page.with_name("table.md").read_text()

    status, errors = call("compare.py", "mine", *FEW, faces, "--name", "mine")
    assert status == 2 and "--name is mine, but that is a run" in errors

    lock = (weights / "mine/.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # as if another process trained it
    status, errors = call("compare.py", "mine", *FEW, faces)
    assert status == 0, errors
    assert f"{said}still being trained after 2 steps" in page.read_text()
    lock.close()

    other = script.folder / "other"
    shutil.copytree(faces.partition("=")[2], other)
    next(other.glob("*.png")).unlink()
    status, errors = call("compare.py", "mine", *FEW, f"data.images={other}")
    assert status == 2 and "mine was trained on other images than are now in" in errors


@pytest.mark.slow
def test_entrants_may_take_labels(script, call, faces):
    """Their values come from the images, and a table that was named is not needed any more."""
    table = script.folder / "table.csv"
    rows = [f"{path.name},{('blue', 'red')[i % 2]}" for i, path in enumerate(faces.glob("*.png"))]
    table.write_text("\n".join(["file,hair", *rows]))
    labels = ["model.labels=[hair]", f"data.labels={table}"]
    given = ["v1", "--steps", "2", *FEW, "--name", "words", *script.tiny, *labels]
    status, errors = call("compare.py", *given)
    assert status == 0, errors
    table.unlink()
    status, errors = call("compare.py", "words-v1", *FEW, "--name", "later")
    assert status == 0, errors
    assert call("evaluate.py", "words-v1", "--count", "20", "--network", "lite0")[0] == 2
    real = ["--real", faces, "--count", "20", "--network", "lite0", "--no-copies"]
    assert call("evaluate.py", "words-v1", *real) == (0, "")


def test_a_failed_entrant_is_named_at_the_end(script, call):
    """The others are trained and shown; the status says that not all is there."""
    weights = script.folder / "weights/comparison-v1"
    weights.mkdir(parents=True)
    lock = (weights / ".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # as if another process trained it
    arguments = ["v1", "v2", "--steps", "2", "--count", "20", *script.tiny]
    status, errors = call("compare.py", *arguments)
    assert status == 2 and "v1 did not reach the end" in errors, errors
    text = (script.folder / "gan_images/comparison/table.md").read_text()
    assert "| v2 | 2 |" in text and "status 2" in text
    assert "oneDNN" not in errors, "the processes it starts print TensorFlow's notes"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["v1", "--steps", "0"], "from 1 to"),
        (["v1", "--minutes", "0"], "above 0"),
        (["v1", "--steps", "010"], "'010' is not"),
        (["v1", "--steps", "1.5e0"], "'1.5e0' is not"),
        (["v1", "--kimg", "inf"], "above 0"),
        (["v1", "--kimg", "nan"], "above 0"),
        (["a=b", "--steps", "1"], "nothing to compare"),
        (["v1", "--steps", "1", "--count", "3"], "--count: '3' is not"),
        (["v1", "--steps", "1", "--name", "a/b"], "--name is 'a/b'"),
        (["v1", "v9", "--steps", "1"], "'v9' is not a version"),
        (["v1"], "v1 is to be trained, but for how long? Give --minutes, --steps or --kimg."),
        (["v1", "--steps", "1", "training.steps=5"], "training.steps can't be set here"),
        (["v1", "--steps", "1", "version=v2"], "each entry names its own"),
        (["v1", "--steps", "1", "run=mine"], "--name gives the runs their names"),
        (["v1", "--steps", "1", "data.images=nowhere"], "nowhere"),
        (["v1", "--steps", "1", "training.batch_size=100"], "only 24 images"),
    ],
)
def test_mistakes(call, script, arguments, words):
    """One sentence and status 2, before anything is trained."""
    status, errors = call("compare.py", *script.tiny, *arguments)
    assert status == 2 and errors.count("error:") >= 1 and words in errors


def test_mistakes_need_no_keras(tmp_path):
    """A wrong version, key, file or path is named before the import, which takes seconds."""
    code = (
        "import sys, compare\n"
        "for line in ('v99', 'nowhere.yaml', 'v5 trainig.steps=2', 'v5 data.images=nowhere'):\n"
        "    sys.argv[1:] = [*line.split(), '--minutes', '1']\n"
        "    try: compare.main()\n"
        "    except SystemExit as end: assert end.code == 2\n"
        "    else: raise AssertionError(line)\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error: ") == 4
