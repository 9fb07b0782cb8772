"""Print how long each script takes to answer --help and wrong arguments, from fresh processes.

    python -m benchmarks.answers [--rounds 3] [--only sample,evaluate]

Times are medians of the wall clock, which other load lengthens. The target is 0.6 s each; rows
that miss it, or whose command did not end with one sentence and status 2 (--help: 0), are marked.
"""

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import new_parser

ROOT = Path(__file__).resolve().parents[1]
TARGET = 0.6  # seconds
CASES = {
    "train_gan": [
        "--help",
        "--steps 20",
        "nobody",
        "version=DCGANN",
        "trainig.steps=20",
        "training.steps=abc",
        "model.resolution=7",
        "--config nowhere.yaml",
        "data.images=nowhere",
        "data.images=empty",
        "run=r --from 7",
    ],
    "sample": [
        "--help",
        "faces --help",
        "--psi x",
        "--grid 999x999",
        "--sed 3",
        "nobody",
        "weights/nobody",
        "weights/r/generator_9.keras",
        "weights/r/generator_1.keras",
        "faces r --count 2 --out face.png",
        "walk r --seeds 1",
        "film r",
        "project none.png",
        "figure portrait",
    ],
    "evaluate": [
        "--help",
        "--count 0",
        "--scale 1",
        "nobody",
        "friend.keras",
        "--network vgg",
        "--network none.onnx --input-size 8 --scale -1,1",
        "--generated nowhere --real empty",
        "r --real nowhere",
    ],
    "compare": [
        "--help",
        "v5",
        "v99 --minutes 1",
        "v5 --minutes -1",
        "nowhere.yaml --minutes 1",
        "v5 --minutes 1 trainig.steps=20",
        "v5 --minutes 1 data.images=nowhere",
    ],
    "models": ["--help", "v99", "v5 model.width=abc", "v5 model.wdth=1", "--diagram x.svg"],
    "data_loader": ["--help", "nowhere", "empty", "empty --resolution abc", "empty --out a.txt"],
    "quiz": [
        "--help",
        "make --help",
        "make r --images nowhere",
        "make nobody --images empty",
        "make r --images empty --kind rapid --count 3",
        "make r --images empty --seeds 1",
        "score nowhere",
        "score empty --key none.json",
    ],
    "prepare_faces": [
        "--help",
        "nowhere out",
        "empty out",
        "empty out --size abc",
        "empty out --format gif",
        "empty out --detector none.xml",
        "friend.keras weights",
    ],
}


def main() -> None:
    """Print a row for each command."""
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="fresh processes each")
    parser.add_argument("--only", default=",".join(CASES), metavar="LIST")
    options = parser.parse_args()
    print(f"| command | s, target {TARGET} | |", "|---|---|---|", sep="\n")
    with tempfile.TemporaryDirectory(prefix="answers-") as folder:
        prepare(Path(folder))
        for script in options.only.split(","):
            for line in CASES[script]:
                runs = [answer(script, line, folder) for _ in range(options.rounds)]
                seconds = statistics.median(seconds for seconds, _ in runs)
                mark = runs[0][1] or ("slow" if seconds > TARGET else "")
                print(f"| {script}.py {line} | {seconds:.2f} | {mark} |", flush=True)


def prepare(folder: Path) -> None:
    """Make a run without a step in its config, weights outside of a run, and an empty folder."""
    (folder / "empty").mkdir()
    run = folder / "weights/r"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("version: v5\nrun: r\ndata: {images: empty}\n")
    for path in (run / "generator_1.keras", folder / "friend.keras"):
        path.touch()


def answer(script: str, line: str, folder: str) -> tuple[float, str]:
    """Run a command; return its seconds, and what is wrong with how it ended."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(ROOT / f"{script}.py"), *shlex.split(line)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if "--help" in line:
        return seconds, "" if done.returncode == 0 else f"status {done.returncode}"
    if done.returncode != 2:
        return seconds, f"status {done.returncode}"
    is_sentence = done.stderr.count("\n") == 1 and done.stderr.startswith("error: ")
    return seconds, "" if is_sentence else f"{done.stderr.count(chr(10))} lines"


if __name__ == "__main__":
    main()
