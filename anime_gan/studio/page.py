"""The studio: one HTML file that generates faces by itself, with no server and no network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anime_gan.data.png import SOFTWARE
from anime_gan.export.onnx import to_onnx
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import Generator
from anime_gan.studio.directions import Direction, principal_directions
from anime_gan.web.page import render

FOLDER = Path(__file__).parent
_VENDOR = FOLDER / "vendor"


def studio_page(
    generator: Generator,
    title: str,
    about: dict[str, Any],
    card: Sequence[str] = (),
    directions: Sequence[Direction] | None = None,
) -> str:
    """Return the page of a generator as HTML.

    Args:
        generator: a trained one.
        title: of the page, such as the run's name.
        about: what each image says about itself: the weights, their run, their step.
        card: paragraphs about the generator and its license.
        directions: what the sliders change; None for the principal components.
    """
    if directions is None:
        directions = principal_directions(generator)
    parts = ("mapping", "synthesis") if generator.has_styles else ("whole",)
    page = render(
        FOLDER / "studio.html",
        title=title,
        card=card,
        spec=_spec(generator, directions) | {"about": _texts(about)},
        networks={part: _packed(to_onnx(generator, part).SerializeToString()) for part in parts},
        runtime=_base64(_VENDOR / "onnxruntime.wasm.gz"),
        licenses={path.stem: path.read_text() for path in sorted(_VENDOR.glob("*.LICENSE"))},
    )
    return _with_policy(page)


def _spec(generator: Generator, directions: Sequence[Direction]) -> dict[str, Any]:
    """Return what the page has to know about a generator."""
    numbers = range(generator.layers)
    levels = {name: list(numbers[part]) for name, part in LEVELS.items()}
    if not generator.has_styles:
        levels = {}
    return {
        "hasStyles": generator.has_styles,
        "latentDim": generator.latent_dim,
        "layers": generator.layers,
        "resolution": generator.resolution,
        "channels": generator.channels,
        "mean": generator.mean_w.tolist(),
        "levels": [{"name": name, "layers": layers} for name, layers in levels.items() if layers],
        "directions": [
            {"name": x.name, "vector": x.vector.tolist(), "layers": x.layers} for x in directions
        ],
    }


def _texts(about: dict[str, Any]) -> dict[str, str]:
    """Return the text chunks that all images have."""
    known = {"Software": SOFTWARE, **about}
    return {key: str(value) for key, value in known.items() if value is not None}


def _packed(data: bytes) -> str:
    """Return data as base64, gzipped, the same in each call."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _with_policy(page: str) -> str:
    """Return the page with its content policy.

    It names the page's own scripts and styles by their hashes, so that no others run, and no
    source of anything else: the page can't request.
    """

    def hashes(start: str) -> str:
        texts = re.findall(f"{re.escape(start)}(.*?)</", page, re.DOTALL)
        return " ".join(f"'sha256-{_hash(text)}'" for text in texts)

    styles, scripts = hashes("<style>"), hashes('<script type="module">')
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; "
        f"media-src blob:; worker-src blob:; style-src {styles}; "
        f"script-src blob: 'wasm-unsafe-eval' {scripts}"
    )
    return page.replace("CONTENT-POLICY", policy, 1)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
