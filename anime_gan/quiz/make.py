"""Make a quiz: choose the faces, pair them, and write the page and its key."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anime_gan.files import whole_file
from anime_gan.quiz import faces as quiz_faces
from anime_gan.quiz.faces import Faces
from anime_gan.quiz.key import Key, digest
from anime_gan.quiz.kinds import DEMO, FORMAT, GRADES, LOCK, PAIRS, RAPID, RATING
from anime_gan.quiz.order import Random
from anime_gan.quiz.settings import Settings
from anime_gan.web.page import encode, render

_TEMPLATE = Path(__file__).with_name("page.html")
_SECONDS = {PAIRS: 8, RATING: 14, RAPID: 8}  # that a pair takes with all that belongs to it


def random_seeds(settings: Settings, random: np.random.Generator) -> list[int]:
    """Return the seeds of the generated faces."""
    if settings.seeds:
        return list(dict.fromkeys(settings.seeds))[: settings.generated]
    return random.choice(1_000_000, settings.generated, replace=False).tolist()


def make(
    settings: Settings,
    real: Faces,
    generated: Sequence[Faces],
    names: Sequence[str],
    images: str,
    random: np.random.Generator,
) -> tuple[str, Key]:
    """Return the page and its key.

    Args:
        real: settings.real faces.
        generated: settings.generated faces of each generator.
        names: of the generators.
        images: where the real faces are from; DEMO for those that a program draws.
        random: for what the page may not show: where each face lies, and which of a pair is real.
    """
    sides = [real, *generated] if settings.kind != RATING else [*generated, real]
    about = [entry for side in sides for entry in side.about]
    pixels = quiz_faces.common(sides)
    cells = random.permutation(len(pixels))  # of each face in the sheet
    of_side = np.split(cells, np.cumsum([len(side.pixels) for side in sides])[:-1])
    members, truth = _paired(of_side[0], of_side[1], random)
    singles = _singles(settings, of_side)
    shown = _shown(settings, pixels, cells) | {
        "pairs": members[: settings.pairs],
        "practice": members[settings.pairs :],
        "singles": [cell for cell, _ in singles],
    }
    values = {
        "format": FORMAT,
        "page": digest(shown),
        "secret": secrets.token_hex(16),
        "kind": settings.kind,
        "seed": settings.seed,
        "truth": truth[: settings.pairs],
        "exposures": shown["exposures"],
        "singles": shown["singles"],
        "origins": [origin for _, origin in singles],
        "names": list(names),
        "images": images,
        "pairs": [tuple(pair) for pair in shown["pairs"]],
        "faces": [about[face] for face in np.argsort(cells)],
    }
    key = Key(id=digest(json.loads(json.dumps(values))), **values)
    hidden = {
        "truth": key.truth,
        "practice": truth[settings.pairs :],
        "origins": key.origins,
        "names": key.names,
    }
    quiz = {"format": FORMAT, "id": key.id, "lock": LOCK, "grades": GRADES, **shown}
    return _page(settings, quiz | {"sealed": sealed(hidden, key.id)}, images == DEMO), key


def _shown(settings: Settings, pixels: np.ndarray, cells: np.ndarray) -> dict[str, Any]:
    """Return what the page shows of faces; cells: where each lies."""
    placed = np.empty_like(pixels)
    placed[cells] = pixels
    image, columns, step = quiz_faces.sheet(placed)
    return {
        "kind": settings.kind,
        "size": pixels.shape[1],
        "columns": columns,
        "step": step,
        "faces": len(pixels),
        "exposures": list(settings.exposures) if settings.kind == RAPID else [],
        "sheet": encode(image, "jpeg", quality=quiz_faces.QUALITY, subsampling=0),
    }


def _paired(first, second, random: np.random.Generator) -> tuple[list[list[int]], list[int]]:
    """Return the cells of pairs of a face of each side, and which of each is of the first side."""
    count = min(len(first), len(second))
    truth = random.permutation(np.arange(count) % 2).tolist()
    both = zip(first[:count].tolist(), second[:count].tolist(), truth, strict=True)
    return [[b, a] if is_second else [a, b] for a, b, is_second in both], truth


def _singles(settings: Settings, of_side: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return the cell and the side of each face that is rated, by cell, which says nothing."""
    if settings.kind != RATING:
        return []
    sides = enumerate(of_side)
    return sorted((int(cell), n) for n, side in sides for cell in side[: settings.pairs])


def sealed(values: dict[str, Any], quiz: str) -> str:
    """Return values so that they can't be read in the page's source; order.js reads them.

    It is no encryption: the page itself can read them, and so can who runs its code.
    """
    random = Random(quiz)
    text = json.dumps(values).encode()
    return base64.b64encode(bytes(byte ^ random.word() >> 24 for byte in text)).decode()


def _page(settings: Settings, quiz: dict[str, Any], is_demo: bool) -> str:
    seconds = settings.pairs * _SECONDS[settings.kind] + 30
    return render(
        _TEMPLATE,
        title="Real or generated?" if settings.kind != RATING else "Which faces are better?",
        kind=settings.kind,
        pairs=settings.pairs,
        faces=len(quiz["singles"]) or 2 * settings.pairs,
        minutes=max(1, round(seconds / 60)),
        contact=settings.contact.strip(),
        is_demo=is_demo,
        quiz=quiz,
    )


def write(page: str, key: Key, out: Path, key_file: Path) -> None:
    """Write the page and its key, each whole or not at all; the key first: no page is without."""
    for path, text in ((key_file, key.model_dump_json(indent=1)), (out, page)):
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
