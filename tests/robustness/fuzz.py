"""Damages everything that a run reads, thousands of times, and counts what becomes of it.

    python -m tests.robustness.fuzz                       at full length: about half an hour on two cores
    python -m tests.robustness.fuzz --only weights --share 0.1 --seed 3
    python -m tests.robustness.fuzz --only configs --case 4711

Each case is a file or a command line changed at random, from the seed, the kind and the number
alone, and read as a run reads it, in a process of its own that is ended when it takes too long.
What may become of it: it is read right, as what was written; it is read as another that is valid;
it is refused in one short sentence; it is passed over for what there is besides, and said so. All
else is a finding: a traceback, a hang, a crash, too much memory, a sentence that is none, or a
wrong value in silence. The exit status is 1 if there is one.
"""

import argparse
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

# How many cases, and the function of fuzz_texts or fuzz_files that makes them.
KINDS = {
    "configs": (10_000, "configs"),
    "checkpoints": (1_000, "checkpoints"),
    "pictures": (1_000, "pictures"),
    "raw pictures": (1_000, "raw_pictures"),
    "zips": (1_000, "zips"),
    "caches": (1_000, "caches"),
    "records": (1_000, "records"),
    "weights": (500, "weights"),
    "run configs": (300, "run_configs"),
}
OUTCOMES = ("right", "another", "refused", "passed over", "FINDING")
SECONDS = 60  # a case; the longest sound one takes one or two
MEMORY = 3 * 2**30  # over what a process has when it begins
LONGEST = 300  # letters of a sentence

_cases: dict = {}


def begin(kind: str) -> None:
    """Make what is to be damaged, in this process; Keras's start is no part of a case's time."""
    from tests.robustness import fuzz_files, fuzz_texts

    maker = KINDS[kind][1]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    os.chdir(folder)
    with _silence():
        of = fuzz_texts if hasattr(fuzz_texts, maker) else fuzz_files
        _cases[kind] = getattr(of, maker)(folder)
    _limit_memory()


def outcome(kind: str, number: int, seed: int) -> tuple[str, str]:
    """Return what became of a case, one of OUTCOMES, and of a finding what it is."""
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
    """Within it, nothing comes to the terminal."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _limit_memory() -> None:
    """Let this process have no more than MEMORY over what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def run(kind: str, numbers: range, seed: int) -> tuple[Counter, list[tuple[int, str]]]:
    """Run cases of a kind; return how often each outcome came, and the findings by number."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        # A process that died leaves its files; so they lie in here, as do those of libraries.
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
                found, what = future.result()
            except TimeoutError:
                found, what = "FINDING", f"it took over {SECONDS} seconds"
            except ProcessExpired as error:
                found, what = "FINDING", f"the process died ({error})"
            counts[found] += 1
            if found == "FINDING":
                findings.append((number, what))
    return counts, findings


def main() -> int:
    """Run all kinds, or one, and print the table and the findings."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
        all_findings += [(kind, number, what) for number, what in findings]
    for kind, number, what in all_findings:
        print(f"\n{kind} {number}: {what}")
    return bool(all_findings)


if __name__ == "__main__":
    raise SystemExit(main())
