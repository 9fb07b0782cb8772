"""Contact sheets to count by eye what the search for faces found and what it missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from tqdm import tqdm

from anime_gan.data.decode import whole_image
from anime_gan.data.sources import Source
from anime_gan.preparation.store import Store

_PICTURE, _CROP, _LINE = 300, 96, 14  # sides of what is shown, height of a line of text
_COLUMNS, _ROWS = 5, 4
_CROP_COLUMNS, _CROP_ROWS = 15, 10


def write_sheets(source: Source, store: Store, folder: Path) -> list[Path]:
    """Write pictures_001.png ... with a numbered box at each face found, and faces_001.png ... .

    Pictures without a face are shown too; files that are no pictures are left out. Returns the
    sheets' paths, the older ones of the folder being replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("pictures_*.png"), *folder.glob("faces_*.png")]:
        old.unlink()
    written = _pages(
        _pictures(source, store), _COLUMNS, _ROWS, (_PICTURE, _PICTURE), folder, "pictures"
    )
    faces, _ = store.of(source.entries)
    return written + _pages(
        _crops(faces, store.faces), _CROP_COLUMNS, _CROP_ROWS, (_CROP, _CROP), folder, "faces"
    )


def _pictures(source: Source, store: Store) -> Iterator[tuple[Image.Image, str]]:
    number = 0
    bar = tqdm(source.entries, "Drawing sheets", unit="pic", dynamic_ncols=True)
    for index, entry in enumerate(bar):
        faces, _ = store.of([entry])
        try:
            image = whole_image(source.read(index))
        except Exception:  # counted, with its reason, where it was looked at
            continue
        scale = min(_PICTURE / image.width, _PICTURE / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        shown = image.resize(size, Image.Resampling.LANCZOS)
        draw = ImageDraw.Draw(shown)
        for face in faces:
            number += 1
            x, y, side = (scale * value for value in face["box"])
            draw.rectangle((x, y, x + side, y + side), outline="red", width=2)
            draw.text((x + 4, y + 2), str(number), fill="red", stroke_width=2, stroke_fill="white")
        yield shown, f"{Path(entry[0]).name[:40]}: {len(faces)}"


def _crops(faces: list[dict], folder: Path) -> Iterator[tuple[Image.Image, str]]:
    for number, face in enumerate(faces, 1):
        with Image.open(folder / face["name"]) as image:
            yield image.resize((_CROP, _CROP)), f"{number}: {face['likelihood']:.2f}"


def _pages(
    cells: Iterator[tuple[Image.Image, str]],
    columns: int,
    rows: int,
    size: tuple[int, int],
    folder: Path,
    name: str,
) -> list[Path]:
    """Write pictures with a line of text below each, so many on a page."""
    pages: list[Path] = []
    sheet = None
    for number, (image, words) in enumerate(cells):
        place = number % (columns * rows)
        if not place:
            if sheet:
                sheet.save(pages[-1])
            sheet = Image.new("RGB", (columns * (size[0] + 4), rows * (size[1] + _LINE)), "white")
            pages.append(folder / f"{name}_{len(pages) + 1:03}.png")
        x, y = place % columns * (size[0] + 4), place // columns * (size[1] + _LINE)
        sheet.paste(image, (x, y))
        ImageDraw.Draw(sheet).text((x, y + size[1]), words, fill="black")
    if sheet:
        sheet.save(pages[-1])
    return pages
