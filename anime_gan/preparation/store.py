"""What is known about each image so far, in a database: an interrupted start resumes from it."""

import json
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from anime_gan import console
from anime_gan.data.entries import Entry
from anime_gan.errors import UserError
from anime_gan.files import explain_os_error, remove_unfinished
from anime_gan.preparation.duplicates import THUMBNAIL, near_duplicates
from anime_gan.preparation.opening import require_own, require_same, write_settings
from anime_gan.preparation.settings import FACELESS, NO_FACE

DATABASE = "faces.sqlite"

# images: what came of each image; JSON, since a file's name may hold bytes that are not text.
# thumbnails: one row per distinct face, by the hash of its pixels. compared: how many thumbnails
# were searched for near-duplicates, and the pairs found since the row before, by number from 0.
# The exclusive lock keeps other processes out. A write-ahead log survives a killed process.
_SCHEMA = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS images (entry TEXT PRIMARY KEY, reason TEXT, faces TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS thumbnails (
    number INTEGER PRIMARY KEY, pixels TEXT NOT NULL UNIQUE, rgb BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS compared (number INTEGER PRIMARY KEY, pairs TEXT NOT NULL);
"""
_COMMIT_SECONDS = 1.0  # a killed process loses the work of this time


class Store:
    """The folder OUT/work: faces.sqlite, faces/ with each face as PNG, without/ with small copies
    of images without a face, and settings.json.

    Methods raise sqlite3.Error if the database is damaged or can't be written. settings: what the
    faces are cut with, the same at each start.

    Raises:
        UserError: `out` holds other files, was made with other settings, or is in use.
    """

    def __init__(self, out: Path, settings: dict):
        self.faces = out / "work" / "faces"
        require_own(out)
        with explain_os_error(out):
            self.faces.mkdir(parents=True, exist_ok=True)
            self.faces.with_name(FACELESS).mkdir(exist_ok=True)
        self._database = sqlite3.connect(out / "work" / DATABASE, timeout=0)
        self._committed = 0.0
        self._known: dict[Entry, tuple[str | None, list[dict]]] = {}
        try:
            self._open(out)
            require_same(out, settings)
            write_settings(out, settings)
            for folder in [out, *filter(Path.is_dir, out.iterdir())]:
                remove_unfinished(folder)
        except BaseException:
            self._database.close()
            raise

    def _open(self, out: Path) -> None:
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise UserError(
                f"{out} is in use by another process: wait for it, or name another folder."
            ) from None
        ((found,),) = self._database.execute("PRAGMA quick_check(1)")
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        files = set(os.listdir(self.faces))
        for entry, reason, faces in self._database.execute("SELECT * FROM images"):
            faces = json.loads(faces)
            if all(face["name"] in files for face in faces):
                self._known[tuple(json.loads(entry))] = reason, faces

    def __contains__(self, entry: Entry) -> bool:
        return entry in self._known

    def add(
        self, entry: Entry, reason: str | None, faces: list[dict], thumbnails: list[np.ndarray]
    ) -> None:
        """Record the result of one image; the files of its faces must exist already."""
        for face, rgb in zip(faces, thumbnails, strict=True):
            row = face["pixels"], rgb.tobytes()
            self._database.execute("INSERT OR IGNORE INTO thumbnails VALUES (NULL, ?, ?)", row)
        row = json.dumps(entry), reason, json.dumps(faces)
        self._database.execute("INSERT OR REPLACE INTO images VALUES (?, ?, ?)", row)
        self._known[entry] = reason, faces
        if time.monotonic() > self._committed + _COMMIT_SECONDS:
            self._database.commit()
            self._committed = time.monotonic()

    def add_unread(self, entry: Entry, reason: str) -> None:
        """Record for this start only that an image could not be read, as on a network disk."""
        self._known[entry] = reason, []

    def of(self, entries: Iterable[Entry]) -> tuple[list[dict], list[tuple[str, str]]]:
        """Return the faces of some images, and (name, reason) of those without one."""
        faces, without = [], []
        for entry in entries:
            reason, found = self._known[entry]
            faces += [{"source": entry[0], **face} for face in found]
            if not found:
                without.append((entry[0], reason or NO_FACE))
        return faces, without

    def thumbnails(self, faces: list[dict]) -> np.ndarray:
        """Return the thumbnails of some faces, uint8 (N, 32, 32, 3)."""
        row = {pixels: number for number, pixels in enumerate(self._pixels())}
        return self._thumbnails()[[row[face["pixels"]] for face in faces]]

    def compare(self) -> set[tuple[str, str]]:
        """Return all pairs of near-duplicates, by the `pixels` of their faces; shows a bar.

        Faces that an earlier start compared with each other are not compared again.
        """
        pixels = self._pixels()
        rows = self._database.execute("SELECT * FROM compared ORDER BY number").fetchall()
        done = rows[-1][0] if rows else 0
        pairs = [pair for _, found in rows for pair in json.loads(found)]
        with console.bar(None, "Comparing", len(pixels), initial=done, unit="face") as bar:
            if done < len(pixels):
                for end, found in near_duplicates(self._thumbnails(), done):
                    row = end, json.dumps(found)
                    self._database.execute("INSERT INTO compared VALUES (?, ?)", row)
                    self._database.commit()
                    pairs += found
                    bar.update(end - bar.n)
        return {(pixels[i], pixels[j]) for i, j in pairs}

    def _pixels(self) -> list[str]:
        rows = self._database.execute("SELECT pixels FROM thumbnails ORDER BY number")
        return [pixels for (pixels,) in rows]

    def _thumbnails(self) -> np.ndarray:
        rows = self._database.execute("SELECT rgb FROM thumbnails ORDER BY number")
        every = np.frombuffer(b"".join(rgb for (rgb,) in rows), np.uint8)
        return every.reshape(-1, THUMBNAIL, THUMBNAIL, 3)

    def close(self) -> None:
        """Commit, and close the database, which releases the lock."""
        try:
            self._database.commit()
        finally:
            self._database.close()
