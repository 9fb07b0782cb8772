"""Contact sheets, to count by eye which faces the search found and which it missed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from anime_gan import console
from anime_gan.data.decode import whole_image
from anime_gan.data.entries import Entry, Source
from anime_gan.data.pixels import montage, to_image
from anime_gan.preparation.crop import fit
from anime_gan.preparation.store import Store

_IMAGE, _FACE, _LINE = 300, 96, 14  # sides of the cells in pixels, and the height of a text line


def write_sheets(source: Source, entries: list[Entry], store: Store, folder: Path) -> list[Path]:
    """Write pictures_001.png ... with numbered boxes around the faces, and faces_001.png ... .

    Images without a face are shown too, unreadable files are not. Older sheets are removed. The
    paths of the new ones are returned. entries: those of the source, with checksums.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("pictures_*.png"), *folder.glob("faces_*.png")]:
        old.unlink()
    faces, _ = store.of(entries)
    return [
        *_sheets(_images(source, entries, store), 5, 4, folder / "pictures"),
        *_sheets(_faces(faces, store.faces), 15, 10, folder / "faces"),
    ]


def _images(source: Source, entries: list[Entry], store: Store) -> Iterator[np.ndarray]:
    number = 0
    bar = console.bar(entries, "Drawing sheets", len(entries), unit="image")
    for index, entry in enumerate(bar):
        faces, _ = store.of([entry])
        try:
            image = whole_image(source.read(index), entry[0])
        except Exception:  # the search has recorded the reason
            continue
        image, scale = fit(image, _IMAGE)
        draw = ImageDraw.Draw(image)
        for face in faces:
            number += 1
            x, y, side = (scale * value for value in face["box"])
            draw.rectangle((x, y, x + side, y + side), outline="red", width=2)
            draw.text((x + 4, y + 2), str(number), fill="red", stroke_width=2, stroke_fill="white")
        yield _cell(image, _IMAGE, f"{Path(entry[0]).name[:40]}: {len(faces)}")


def _faces(faces: list[dict], folder: Path) -> Iterator[np.ndarray]:
    for number, face in enumerate(faces, 1):
        with Image.open(folder / face["name"]) as image:
            image = image.resize((_FACE, _FACE))
        yield _cell(image, _FACE, f"{number}: {face['likelihood']:.2f}")


def _cell(image: Image.Image, side: int, text: str) -> np.ndarray:
    """Return an image with a line of text below it, uint8 (side + _LINE, side, 3)."""
    cell = Image.new("RGB", (side, side + _LINE), "white")
    cell.paste(image, (0, 0))
    ImageDraw.Draw(cell).text((0, side), text, fill="black")
    return np.asarray(cell)


def _sheets(cells: Iterator[np.ndarray], columns: int, rows: int, name: Path) -> Iterator[Path]:
    """Write cells as sheets of so many columns and rows: `name`_001.png and so on."""
    number = 1
    while sheet := list(islice(cells, columns * rows)):
        path = name.with_name(f"{name.name}_{number:03}.png")
        to_image(montage(np.stack(sheet), columns, gap=4, smallest=1)).save(path)
        yield path
        number += 1
