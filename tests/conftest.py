"""What the tests share: tiny networks and a way to run the scripts as a user does."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Property tests draw the same examples in each run, so that a failure is not a matter of chance;
# `make fresh` draws new ones, and more of them.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("fresh", max_examples=1_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Compiling is most of the tests' time on JAX, and many tests compile the same step.
_compiled = tempfile.TemporaryDirectory(prefix="jax-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", _compiled.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
# And few of them run it long enough for fast code to be worth its compilation.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

# Of a command put into the background the shell lets Ctrl-C be ignored, and so would the scripts.
signal.signal(signal.SIGINT, signal.default_int_handler)

from anime_gan import backend

backend.start()

from anime_gan.data import demo

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of 24 drawn faces."""
    return demo.ensure_faces(tmp_path_factory.mktemp("faces") / "drawn", count=24, seed=0, size=64)


@pytest.fixture
def script(tmp_path, faces):
    """A function that runs a script, or a module by its name, in a folder with a space in its name.

    It returns the finished process, whose output is text and whose folder is `script.folder`.
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
        "metrics.share=0",  # a second a start; tests/evaluation/test_schedule.py has it
    ]
    return run


@pytest.fixture
def call(script, monkeypatch, capfd):
    """The same within this process: returns (exit status, standard error).

    It spares the seconds that a start of Keras takes; each script has a test with a real start too.
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


@pytest.fixture
def browser(tmp_path):
    """Headless Chromium with its logs; without one on the machine the test says so."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no Chromium and chromedriver; on Debian: apt install chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = selenium.Chrome(options, selenium.ChromeService(driver))
    yield opened
    opened.quit()
