"""Shared by the tests: demo faces, ways to run the scripts, and a browser."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

# Property tests take the same examples in each run, so that a failure is no matter of chance;
# `make fresh` takes new ones, and more of them.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("fresh", max_examples=1_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Compiling is most of the tests' time on JAX, and many tests compile the same step.
_compiled = tempfile.TemporaryDirectory(prefix="jax-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", _compiled.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
# Few of them run it long enough for optimized code to be worth its compilation.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

# A shell makes its background commands ignore Ctrl-C, and the scripts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

from anime_gan import backend

backend.start()

import keras

from anime_gan.data import demo

ROOT = Path(__file__).parents[1]

# Beside `backends`: on JAX, XLA compiles it for long, and others nearly cover it, so it is slow.
SLOW_ON_JAX = pytest.mark.slow if backend.name() == "jax" else pytest.mark.backends


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Give networks the same first weights in each run of a test."""
    keras.utils.set_random_seed(0)


def size_of(image: Path) -> tuple[int, int]:
    """Return the width and height of an image file."""
    with Image.open(image) as opened:
        return opened.size


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of 24 demo faces."""
    return demo.ensure_faces(tmp_path_factory.mktemp("faces") / "drawn", count=24, seed=0, size=64)


@pytest.fixture
def script(tmp_path, faces):
    """A function that runs a script ("sample.py") or a module ("benchmarks.step") in a process.

    It returns the finished process, with its output as text. The current folder is `script.folder`,
    whose name has a space and an apostrophe.
    """
    folder = tmp_path / "a user's folder"
    folder.mkdir()

    def run(name: str, *arguments, **options) -> subprocess.CompletedProcess:
        environment = os.environ | options.pop("env", {})
        command = [str(ROOT / name)] if name.endswith(".py") else ["-m", name]
        if command[0] == "-m":
            environment["PYTHONPATH"] = str(ROOT)
        return subprocess.run(
            [sys.executable, *command, *map(str, arguments)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            **options,
        )

    run.folder = folder
    run.tiny = [
        f"data.images={faces}",
        "model.width=0.02",
        "model.resolution=32",
        "training.batch_size=4",
        "training.precision=float32",
        "metrics.share=0",  # a second for each start; tests/metrics/ covers it
    ]
    return run


@pytest.fixture
def call(script, monkeypatch, capfd):
    """A function that runs a script in this process and returns (exit status, standard error).

    It saves the seconds that importing Keras takes; each script also has a test with a process.
    """

    def run(name: str, *arguments) -> tuple[int, str]:
        monkeypatch.chdir(script.folder)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        main = importlib.import_module(Path(name).stem).main
        try:
            status = main() or 0
        except SystemExit as ended:
            status = ended.code
        return status, capfd.readouterr().err

    return run


@contextmanager
def chromium(profile: Path):
    """Headless Chromium with its logs; the test is skipped if there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no Chromium and chromedriver; on Debian: apt install chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = selenium.Chrome(options, selenium.ChromeService(driver))
    try:
        yield opened
    finally:
        opened.quit()


@pytest.fixture
def browser(tmp_path):
    """Headless Chromium with its logs; the test is skipped if there is none."""
    with chromium(tmp_path / "profile") as opened:
        yield opened
