"""From a folder or zip of images to a set of faces: search, decide, write, report."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from anime_gan import console
from anime_gan.data.cache import none_readable
from anime_gan.data.decode import AGAIN, may_pass, reason
from anime_gan.data.entries import Entry, Source
from anime_gan.data.identity import identified
from anime_gan.errors import UserError
from anime_gan.files import explain_os_error, whole_file
from anime_gan.preparation import report, writing
from anime_gan.preparation.decisions import decide, read_list, wishes_of
from anime_gan.preparation.enlarge import available_upscaler
from anime_gan.preparation.extract import extract_faces, start_process
from anime_gan.preparation.faces import open_detector
from anime_gan.preparation.settings import NO_FACE, Limits, Output, Settings
from anime_gan.preparation.sheets import write_sheets
from anime_gan.preparation.source_labels import read_source_labels, set_labels
from anime_gan.preparation.store import DATABASE, Store
from anime_gan.preparation.workers import in_processes

Announce = Callable[[int], None]


def make_set(
    source: Source,
    out: Path,
    settings: Settings,
    limits: Limits | None,
    output: Output,
    announce: Announce = lambda count: None,
) -> dict:
    """Make a set of faces in the folder `out`, and return the summary that report.json holds.

    Args:
        source, out: the images, from `open_images`, and the folder for the set.
        settings, limits, output: what it is made with; limits None keeps all faces that are large
            enough.
        announce: called before the search, with the number of files that are to be searched.

    Raises:
        UserError: a mistake in the arguments, a missing package, a full disk, or no file can be
            read.
    """
    if output.records:
        writing.tensorflow()
    labels = read_source_labels(source)  # first, since the search takes long
    with _searched(source, out, settings, announce) as (entries, store, settings):
        faces, without = store.of(entries)
        wishes = wishes_of(faces, *(read_list(out / f"{name}.txt") for name in ("keep", "drop")))
        near_pairs = store.compare() if limits else ()
        decisions = decide(faces, wishes, near_pairs, limits, settings.enlarge)
        kept = [face for face, decision in zip(faces, decisions, strict=True) if decision.kept]
        writing.write_set(store.faces, out, kept, output, settings.size, labels)
        table = out / "decisions.csv"
        writing.write_decisions(table, faces, decisions, without, output.format)
        options = asdict(settings) | {"cleaning": asdict(limits) if limits else None}
        options |= {"output": asdict(output)}
        summary = report.summary(faces, decisions, without, store.thumbnails(faces), options)
        if labels:
            summary["faces"]["labelled"] = len(labels.labelled(kept))
        _add_labels(summary, out, kept, output)
        if unknown := wishes.unknown:
            summary["warnings"].append(
                f"{len(unknown):,} names in keep.txt or drop.txt are unknown, {unknown[0]} among "
                "them."
            )
        _write_text(out / "report.json", json.dumps(summary, indent=2) + "\n")
        title = f"Faces from {Path(source.name).name}"
        page = report.page(summary, faces, decisions, without, store.faces, title, output.format)
        _write_text(out / "report.html", page)
    return summary


def _add_labels(summary: dict, out: Path, kept: list[dict], output: Output) -> None:
    """Add the labels of the set to train on to a summary: all faces, or those not held out."""
    name, faces = next(iter(writing.split(kept, output.held_out).items()))
    ready = out / (f"{name}.zip" if output.zipped else name)
    report.add_labels(summary, set_labels(ready, faces, output))


def check(
    source: Source, out: Path, settings: Settings, announce: Announce = lambda count: None
) -> list[Path]:
    """Write contact sheets of what the search finds, and return their paths."""
    with _searched(source, out, settings, announce) as (entries, store, _):
        return write_sheets(source, entries, store, out / "check")


@contextmanager
def _searched(
    source: Source, out: Path, settings: Settings, announce: Announce
) -> Iterator[tuple[list[Entry], Store, Settings]]:
    """Search all images that no earlier start searched.

    Yields:
        the entries with checksums, what was found, and the final settings.
    """
    # Opened here too, so that a missing package is an error before any process starts.
    settings = replace(settings, upscaler=available_upscaler(settings.upscaler))
    if settings.detector:
        open_detector(settings.detector)
    with _explained(out), closing(Store(out, asdict(settings))) as store:
        entries = identified(source, out / "work", os.cpu_count() or 1)
        _search(source, entries, store, settings, announce)
        faces, without = store.of(entries)
        reasons = [why for _, why in without]
        if not faces and NO_FACE not in reasons:
            raise none_readable(source.name, reasons)
        yield entries, store, settings


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    """Turn errors of a full disk or a damaged database into a UserError."""
    try:
        with explain_os_error(out):
            yield
    except sqlite3.OperationalError as error:
        raise UserError(
            f"{out / 'work' / DATABASE} could not be written ({error}); make room or make the "
            "folder writable, and give the same command again."
        ) from error
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"{out / 'work' / DATABASE} is damaged ({error}); remove it, and give the same command "
            "again."
        ) from error


def _search(
    source: Source, entries: list[Entry], store: Store, settings: Settings, announce: Announce
) -> None:
    left = [i for i, entry in enumerate(entries) if entry not in store]
    total, unread = len(entries), set()
    if left:
        announce(len(left))
    bar = console.bar(None, "Searching images", total, initial=total - len(left), unit="image")

    def files() -> Iterator[tuple[str, bytes | str]]:
        """Yield the name and the content of each file, or the reason why it can't be read."""
        for index in left:
            try:
                yield entries[index][0], source.read(index)
            except Exception as error:  # zipfile raises anything on a malformed zip
                unread.add(index)
                yield entries[index][0], reason(error) + (AGAIN if may_pass(error) else "")

    extract = partial(extract_faces, settings, store.faces)
    with bar, closing(in_processes(extract, files(), start_process)) as results:
        for index, (result, failure) in zip(left, results, strict=True):
            faces, thumbnails, without = result or ([], [], failure)
            if index in unread:  # another start tries it again
                store.add_unread(entries[index], without)
            elif failure:  # a sleeping laptop is too slow, and little memory stops a process
                store.add_unread(entries[index], failure + AGAIN)
            else:
                store.add(entries[index], without, faces, thumbnails)
            bar.update()


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
