"""Ask people whether they can tell real faces from generated ones, and score their answers.

    python quiz.py make v4 --images heldout.zip     12 pairs: which face is real?
    python quiz.py make --images demo               the newest run, or the pretrained generator
    python quiz.py make v4 r3gan --kind rating --images heldout.zip
                                                    which of two generators is preferred, and grades
    python quiz.py make v4 --kind rapid --images heldout.zip
                                                    real or generated, seen for 50 to 2,000 ms
    python quiz.py score answers                    a folder, or files, that participants sent

`make` writes quiz.html, one file that works without a server and sends nothing, and its key, which
you keep: `score` needs it. Take real faces that the run was not trained on (held-out ones;
prepare_faces.py --held-out makes such a set). They belong to other people, and whoever has the page
has them: docs/quiz.md says what that means. `python quiz.py COMMAND --help` lists the options.
"""

import argparse
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, number, own_arguments, with_negatives
from anime_gan.console import waiting
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import readable, require_writable, require_writable_folder, whole_file
from anime_gan.generation.output import parse_seeds
from anime_gan.quiz.kinds import COUNTS, DEMO, EXPOSURES, KINDS, MOST, PAIRS, RAPID, RESULTS

KEY = "{}_key.json"
LEAST_EXPOSURE, MOST_EXPOSURE = 17, 10_000  # ms: one frame of most screens


@clean_exit
def main() -> None:
    """Read the command line; make a quiz, or score its answers."""
    arguments = parse(own_arguments())
    print("\n".join(arguments.run(arguments)))


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments of a command."""
    parser = Parser(description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, run, add in (("make", make, add_make), ("score", score, add_score)):
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        add(command.add_argument)
        command.set_defaults(run=run)
    return parser.parse_args(with_negatives(argv, "--psi"))


def add_make(add) -> None:
    """Add the arguments of `make`."""
    runs = "a run, a version, a folder or a weights file (default: the newest run); a rating: two"
    add("runs", nargs="*", metavar="RUN", help=runs)
    real = "folder, glob or zip of real faces, best held-out ones; `demo` for the built-in faces"
    add("--images", required=True, metavar="PATH", help=real)
    kinds = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    add("--kind", choices=KINDS, default=PAIRS, help=f"{kinds} (default {PAIRS})")
    counts = f"pairs (default {COUNTS[PAIRS]}); rapid: faces at each exposure ({COUNTS[RAPID]})"
    add("--count", type=number(2, max(MOST.values()), int), metavar="N", help=counts)
    default = ",".join(map(str, EXPOSURES))
    exposures = f"rapid: milliseconds that a face is there (default {default})"
    add("--exposures", type=parse_exposures, metavar="LIST", help=exposures)
    psi = "truncations, which the generated faces take in turn (default 1: none)"
    add("--psi", type=parse_psis, default=(1.0,), metavar="LIST", help=psi)
    seeds = "seeds of the generated faces, such as 1,5,100-109 (default: random ones)"
    add("--seeds", type=parse_seeds, default=[], metavar="LIST", help=seeds)
    seed = "seed of the choice of faces (default: a new one, which the key names)"
    add("--seed", type=number(0, 2**53, int), metavar="N", help=seed)
    contact = "how participants reach you, such as a name and an address; the page shows it"
    add("--contact", default="", metavar="TEXT", help=contact)
    add("--out", type=Path, metavar="FILE", help="the page (default quiz.html)")


def add_score(add) -> None:
    """Add the arguments of `score`."""
    add("answers", nargs="+", type=Path, metavar="ANSWERS", help="folders or files of answers")
    key = "the quiz's key (default: the one beside the answers, above them, or here)"
    add("--key", type=Path, metavar="FILE", help=key)
    out = f"folder for the numbers and figures (default: {RESULTS} beside the answers)"
    add("--out", type=Path, metavar="FOLDER", help=out)


def parse_psis(text: str) -> tuple[float, ...]:
    """Return "1,0.7" as numbers."""
    return tuple(number(-10, 10)(part) for part in text.split(","))


def parse_exposures(text: str) -> tuple[int, ...]:
    """Return "50,2000" as different milliseconds, ascending."""
    read = number(LEAST_EXPOSURE, MOST_EXPOSURE, int)
    return tuple(sorted({read(part) for part in text.split(",")}))


def make(arguments: argparse.Namespace) -> list[str]:
    """Write the page of a quiz, and its key."""
    from anime_gan.data.sources import open_source
    from anime_gan.quiz.settings import Settings

    kind = arguments.kind
    if arguments.exposures and kind != RAPID:
        raise UserError(f"--exposures is for --kind {RAPID}; leave it out.")
    count = arguments.count or COUNTS[kind]
    if count > MOST[kind]:
        raise UserError(f"--count is {count}, but a quiz of this kind has {MOST[kind]} at most.")
    seed = secrets.randbelow(2**53) if arguments.seed is None else arguments.seed
    settings = Settings(
        kind,
        count,
        arguments.exposures or EXPOSURES,
        seed,
        arguments.psi,
        tuple(arguments.seeds),
        arguments.contact,
    )
    if arguments.images != DEMO:
        arguments.images = os.path.abspath(os.path.expanduser(arguments.images))
        open_source(arguments.images).close()
    sources = find_sources(arguments.runs, settings.generators)
    out, key_file = outputs(arguments.out)
    backend.start()
    with waiting("Loading the weights and generating"):
        return make_quiz(settings, sources, arguments.images, out, key_file)


def find_sources(runs: Sequence[str], needed: int) -> list[tuple[Path, Path]]:
    """Return the folder with weights/ and the weights file in it, of each generator.

    UserError if there are none, they are damaged, or they are not as many as needed.
    """
    from anime_gan.generation.load import find_weights, locate, require_loadable

    named = list(runs) or [None] * (needed == 1)
    if len(named) != needed:
        what = "compares two generators; name two runs" if needed == 2 else "takes one run"
        raise UserError(f"{len(named)} runs are named, but a quiz of this kind {what}.")
    found = []
    for source in named:
        home, name = locate(source)
        with chdir(home):
            weights = find_weights(name)
            require_loadable(weights)
            found.append((home, weights))
    if len({(home / weights).resolve() for home, weights in found}) < needed:
        raise UserError(f"both generators are {found[0][1]}; name two.")
    return found


def outputs(out: Path | None) -> tuple[Path, Path]:
    """Return the page and its key; without --out they replace nothing."""
    page = checked_file(out, (".html",)) if out else Path("quiz.html")
    number = 1
    while not out and (page.exists() or page.with_name(KEY.format(page.stem)).exists()):
        number += 1
        page = Path(f"quiz_{number:03}.html")
    key = page.with_name(KEY.format(page.stem))
    if out and key.exists():
        raise UserError(
            f"{key} is the key of an earlier quiz, whose answers need it; name another page with "
            "--out, or move the key away."
        )
    require_writable(page)
    require_writable(key)
    return page, key


def make_quiz(settings, sources, images: str, out: Path, key_file: Path) -> list[str]:
    """Choose and generate the faces, and write the quiz; return what to say."""
    import numpy as np

    from anime_gan.config import Data
    from anime_gan.generation.load import load_generator
    from anime_gan.quiz import faces
    from anime_gan.quiz import make as quiz

    random = np.random.default_rng(settings.seed)
    seeds = quiz.random_seeds(settings, random)
    generated, names, generators = [], [], []
    for home, weights in sources:
        with chdir(home):
            generator = load_generator(str(weights))
            generators.append(generator)
            generated.append(faces.generated_faces(generator, weights, seeds, settings.psis))
            names.append(faces.label(weights))
    side = max(generator.resolution for generator in generators)
    channels = max(generator.channels for generator in generators)
    home, weights = sources[0]
    with chdir(home):
        config = faces.config_of(weights)
        opened = faces.open_real(images, side, channels, config.data if config else Data())
        real_path = faces.images_path(images, side)
        real = faces.real_faces(opened, real_path, settings.real, random)
    trained = []
    for (home, weights), name in zip(sources, names, strict=True):
        with chdir(home):
            trained += [name] if faces.is_trained_on(weights, images, opened) else []
    name = os.path.basename(images)
    shown = images if name == DEMO else name  # a folder may have this name too
    page, key = quiz.make(settings, real, generated, names, readable(shown), random)
    quiz.write(page, key, out, key_file)
    text = made(settings, out, key_file, names, trained)
    if images != DEMO:
        said = (
            "The real faces in the page are other people's work; docs/quiz.md says what that means."
        )
        text.insert(2, said)
    return text


def made(settings, out: Path, key_file: Path, names: list[str], trained: list[str]) -> list[str]:
    """Return what to say of a quiz that was written."""
    what = f"{settings.pairs} pairs" if settings.kind != RAPID else f"{2 * settings.pairs} faces"
    text = [
        f"{out} ({out.stat().st_size / 1e6:.1f} MB): {what} of {' and '.join(names)}.",
        f"Give it to participants, and keep {key_file}: it says which faces are real, and the "
        "answers are scored with it.",
    ]
    if trained:
        text.append(
            f"note: {' and '.join(trained)} was trained on these images; take held-out ones, since "
            "generated faces may be like those of the training."
        )
    return text


def score(arguments: argparse.Namespace) -> list[str]:
    """Score answers files, print what they say, and write numbers and figures."""
    from anime_gan.quiz.key import read_key
    from anime_gan.quiz.study import ENDINGS, answers_files, other_files, read_study

    key_file = arguments.key or find_key(arguments.answers)
    key = read_key(key_file)
    files = answers_files(arguments.answers, key_file)
    first = arguments.answers[0]
    out = arguments.out or (first if first.is_dir() else first.parent) / RESULTS
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; name a folder with --out.")
    from anime_gan.quiz.report import lines, plain
    from anime_gan.quiz.score import results

    found = results(read_study(files, key))
    require_writable_folder(out)
    from anime_gan.quiz import charts

    path = out / "results.json"
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    written = [path, *charts.write(found, out)]
    text = lines(found)
    if others := other_files(arguments.answers):
        names = ", ".join(map(plain, others))
        text.append(f"Not read (answers are files that end in {' or '.join(ENDINGS)}): {names}.")
    return [*text, f"Written: {', '.join(map(str, written))}."]


def find_key(paths: Sequence[Path]) -> Path:
    """Return the one key beside or above the answers, or here; UserError if there is none."""
    folders = []
    for path in paths:
        own = path if path.is_dir() else path.parent
        folders += [own, own.resolve().parent]
    found = {}
    for folder in (*folders, Path()):
        for path in sorted(folder.glob(KEY.format("*"))):
            found.setdefault(path.resolve(), path)
    if len(found) != 1:
        names = ", ".join(str(path) for path in found.values())
        what = f"are several keys ({names})" if found else "is no key of a quiz (quiz_key.json)"
        raise UserError(f"there {what} beside the answers; name it with --key FILE.")
    return next(iter(found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
