"""From a folder or zip of pictures to a set of faces: look at each, decide, write, report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from anime_gan.data.decode import reason
from anime_gan.data.sources import Source, open_source
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.preparation import report, writing
from anime_gan.preparation.decisions import Decision, decide, overrule, read_list, too_small
from anime_gan.preparation.picture import Job, Settings, prepare, start
from anime_gan.preparation.quality import Limits
from anime_gan.preparation.sheets import write_sheets
from anime_gan.preparation.store import Store
from anime_gan.preparation.workers import in_processes


@dataclass(frozen=True)
class Output:
    """What is written: files or a zip, the share held out, and TFRecords beside them."""

    zipped: bool = False
    held_out: float = 0.0
    records: bool = False


def make_set(
    images: str, out: Path, settings: Settings, limits: Limits | None, output: Output
) -> dict:
    """Make a set of faces of the pictures in `images`, and return the report's summary.

    limits: where cleaning draws the line; None leaves in all faces that are large enough. Raises
    UserError.
    """
    with _looked_at(images, out, settings) as (source, store):
        faces, without = store.of(source.entries)
        thumbnails = store.thumbnails(faces)
        if limits:
            decisions = decide(faces, store.compare(), limits, settings.enlarge)
        else:
            decisions = [Decision(too_small(face, settings.enlarge)) for face in faces]
        unknown = overrule(
            faces, decisions, read_list(out / "keep.txt"), read_list(out / "drop.txt")
        )
        _write(store, out, faces, decisions, output, settings.size)
        writing.write_decisions(out / "decisions.csv", faces, decisions, without)
        options = asdict(settings) | {"cleaning": asdict(limits) if limits else None}
        found = report.summary(faces, decisions, without, thumbnails, options)
        if unknown:
            found["warnings"].append(
                f"keep.txt or drop.txt names {len(unknown):,} that there are not, {unknown[0]} "
                "among them."
            )
        _write_text(out / "report.json", json.dumps(found, indent=2) + "\n")
        title = f"Faces from {Path(images).name}"
        _write_text(out / "report.html", report.page(found, faces, decisions, store.faces, title))
    return found


def check(images: str, out: Path, settings: Settings) -> list[Path]:
    """Write sheets that show what the search for faces finds, and return their paths."""
    with _looked_at(images, out, settings) as (source, store):
        return write_sheets(source, store, out / "check")


@contextmanager
def _looked_at(images: str, out: Path, settings: Settings) -> Iterator[tuple[Source, Store]]:
    """Look at every picture that no earlier start looked at."""
    with closing(open_source(images, every_file=True)) as source:
        if not source.entries:
            raise UserError(f"{images} holds no files: name a folder, a zip or a glob of pictures.")
        _require_apart(images, out)
        try:
            with closing(Store(out, asdict(settings))) as store:
                _look(source, store, settings)
                yield source, store
        except OSError as error:  # of the pictures' own, `readable` keeps the reason
            raise UserError(
                f"{error.filename or out} could not be written ({reason(error)}); what was saved "
                "before is whole: make room or make the folder writable, and give the same command "
                "again."
            ) from error


def _require_apart(images: str, out: Path) -> None:
    """Raise UserError where the set would be written among the pictures, or they lie in it."""
    path = Path(images).expanduser()
    wild = 0
    while not path.exists():  # of a glob, the folder before its first wildcard
        path, wild = path.parent, wild + 1
    deep = wild > 1 or "**" in Path(images).name or (not wild and path.is_dir())
    if deep and out.resolve().is_relative_to(path.resolve()):
        raise UserError(f"{out} lies in {images}: name a folder outside of it.")
    if path.resolve().is_relative_to(out.resolve()):
        raise UserError(f"{images} lies in {out}, where the set would be written: name another.")


def _look(source: Source, store: Store, settings: Settings) -> None:
    left = [i for i, entry in enumerate(source.entries) if entry not in store]
    bar = tqdm(
        total=len(source.entries),
        initial=len(source.entries) - len(left),
        desc="Looking at pictures",
        unit="pic",
        dynamic_ncols=True,
    )

    def readable() -> Iterator[tuple[str, bytes]]:
        """Yield what can be read; of what can't, the reason takes the bytes' place."""
        for index in left:
            try:
                yield source.entries[index][0], source.read(index)
            except Exception as error:  # zipfile raises all there is on a malformed zip
                yield source.entries[index][0], reason(error)

    job = Job(settings, store.faces)
    with bar, closing(in_processes(prepare, readable(), start, (job,))) as results:
        for index, (_, result, why) in zip(left, results, strict=True):
            faces, thumbnails, without = result or ([], [], why)
            store.add(source.entries[index], without, faces, thumbnails)
            bar.update()


def _write(
    store: Store,
    out: Path,
    faces: list[dict],
    decisions: list[Decision],
    output: Output,
    size: int,
) -> None:
    """Write the faces kept in the form asked for, and take away what other forms left here."""
    kept = [face for face, decision in zip(faces, decisions, strict=True) if decision.kept]
    parts = writing.parts(kept, output.held_out)
    every = {path.name for path in store.faces.iterdir()}
    writing.remove_records(out / "tfrecords")
    for name in ("faces", "train", writing.HELD_OUT):
        folder, packed = out / name, out / f"{name}.zip"
        files = parts.get(name)
        if files is not None and not output.zipped:
            writing.write_files(store.faces, folder, files, every)
        elif folder.is_dir():
            writing.write_files(store.faces, folder, [], every)
            if not any(folder.iterdir()):
                folder.rmdir()
        if files is not None and output.zipped:
            writing.write_zip(store.faces, packed, files)
        else:
            packed.unlink(missing_ok=True)
        if files and output.records:
            writing.write_records(store.faces, out / "tfrecords", name, files, size)


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
