"""Damages everything that a run reads, thousands of times, and counts the outcomes.

    python -m tests.robustness.fuzz                   all: 15 to 30 minutes on two cores
    python -m tests.robustness.fuzz --only weights --share 0.1 --seed 3
    python -m tests.robustness.fuzz --only configs --case 4711

Each case is a file or a command line that is changed at random, by the seed, the kind and the
number alone, and read as a run reads it, in a worker process with a time limit. The outcomes that
are allowed: it is read right, as what was written; it is read as another valid value; it is refused
in one short sentence; it is skipped with a message. All else is a finding: a traceback, a hang, a
crash, too much memory, a message that is no sentence, or a wrong value in silence. The exit status
is 1 if there is one.
"""

import multiprocessing
import os
import resource
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import TimeoutError
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

from pebble import ProcessExpired, ProcessPool

from anime_gan import backend

backend.start()

from anime_gan.errors import UserError
from benchmarks import new_parser

# The number of cases, and the function of fuzz_texts or fuzz_files that makes them.
KINDS = {
    "configs": (10_000, "configs"),
    "checkpoints": (1_000, "checkpoints"),
    "images": (1_000, "images"),
    "raw images": (1_000, "raw_images"),
    "zips": (1_000, "zips"),
    "caches": (1_000, "caches"),
    "records": (1_000, "records"),
    "weights": (500, "weights"),
    "run configs": (300, "run_configs"),
}
OUTCOMES = ("right", "another", "refused", "skipped", "FINDING")
SECONDS = 60  # for a case; none needs more than one or two
MEMORY = 3 * 2**30  # bytes more than a worker has when it starts
LONGEST = 300  # characters of a sentence

_cases: dict = {}


def begin(kind: str) -> None:
    """Make the files to damage, in this process; importing Keras is no part of a case's time."""
    from tests.robustness import fuzz_files, fuzz_texts

    maker = KINDS[kind][1]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    os.chdir(folder)
    with _silence():
        of = fuzz_texts if hasattr(fuzz_texts, maker) else fuzz_files
        _cases[kind] = getattr(of, maker)(folder)
    _limit_memory()


def outcome(kind: str, number: int, seed: int) -> tuple[str, str]:
    """Return the outcome of a case, one of OUTCOMES, and for a finding its description."""
    from tests.robustness.fuzz_texts import Wrong

    try:
        with _silence():
            return _cases[kind](Random(f"{seed} {kind} {number}")), ""
    except UserError as error:
        text = str(error)
        whole = text.isprintable() and text.endswith(".") and len(text) <= LONGEST
        return ("refused", "") if whole else ("FINDING", f"no short sentence: {text!r:.400}")
    except Wrong as error:
        return "FINDING", f"wrong in silence: {error}"
    except Exception:
        return "FINDING", "".join(traceback.format_exc().splitlines(True)[-9:])


@contextmanager
def _silence():
    """Within it, nothing is printed."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _limit_memory() -> None:
    """Limit this process to MEMORY more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def run(kind: str, numbers: range, seed: int) -> tuple[Counter, list[tuple[int, str]]]:
    """Run cases of a kind; return how often each outcome occurred, and the findings by number."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        # A worker that dies leaves its files, and those of libraries, in here.
        os.environ["TMPDIR"] = folder
        pool = ProcessPool(1, initializer=begin, initargs=(kind,), context=context)
        return _counted(pool, kind, numbers, seed)


def _counted(pool, kind: str, numbers: range, seed: int) -> tuple[Counter, list[tuple[int, str]]]:
    """The same, in the processes of a pool, which is closed at the end."""
    counts, findings = Counter(), []
    with pool:
        futures = [
            pool.schedule(outcome, args=(kind, number, seed), timeout=SECONDS) for number in numbers
        ]
        for number, future in zip(numbers, futures, strict=True):
            try:
                found, finding = future.result()
            except TimeoutError:
                found, finding = "FINDING", f"it took over {SECONDS} seconds"
            except ProcessExpired as error:
                found, finding = "FINDING", f"the process died ({error})"
            counts[found] += 1
            if found == "FINDING":
                findings.append((number, finding))
    return counts, findings


def main() -> int:
    """Run all kinds, or one, and print the table and the findings."""
    parser = new_parser(__doc__)
    parser.add_argument("--only", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--share", type=float, default=1.0, help="of the full length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, metavar="N", help="this one of a kind alone")
    options = parser.parse_args()
    print(f"| kind | cases | {' | '.join(OUTCOMES)} | seconds |\n|{'---|' * 8}", flush=True)
    all_findings = []
    for kind in [options.only] if options.only else KINDS:
        numbers = range(max(1, round(options.share * KINDS[kind][0])))
        if options.case is not None:
            numbers = range(options.case, options.case + 1)
        started = time.monotonic()
        counts, findings = run(kind, numbers, options.seed)
        row = " | ".join(str(counts[name]) for name in OUTCOMES)
        print(f"| {kind} | {len(numbers)} | {row} | {time.monotonic() - started:.0f} |", flush=True)
        all_findings += [(kind, number, finding) for number, finding in findings]
    for kind, number, finding in all_findings:
        print(f"\n{kind} {number}: {finding}")
    return bool(all_findings)


if __name__ == "__main__":
    raise SystemExit(main())
