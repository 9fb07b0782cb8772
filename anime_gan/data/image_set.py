"""The training images: opened from a folder, glob or zip file, and kept decoded if they fit.

`open_images` decodes all images on the first start and keeps the pixels in one file, which later
starts map in milliseconds. Where that file would be too large, images are decoded when needed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anime_gan.data.batches import require_batch
from anime_gan.data.cache import Cache, none_readable
from anime_gan.data.decode import image_size, read_chunk
from anime_gan.data.encoded import Encoded
from anime_gan.data.entries import LABELS, Source
from anime_gan.data.kinds import counted, plural
from anime_gan.data.labels import MOST_VALUES, Labels, Table, find_table
from anime_gan.data.mapped import Mapped
from anime_gan.data.sources import GIVE, open_source
from anime_gan.errors import UserError

if TYPE_CHECKING:  # it imports pydantic, which takes longer than all the rest
    from anime_gan.config import Config

# A GAN memorizes fewer images; the report's and the thesis's sets had 86,000 and 217,800.
FEW = 5_000
MAX_RESOLUTION = 1024  # of a config


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """The images of one source, at one size.

    Attributes:
        images: uint8 (N, H, W, C), 0 to 255, indexed like an array; Mapped or Encoded.
        names: the N files that are used, relative to the folder or zip, in the order of `images`.
        skipped: (name, reason) of every file that is not used.
        skipped_file: text file that lists the skipped files, None if there are none.
        source: the path or pattern that was opened.
        key: hex digest of the used files' names and contents, the shape and the resize filter;
            equal keys mean equal images.
        stretched: how many images are far from square, and are stretched to one.
        note: a sentence saying why the images are Encoded, None if they are not.
        table: of their labels, None if there is none.
    """

    images: Mapped | Encoded
    names: list[str]
    skipped: list[tuple[str, str]]
    skipped_file: Path | None
    source: str
    key: str
    stretched: int = 0
    note: str | None = None
    table: Table | None = None

    def labels(self, attributes: Sequence[str] = ()) -> Labels:
        """Return the images' labels; UserError if there are none, or they are damaged.

        attributes: which to read; () for all of the table.
        """
        if self.table is None:
            raise UserError(
                f"{self.source} has no {LABELS}; put one beside the images (its first line is "
                "file and the attributes, separated by commas), or name one with data.labels."
            )
        return self.table.labels(self.names, attributes)

    def summary(self) -> str:
        """Return how many images are used, and what else there is to know, to be printed."""
        parts = [f"{plural(len(self.names), 'image')} from {self.source}.", self.note]
        if self.stretched:
            parts.append(
                f"Far from square, and stretched to squares: {self.stretched:,} (prepare_faces.py "
                "crops faces instead)."
            )
        if self.skipped:
            reasons = counted(why for _, why in self.skipped)
            files = plural(len(self.skipped), "file")
            parts.append(f"Left out: {files}, listed in {self.skipped_file} ({reasons}).")
        return " ".join(filter(None, parts))

    def __repr__(self) -> str:
        return f"<ImageSet {self.summary()}>"


def open_images(
    images: str | Path,
    resolution: int,
    channels: int = 3,
    cache: Path = Path("data/cache"),
    workers: int | None = None,
    resize: str = "lanczos",
    cache_share: float = 0.5,
    labels: Path | str | None = None,
) -> ImageSet:
    """Open images for training.

    Each image is turned upright, laid over white where it is transparent, and stretched to a
    square. The first call decodes all files; later calls use its result until a file's content
    changes, wherever the files lie.

    Args:
        images: a folder (searched recursively, without hidden files), a glob, or a .zip, .tar,
            .npy, .npz or .parquet file. What a file is, its content decides.
        resolution: height and width in pixels.
        channels: 3 for RGB or 1 for grayscale.
        cache: folder for the decoded images.
        workers: number of decoding threads; None for one per core, 8 at most.
        resize: filter, "lanczos" or "bilinear".
        cache_share: share of the free disk space, 0 to 1, that the decoded images may take; if
            they need more, images are decoded when needed.
        labels: the table of labels; None for labels.csv at the root of the images, if it is there.

    Raises:
        UserError: if the source is missing or damaged, no file in it can be read, or the cache
            cannot be written.
    """
    shape, cache = (resolution, resolution, channels), Path(cache)
    workers = workers or min(8, os.cpu_count() or 1)
    with ExitStack() as reading:
        source = reading.enter_context(
            closing(open_entries(images, resolution, channels, Path(cache)))
        )
        table = find_table(source, labels)
        store = Cache(cache, source, shape, resize, workers)
        index, note = store.open(cache_share)
        if note:
            opened = Encoded(source, index.kept, shape, resize, workers)
            reading.pop_all()  # the source stays open as long as it is needed
        else:
            opened = store.mapped(index)
    names = [source.entries[place][0] for place in index.kept]
    report = store.report if index.skipped else None
    return ImageSet(
        opened, names, index.skipped, report, source.name, index.key, index.stretched, note, table
    )


def open_data(config: Config) -> ImageSet:
    """Open the images that a config names; the built-in faces ("demo") are drawn if missing.

    Raises UserError as `open_images` does.
    """
    from anime_gan.data import demo  # multiprocessing, which few callers need

    data, shape = config.data, (config.model.resolution, config.model.channels)
    images = demo.builtin_faces(shape[0]) / "*.png" if data.images == "demo" else data.images
    return open_images(
        images,
        *shape,
        Path(data.cache),
        resize=data.resize,
        cache_share=data.cache_share,
        labels=data.labels,
    )


def labels_of(config: Config, images: ImageSet) -> Labels | None:
    """Return the labels that a config trains with or balances by, None if it does neither.

    UserError as `ImageSet.labels`; also if there is no attribute to balance by.
    """
    if not (config.model.labels or config.data.balance):
        return None
    labels = images.labels(config.model.labels)
    if not labels.attributes:
        raise UserError(
            f"data.balance is {config.data.balance:g}, but no column of {labels.source} is an "
            f"attribute, with 2 to {MOST_VALUES} values; add one, or set data.balance to 0."
        )
    return labels


def image_sizes(images: str | Path) -> set[tuple[int, int]]:
    """Return every (width, height) of the readable images in a folder, glob or zip file.

    Raises UserError if none can be read.
    """
    sizes = set()
    with closing(open_entries(images, 1, 3)) as source:
        for index, (name, _, _) in enumerate(source.entries):
            with suppress(Exception):  # open_images reports the files that cannot be read
                sizes.add(image_size(source.read(index), name))
    if not sizes:
        raise UserError(f"none of the images in {images} can be read; give PNG or JPEG files.")
    return sizes


def read_images(
    images: str | Path, count: int, resolution: int, channels: int = 3, resize: str = "lanczos"
) -> np.ndarray:
    """Return the first `count` readable images, uint8 (count, H, W, C), without using the cache.

    Arguments and errors are those of `open_images`; also UserError if there are fewer images.
    """
    shape = (resolution, resolution, channels)
    found: list[np.ndarray] = []
    reasons: list[str] = []
    with closing(open_entries(images, resolution, channels)) as source:
        for index in range(len(source.entries)):
            chunk = read_chunk(source, range(index, index + 1), shape, resize)
            found += chunk.images
            reasons += [why for _, _, why in chunk.skipped]
            if len(found) == count:
                break
    if not found:
        raise none_readable(str(images), reasons)
    require_batch(len(found), count)
    return np.stack(found)


def open_entries(
    images: str | Path, resolution: int = 1, channels: int = 3, memory: Path | None = None
) -> Source:
    """Open a source that has at least one entry, after checking the shape asked for."""
    if not 1 <= resolution <= MAX_RESOLUTION:
        raise UserError(f"the resolution is {resolution} but must be from 1 to {MAX_RESOLUTION}.")
    if channels not in (1, 3):
        raise UserError(f"the number of channels is {channels} but must be 3 (RGB) or 1 (gray).")
    source = open_source(images, memory)
    if not source.entries:
        source.close()
        raise UserError(f"{images} contains no files, hidden ones aside: {GIVE}.")
    return source
