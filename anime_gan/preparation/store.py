"""What is known of the pictures so far, on disk: an interrupted start goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from anime_gan.data.sources import Entry
from anime_gan.errors import UserError
from anime_gan.files import locked, whole_file
from anime_gan.preparation.duplicates import THUMBNAIL, near_duplicates

_THUMBNAIL_BYTES = THUMBNAIL * THUMBNAIL * 3


class Store:
    """The folder OUT/work: a line for every picture looked at, and every face found in one.

    settings.json says what the faces were cut with, pictures.jsonl what came of each picture,
    thumbnails.u8 holds a small picture of each face in the same order, faces/ the faces as PNG,
    pairs.jsonl how many faces were compared with those before them, and which are alike.
    A line is written when its faces and thumbnails are, so that one cut short counts for nothing.
    """

    def __init__(self, out: Path, settings: dict):
        self.folder = out / "work"
        self.faces = self.folder / "faces"
        _require_own(out)
        try:
            self.faces.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{out} can't hold a set of faces ({error.strerror}): name a new folder."
            ) from error
        self._lock = locked(
            self.folder / ".lock",
            f"{out} is being made by another process; wait for it, or name another folder.",
        )
        self._require_same(out, settings)
        _remove_unfinished(out)
        self._known: dict[Entry, tuple[str | None, list[dict]]] = {}
        # By the rows of thumbnails.u8. A face is in more than one where its file was written anew
        # with the same bytes, or is twice in a zip under one name.
        self._faces: list[dict] = []
        self._rows: dict[str, int] = {}
        lines, whole = self._read()
        self._lines = (self.folder / "pictures.jsonl").open("r+b" if lines else "w+b")
        self._lines.truncate(whole)
        self._lines.seek(whole)
        self._thumbnails = (self.folder / "thumbnails.u8").open("r+b" if lines else "w+b")
        self._thumbnails.truncate(len(self._faces) * _THUMBNAIL_BYTES)
        self._thumbnails.seek(0, os.SEEK_END)

    def _require_same(self, out: Path, settings: dict) -> None:
        path = self.folder / "settings.json"
        try:
            before = dict(json.loads(path.read_text()))
        except (ValueError, TypeError):  # not written here
            before = {}
        except FileNotFoundError:
            with whole_file(path) as temporary:
                temporary.write_text(json.dumps(settings, indent=2) + "\n")
            return
        for name, value in settings.items():
            if before.get(name) != value:
                raise UserError(
                    f"{out} was begun with {name} {before.get(name)!r}, not {value!r}: give the "
                    "same again, name another folder, or remove this one."
                )

    def _read(self) -> tuple[int, int]:
        """Take in the lines of earlier starts; returns how many, and how many bytes of them."""
        path = self.folder / "pictures.jsonl"
        thumbnails = self.folder / "thumbnails.u8"
        if not (path.exists() and thumbnails.exists()):
            return 0, 0
        room = thumbnails.stat().st_size // _THUMBNAIL_BYTES
        there = set(os.listdir(self.faces))
        lines = whole = 0
        with path.open("rb") as file:
            for line in file:
                try:
                    entry, why, faces = json.loads(line)
                except (ValueError, TypeError):
                    break
                if not line.endswith(b"\n") or len(self._faces) + len(faces) > room:
                    break
                self._take(tuple(entry), why, faces)
                if not all(face["name"] in there for face in faces):
                    del self._known[tuple(entry)]  # so that it is looked at again
                lines, whole = lines + 1, whole + len(line)
        return lines, whole

    def _take(self, entry: Entry, why: str | None, faces: list[dict]) -> None:
        self._known[entry] = why, faces
        for face in faces:
            self._rows[face["name"]] = len(self._faces)
            self._faces.append(face)

    def __contains__(self, entry: Entry) -> bool:
        return entry in self._known

    def add(
        self, entry: Entry, why: str | None, faces: list[dict], thumbnails: list[np.ndarray]
    ) -> None:
        """Keep what came of one picture; the faces' files must be there already."""
        if faces:
            self._thumbnails.write(b"".join(picture.tobytes() for picture in thumbnails))
            self._thumbnails.flush()
        self._lines.write(json.dumps([entry, why, faces]).encode() + b"\n")
        self._lines.flush()
        self._take(entry, why, faces)

    def of(self, entries: Iterable[Entry]) -> tuple[list[dict], list[tuple[str, str]]]:
        """Return the faces of some pictures, and (name, reason) of those without one."""
        faces, without = [], []
        for entry in entries:
            why, found = self._known[entry]
            faces += [{"source": entry[0], **face} for face in found]
            if not found:
                without.append((entry[0], why or "no face found"))
        return faces, without

    def thumbnails(self, faces: list[dict]) -> np.ndarray:
        """Return the small pictures of some faces, uint8 (N, 32, 32, 3)."""
        return self._thumbnails_of([self._rows[face["name"]] for face in faces])

    def compare(self) -> set[tuple[str, str]]:
        """Return all pairs of near-duplicates, by their faces' `pixels`; shows a bar.

        Faces once compared are not again.
        """
        path = self.folder / "pairs.jsonl"
        pairs: list[tuple[int, int]] = []
        done = whole = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            try:
                done, found = json.loads(line)
            except (ValueError, TypeError):
                break
            pairs += found
            whole += len(line)
        faces = self._faces
        seen: set[str] = set()
        repeated = np.array(
            [face["pixels"] in seen or bool(seen.add(face["pixels"])) for face in faces]
        )
        with (
            path.open("r+b" if whole else "w+b") as file,
            tqdm(total=len(faces), initial=done, desc="Comparing", unit="face") as bar,
        ):
            file.truncate(whole)
            file.seek(whole)
            if done < len(faces):
                every = self._thumbnails_of(range(len(faces)))
                for end, found in near_duplicates(every, repeated, done):
                    file.write(json.dumps([end, found]).encode() + b"\n")
                    file.flush()
                    pairs += found
                    bar.update(end - bar.n)
        return {(faces[i]["pixels"], faces[j]["pixels"]) for i, j in pairs}

    def _thumbnails_of(self, rows: Sequence[int]) -> np.ndarray:
        if not len(rows):
            return np.zeros((0, THUMBNAIL, THUMBNAIL, 3), np.uint8)
        every = np.memmap(self.folder / "thumbnails.u8", np.uint8, "r")
        return every.reshape(-1, THUMBNAIL, THUMBNAIL, 3)[rows]

    def close(self) -> None:
        """Let go of the files and the lock."""
        self._lines.close()
        self._thumbnails.close()
        os.close(self._lock)


def _require_own(out: Path) -> None:
    """Raise UserError where a folder holds what no start of this program wrote there.

    Otherwise somebody's own faces.zip or train.zip would make room for the set.
    """
    if not out.is_dir() or (out / "work" / "settings.json").exists():
        return
    ours = {"work", "keep.txt", "drop.txt"}
    others = [name for name in os.listdir(out) if name not in ours and not name.startswith(".")]
    if others:
        raise UserError(f"{out} holds {min(others)} and is no set of faces: name a new folder.")


def _remove_unfinished(out: Path) -> None:
    """Remove the temporary files of `whole_file` that a start which was killed left behind."""
    for pattern in (".[0-9]*.*", "*/.[0-9]*.*"):
        for path in out.glob(pattern):
            if path.name.split(".")[1].isdecimal() and path.is_file():
                path.unlink()
